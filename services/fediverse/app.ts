// Every HTTP entry point of the service, on one screen. ActivityPub is answered here from ready bytes; pages are in web/.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  featured,
  formatCursor,
  outbox,
  outboxPage,
  parseCursor,
  relationCollection,
  replies,
} from './activitypub/collection.ts'
import type { Json } from './activitypub/document.ts'
import type { Effects } from './activitypub/effects.ts'
import { prefersActivity } from './activitypub/negotiate.ts'
import { nodeInfo, nodeInfoLinks } from './activitypub/nodeinfo.ts'
import { answerWebFinger, hostMeta, withRels } from './activitypub/webfinger.ts'
import { ACTIVITY_JSON, type Answered, type Answers, JRD_JSON } from './answers.ts'
import { EMOJI_FOLDER } from './post/custom-emoji.ts'
import { localActor } from './post/profile.ts'
import { type AccessParts, isAllowed, visibilityFor } from './show/access.ts'
import { tagCollection, tagCollectionPage } from './show/tag.ts'

export interface AppParts extends AccessParts {
  effects: Effects
  answers: Answers
  software: { name: string; version: string }
  /** Longest inbox POST, bytes. */
  maxActivity: number
  /** Pages for people; see web/routes.ts. */
  pages: {
    register(app: FastifyInstance): void
    profile(request: FastifyRequest, reply: FastifyReply, user: string): unknown
    post(request: FastifyRequest, reply: FastifyReply, id: string): unknown
    landing(request: FastifyRequest, reply: FastifyReply): unknown
    tag(request: FastifyRequest, reply: FastifyReply, tag: string): unknown
    /** A page for who wants one, else undefined. */
    notFound(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined
  }
}

/** Longer ones are cut: no hashtag of ours is. */
const MAX_TAG_CHARS = 200

type UserRequest = FastifyRequest<{ Params: { user: string; tid: string; file: string } }>

/** Adds all routes; those below the public path are repeated under its prefix, `/.well-known` stays at the root. */
export function registerRoutes(app: FastifyInstance, parts: AppParts): void {
  const { context } = parts
  const { pathname } = new URL(`${context.urls.base}/`)
  const prefix = pathname === '/' ? '' : pathname.slice(0, -1)
  // Signatures cover the bytes: the body is taken as it came, JSON too, which Fastify would parse by itself.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    /^application\/(?:activity\+json|ld\+json|json)/,
    { parseAs: 'buffer' },
    (_request, body, done) => done(null, body),
  )
  registerWellKnown(app, parts)
  app.register(
    async (scope) => {
      registerNodeInfo(scope, parts)
      registerInboxes(scope, parts)
      registerActors(scope, parts)
      registerPosts(scope, parts)
      registerTags(scope, parts)
      registerMedia(scope, parts)
      parts.pages.register(scope)
    },
    { prefix },
  )
}

function registerWellKnown(app: FastifyInstance, { context, answers }: AppParts): void {
  app.get<{ Querystring: { resource?: string; rel?: string | string[] } }>(
    '/.well-known/webfinger',
    (request, reply) => {
      const { resource, rel } = request.query
      reply.header('access-control-allow-origin', '*')
      const isWhole = typeof resource === 'string' && rel === undefined
      const ready = isWhole ? answers.webFinger(resource) : undefined
      if (ready) return answers.send(request, reply, ready)
      const found = answerWebFinger(context, resource)
      return found.ok
        ? reply.type(JRD_JSON).send(JSON.stringify(withRels(found.jrd, [rel].flat())))
        : reply.code(found.status).send({ error: found.message })
    },
  )
  app.get('/.well-known/host-meta', (_request, reply) =>
    reply.type('application/xrd+xml; charset=utf-8').send(hostMeta(context.urls.base)),
  )
  app.get('/.well-known/nodeinfo', (_request, reply) =>
    reply.send(nodeInfoLinks(context.urls.base)),
  )
}

