// activitypub-express (the library of Guppe Groups and Immers Space) as a second, independent server in this process:
// plain HTTP on 127.0.0.1, its own JSON-LD, signatures, queue and inbox rules, and a store in memory.
// What it does not do: polls, pins, Move, a shared inbox, RFC 9421, proofs. It sends a Block to nobody. It holds that
// only activities can be liked and announced: `likesOfPosts` hands it the Create where others name the Note.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { ActivityPubExpressStore, type Document, idsOf } from './activitypub-express-store.ts'

const require = createRequire(import.meta.url)
const PUBLIC = 'https://www.w3.org/ns/activitystreams#Public'

/** As far as it is used here; the package has no types. */
interface Apex {
  consts: { jsonldTypes: string[] }
  net: Record<string, Record<'get' | 'post', unknown[]>> & {
    validators: { activityObject: unknown }
  }
  offlineMode?: boolean
  createActor(name: string, displayName: string, summary: string): Promise<Document>
  fromJSONLD(document: object): Promise<Document>
  buildActivity(type: string, actor: string, to: string[], etc?: object): Promise<Document>
  buildTombstone(object: Document): Promise<Document>
  addToOutbox(actor: Document, activity: Document): Promise<void>
  acceptFollow(actor: Document, follow: Document): Promise<{ postTask(): Promise<void> }>
}

interface Message {
  actor: Document
  activity: Document
  recipient: Document
}

interface Reply {
  locals: { apex: object }
}

const routes = {
  actor: '/u/:actor',
  object: '/o/:id',
  activity: '/s/:id',
  inbox: '/u/:actor/inbox',
  outbox: '/u/:actor/outbox',
  followers: '/u/:actor/followers',
  following: '/u/:actor/following',
  liked: '/u/:actor/liked',
  collections: '/u/:actor/c/:id',
  blocked: '/u/:actor/blocked',
  rejections: '/u/:actor/rejections',
  rejected: '/u/:actor/rejected',
  shares: '/s/:id/shares',
  likes: '/s/:id/likes',
}

/** Whom a note reaches. */
export interface Addresses {
  to?: string[]
  cc?: string[]
  inReplyTo?: string
  mention?: { id: string; name: string }
}

/** A person there: what she does, and what her server has of her. Verbs resolve to ids. */
export interface ApexUser {
  readonly id: string
  readonly handle: string
  /** Activities in her inbox, oldest first. */
  inbox(): Document[]
  followers(): string[]
  following(): string[]
  follow(actor: string): Promise<string>
  note(content: string, addresses?: Addresses): Promise<string>
  edit(note: string, content: string): Promise<void>
  delete(note: string): Promise<void>
  like(object: string, author: string): Promise<string>
  announce(object: string, author: string): Promise<string>
  /** Takes back a Follow, Like or Announce, which it names by its id alone. */
  undo(activity: string): Promise<void>
  block(actor: string): Promise<void>
}

export interface ActivityPubExpress extends AsyncDisposable {
  readonly url: string
  readonly store: ActivityPubExpressStore
  user(name: string): ApexUser
  /** An object as it is stored: every property but id and type is a list. */
  object(id: string): Document | undefined
  /** Actors whose Like or Announce of a note counts. */
  reactions(kind: 'likes' | 'shares', note: string): string[]
  log(): string
}

