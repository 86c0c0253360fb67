// Every page and form for people, on one screen. Public pages come from kept bytes and never look at the cookie;
// what a signed-in person does is below /USER/admin.
import { HttpError } from '@fuchsbau/shared/http.ts'
import { createThrottle } from '@fuchsbau/shared/throttle.ts'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type OwnHandler, ownForm, ownPage, queryOf, type Web } from './context.ts'
import { actorVerbs, postVerbs, type Subject, type WebDeps } from './deps.ts'
import { acceptForms } from './form.ts'
import { renderLanding } from './landing.ts'
import { logo } from './logo.ts'
import { actOnActor, actOnPost, follow, vote } from './own-forms.ts'
import {
  showEdit,
  showHome,
  showNotifications,
  showOwnPost,
  showPeople,
  showProfileForm,
} from './own-pages.ts'
import { renderPost } from './post.ts'
import { renderProfile } from './profile.ts'
import { sendError, sendKept, sendPage } from './send.ts'
import { showLogin, signIn, signOut } from './sign-in.ts'
import { makeSite } from './site.ts'
import { style } from './style.ts'
import { edit, publish, saveProfile } from './write-forms.ts'

export type Pages = {
  /** All routes of this folder; `app` is the scope below the public path. */
  register(app: FastifyInstance): void
  /** `GET /USER` and `GET /USER/p/TID`, for who wants a page: their other form is ActivityPub's. */
  profile(request: FastifyRequest, reply: FastifyReply, user: string): FastifyReply
  post(request: FastifyRequest, reply: FastifyReply, id: string): FastifyReply
  /** A page that says what went wrong, for routes of others. */
  error(request: FastifyRequest, reply: FastifyReply, status: number, detail?: string): FastifyReply
}

export function makePages(deps: WebDeps): Pages {
  const site = makeSite(deps.base, deps.software)
  const web: Web = { ...deps, site, throttle: createThrottle(deps.clock) }
  return {
    register: (app) => {
      app.register(async (scope) => registerAll(scope, web))
    },
    profile(request, reply, user) {
      const before = queryOf(request, 'before')
      const key = `profile ${user} ${before ?? ''}`
      return sendPublic(web, request, reply, key, { user }, () => {
        const view = web.views.profile(user, before)
        return view && renderProfile(view, site)
      })
    },
    post(request, reply, id) {
      let isGone = false
      const kept = web.keep(`post ${id}`, { post: id }, () => {
        const view = web.views.thread(id)
        isGone = view === 'gone'
        return view && view !== 'gone' ? renderPost(view, site) : undefined
      })
      return kept
        ? sendKept(request, reply, site, kept)
        : sendError(request, reply, site, isGone ? 410 : 404)
    },
    error: (request, reply, status, detail) => sendError(request, reply, site, status, detail),
  }
}

function registerAll(app: FastifyInstance, web: Web): void {
  acceptForms(app, web.limits)
  app.setErrorHandler((error: FastifyError, request, reply) => failed(web, error, request, reply))
  registerPublic(app, web)
  app.get('/login', (request, reply) => showLogin(web, request, reply))
  app.post('/login', (request, reply) => signIn(web, request, reply))
  app.post('/logout', (request, reply) => signOut(web, request, reply))
  const page = (path: string, show: OwnHandler) =>
    app.get(`/:user/admin${path}`, ownPage(web, show))
  page('', showHome)
  page('/notifications', showNotifications)
  page('/people', showPeople)
  page('/post', showOwnPost)
  page('/edit', showEdit)
  page('/profile', showProfileForm)
  const form = (path: string, take: OwnHandler) =>
    app.post(`/:user/admin/${path}`, ownForm(web, take))
  form('publish', publish)
  form('edit', edit)
  form('profile', saveProfile)
  form('vote', vote)
  form('follow', follow)
  for (const verb of postVerbs) form(verb, actOnPost(verb))
  for (const verb of actorVerbs) {
    if (verb !== 'follow') form(verb, actOnActor(verb))
  }
}

function registerPublic(app: FastifyInstance, web: Web): void {
  const { site, views } = web
  app.get('/', (request, reply) => {
    const tag = queryOf(request, 't')
    if (tag) return sendPage(reply, site, renderLanding(views.landing(), site, tag.slice(0, 100)))
    return sendPublic(web, request, reply, 'landing', 'instance', () =>
      renderLanding(views.landing(), site),
    )
  })
  const asset = (path: string, type: string, content: string) =>
    app.get(path, (_request, reply) =>
      reply
        .headers({
          'cache-control': 'public, max-age=31536000, immutable',
          'x-content-type-options': 'nosniff',
        })
        .type(type)
        .send(content),
    )
  asset('/style.css', 'text/css; charset=utf-8', style)
  asset('/logo.svg', 'image/svg+xml', logo)
}

function sendPublic(
  web: Web,
  request: FastifyRequest,
  reply: FastifyReply,
  key: string,
  about: Subject,
  make: () => string | undefined,
): FastifyReply {
  const kept = web.keep(key, about, make)
  return kept ? sendKept(request, reply, web.site, kept) : sendError(request, reply, web.site, 404)
}

/** Errors as pages. Only messages meant for readers are shown; what went wrong on our side is logged. */
function failed(
  { site }: Web,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const status = error.statusCode ?? 500
  if (status >= 500) request.log.error({ err: error, request: request.id }, 'page failed')
  return sendError(
    request,
    reply,
    site,
    status,
    error instanceof HttpError ? error.message : undefined,
  )
}