function registerNodeInfo(app: FastifyInstance, { context, answers, software }: AppParts): void {
  for (const version of ['2.0', '2.1'] as const) {
    const contentType = `application/json; profile="http://nodeinfo.diaspora.software/ns/schema/${version}#"; charset=utf-8`
    app.get(`/nodeinfo/${version}`, (request, reply) => {
      const answer = answers.json(
        `nodeinfo ${version}`,
        () => nodeInfo(context, version, software),
        ['instance'],
        contentType,
      )
      return answers.send(request, reply, answer)
    })
  }
}

function registerInboxes(app: FastifyInstance, parts: AppParts): void {
  const { context, gate, effects, maxActivity: bodyLimit } = parts
  const receive = async (request: FastifyRequest, reply: FastifyReply, inboxOf?: string) => {
    const { method, headers } = request
    const { url: target = '', rawHeaders } = request.raw
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const verdict = await gate.admit({ method, target, headers, rawHeaders, body }, inboxOf)
    if (verdict.status === 503) reply.header('retry-after', '60')
    reply.code(verdict.status)
    if (verdict.status !== 202) {
      context.log.debug(
        { status: verdict.status, reason: verdict.message, inboxOf },
        'inbox POST refused',
      )
      return reply.send({ error: verdict.message })
    }
    await reply.send()
    if (verdict.accepted) effects.start(verdict.accepted)
    return reply
  }
  app.post('/shared-inbox', { bodyLimit }, (request, reply) => receive(request, reply))
  app.post('/:user/inbox', { bodyLimit }, (request: UserRequest, reply) => {
    const { user } = request.params
    if (!context.store.users.get(user)) return notFound(reply)
    return receive(request, reply, user)
  })
  // Inboxes are read in the pages only, and nothing is posted to outboxes: there is no client-to-server protocol.
  for (const path of ['/shared-inbox', '/:user/inbox']) {
    app.get(path, (_request, reply) => notAllowed(reply, 'POST'))
  }
  app.post('/:user/outbox', (_request, reply) => notAllowed(reply, 'GET, HEAD'))
}

function registerActors(app: FastifyInstance, parts: AppParts): void {
  const { context, answers, pages } = parts
  const { store } = context
  app.get('/:user', (request: UserRequest, reply) => {
    const { user } = request.params
    reply.header('vary', 'accept')
    if (!prefersActivity(request.headers.accept)) return pages.profile(request, reply, user)
    const answer = answers.json(`actor ${user}`, () => localActor(context, user), [
      `profile ${user}`,
    ])
    return answers.send(request, reply, answer)
  })
  const guarded = (path: string, make: (user: string, request: UserRequest) => Answered) => {
    app.get(`/:user/${path}`, async (request: UserRequest, reply) => {
      const { user } = request.params
      if (!store.users.get(user)) return pages.notFound(request, reply) ?? notFound(reply)
      if (!(await isAllowed(parts, request, reply, [user]))) return unauthorized(reply)
      return answers.send(request, reply, make(user, request))
    })
  }
  guarded('outbox', (user, request) => {
    const { page, before } = request.query as { page?: string; before?: string }
    const cursor = parseCursor(before)
    const key = page
      ? `outbox ${user} ${cursor ? formatCursor(cursor) : 'newest'}`
      : `outbox ${user}`
    return answers.json(
      key,
      () => (page ? outboxPage(context, user, cursor) : outbox(context, user)),
      [`posts ${user}`],
    )
  })
  for (const kind of ['followers', 'following'] as const) {
    guarded(kind, (user) =>
      answers.json(`${kind} ${user}`, () => relationCollection(context, user, kind), [
        `relations ${user}`,
      ]),
    )
  }
  guarded('featured', (user) =>
    answers.json(`featured ${user}`, () => featured(context, user), [
      `profile ${user}`,
      `posts ${user}`,
    ]),
  )
}