/** Starts it with these users. */
export async function startActivityPubExpress(names: string[]): Promise<ActivityPubExpress> {
  const express = require('express')
  const makeApex = require('activitypub-express') as (settings: object) => Apex
  const app = express()
  const server = createServer(app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const store = new ActivityPubExpressStore()
  const lines: string[] = []
  const say = (...words: unknown[]) => lines.push(words.map(String).join(' '))
  server.prependListener('request', ({ method, url: path }, response) =>
    response.on('finish', () => say(method, path, response.statusCode)),
  )
  const apex = makeApex({
    name: 'activitypub-express',
    version: '4.4.2',
    baseUrl: url,
    actorParam: 'actor',
    objectParam: 'id',
    routes,
    store,
    logger: { info: say, warn: say, error: say },
  })
  app.use(express.json({ type: apex.consts.jsonldTypes }), apex)
  const { net } = apex
  for (const [name, path] of Object.entries(routes)) {
    const handlers = name === 'activity' ? net.activityStream : net[name]
    if (handlers && !['inbox', 'outbox'].includes(name)) app.get(path, handlers.get)
  }
  app.post(routes.inbox, withLikesOfPosts(apex, store))
  app.get('/.well-known/webfinger', net.webfinger?.get)
  app.on('apex-inbox', ({ actor, activity, recipient }: Message) => {
    if (String(activity.type).toLowerCase() === 'follow') void accept(recipient, actor, activity)
  })

  async function accept(recipient: Document, actor: Document, follow: Document): Promise<void> {
    const answer = await apex.buildActivity('Accept', recipient.id, [actor.id], {
      object: follow.id,
    })
    const { postTask } = await apex.acceptFollow(recipient, follow)
    await apex.addToOutbox(recipient, answer)
    await postTask()
  }

  for (const name of names) {
    await store.saveObject(await apex.createActor(name, name, `${name} of the tests`))
  }
  return {
    url,
    store,
    user: (name) => makeUser(apex, store, url, name),
    object: (id) => store.objects.get(id),
    reactions(kind, note) {
      const create = createOf(store, note)
      const [collection] = idsOf(create?.[kind])
      return collection ? store.inCollection(collection).flatMap(({ actor }) => idsOf(actor)) : []
    },
    log: () => lines.join('\n'),
    async [Symbol.asyncDispose]() {
      apex.offlineMode = true
      store.dropDeliveries()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The inbox as it comes, with one step before it looks for what is liked: see the head of this file. */
function withLikesOfPosts({ net }: Apex, store: ActivityPubExpressStore): unknown[] {
  const steps = [...(net.inbox?.post ?? [])]
  const likesOfPosts = ({ body }: { body: Document }, _: Reply, next: () => void) => {
    const isReaction = ['like', 'announce'].includes(String(body.type).toLowerCase())
    const create = isReaction ? createOf(store, idsOf(body.object)[0] ?? '') : undefined
    if (create) body.object = [create.id]
    next()
  }
  steps.splice(steps.indexOf(net.validators.activityObject), 0, likesOfPosts)
  return steps
}

function createOf(store: ActivityPubExpressStore, note: string): Document | undefined {
  return [...store.streams.values()].find(
    ({ type, object }) => type === 'Create' && idsOf(object)[0] === note,
  )
}

function makeUser(apex: Apex, store: ActivityPubExpressStore, url: string, name: string): ApexUser {
  const id = `${url}/u/${name}`
  const self = () => store.objects.get(id) as Document
  const send = async (type: string, to: string[], etc: object): Promise<string> => {
    const activity = await apex.buildActivity(type, id, to, etc)
    await apex.addToOutbox(structuredClone(self()), activity)
    return activity.id
  }
  const audienceOf = (object: Document) => ({ to: idsOf(object.to), cc: idsOf(object.cc) })
  const own = (note: string) => store.objects.get(note) as Document
  const collection = (kind: string) => store.inCollection(`${id}/${kind}`)
  return {
    id,
    handle: `@${name}@${new URL(url).host}`,
    inbox: () => collection('inbox'),
    followers: () => collection('followers').flatMap(({ actor }) => idsOf(actor)),
    following: () => collection('following').flatMap(({ object }) => idsOf(object)),
    follow: (actor) => send('Follow', [actor], { object: actor }),
    async note(content, { to = [PUBLIC], cc = [`${id}/followers`], inReplyTo, mention } = {}) {
      const note = await apex.fromJSONLD({
        id: `${url}/o/${store.generateId()}`,
        type: 'Note',
        attributedTo: id,
        content,
        to,
        cc,
        published: new Date().toISOString(),
        ...(inReplyTo ? { inReplyTo } : {}),
        ...(mention ? { tag: { type: 'Mention', href: mention.id, name: mention.name } } : {}),
      })
      await store.saveObject(note)
      await send('Create', to, { object: note, cc })
      return note.id
    },
    async edit(note, content) {
      const updated = new Date().toISOString()
      const next = { ...own(note), content: [content], updated }
      await store.updateObject(next, id, true)
      const { to, cc } = audienceOf(next)
      await send('Update', to, { object: next, cc })
    },
    async delete(note) {
      const { to, cc } = audienceOf(own(note))
      await store.updateObject(await apex.buildTombstone(own(note)), id, true)
      await send('Delete', to, { object: note, cc })
    },
    like: (object, author) => send('Like', [author], { object }),
    announce: (object, author) =>
      send('Announce', [PUBLIC], { object, cc: [`${id}/followers`, author] }),
    async undo(activity) {
      const known = store.streams.get(activity) as Document
      await store.removeActivity(known, id)
      const { to, cc } = audienceOf(known)
      await send('Undo', to, { object: activity, cc })
    },
    async block(actor) {
      const block = await apex.buildActivity('Block', id, [], { object: actor })
      block._meta = { collection: [`${id}/blocked`] }
      await store.saveActivity(block)
    },
  }
}