function registerPosts(app: FastifyInstance, parts: AppParts): void {
  const { context, answers, pages } = parts
  const idOf = ({ params }: UserRequest) => context.urls.post(params.user, params.tid)
  const serve =
    (make: (id: string) => Json | undefined, what: string) =>
    async (request: UserRequest, reply: FastifyReply) => {
      const id = idOf(request)
      const visibility = await visibilityFor(parts, request, reply, {
        user: request.params.user,
        id,
      })
      if (visibility === 'unauthorized') return unauthorized(reply)
      if (visibility === 'gone')
        return answers.send(request, reply.code(410), answers.tombstone(id))
      if (visibility === 'hidden') return pages.notFound(request, reply) ?? notFound(reply)
      const answer = answers.json(`${what} ${id}`, () => make(id), [`object ${id}`])
      if (visibility === 'private') reply.header('cache-control', 'private, no-store')
      return answers.send(request, reply, answer)
    }
  const servePost = serve(answers.postOf, 'post')
  app.get('/:user/p/:tid', (request: UserRequest, reply) => {
    reply.header('vary', 'accept')
    return prefersActivity(request.headers.accept)
      ? servePost(request, reply)
      : pages.post(request, reply, idOf(request))
  })
  app.get('/:user/p/:tid/Create', serve(answers.createOf, 'create'))
  app.get(
    '/:user/p/:tid/replies',
    serve((id) => replies(context, id), 'replies'),
  )
}

/** The front page, and with a hashtag what was written here under it: snac's address for both. */
function registerTags(app: FastifyInstance, parts: AppParts): void {
  const { context, answers, pages } = parts
  app.get<{ Querystring: { t?: unknown; page?: unknown; before?: unknown } }>(
    '/',
    async (request, reply) => {
      const { t, page, before } = request.query
      if (typeof t !== 'string' || t === '') return pages.landing(request, reply)
      const tag = t.slice(0, MAX_TAG_CHARS)
      reply.header('vary', 'accept')
      if (!prefersActivity(request.headers.accept)) return pages.tag(request, reply, tag)
      if (!(await isAllowed(parts, request, reply, context.store.users.names())))
        return unauthorized(reply)
      const cursor = parseCursor(before)
      const key = page ? `tag ${tag} ${cursor ? formatCursor(cursor) : 'newest'}` : `tag ${tag}`
      const make = () =>
        page ? tagCollectionPage(context, tag, cursor) : tagCollection(context, tag)
      return answers.send(request, reply, answers.json(key, make, ['instance']))
    },
  )
}

/** Uploaded files: named by their content, hence for ever; only kinds that a browser shows and cannot run. */
function registerMedia(app: FastifyInstance, { context, pages }: AppParts): void {
  app.get('/:user/s/:file', (request: UserRequest, reply) => {
    const { user, file } = request.params
    const isKnown = user === EMOJI_FOLDER || context.store.users.get(user) !== undefined
    const found = isKnown ? context.store.media.read(user, file) : undefined
    if (!found) return pages.notFound(request, reply) ?? notFound(reply)
    reply
      .type(found.mediaType)
      .header('content-length', found.size)
      .header('cache-control', 'public, max-age=31536000, immutable')
      .header('x-content-type-options', 'nosniff')
      .header('content-security-policy', "default-src 'none'; sandbox")
    return reply.send(found.stream())
  })
}

const notAllowed = (reply: FastifyReply, allow: string) =>
  reply.code(405).header('allow', allow).type(ACTIVITY_JSON).send('{"error":"method not allowed"}')

const notFound = (reply: FastifyReply) =>
  reply.code(404).type(ACTIVITY_JSON).send('{"error":"not found"}')

const unauthorized = (reply: FastifyReply) =>
  reply.code(401).type(ACTIVITY_JSON).send('{"error":"this server answers signed requests only"}')
