// Every page and form for people, on one screen. Public pages come from kept bytes and never look at the cookie;
// what a signed-in person does is below /USER/admin.
import { createRelyingParty } from '@fuchsbau/shared/login/oidc.ts'
import { PendingLogins } from '@fuchsbau/shared/login/pending.ts'
import { queryOf } from '@fuchsbau/shared/page/form.ts'
import { showErrors } from '@fuchsbau/shared/page/routes.ts'
import { serveAssets } from '@fuchsbau/shared/page/send.ts'
import { createThrottle } from '@fuchsbau/shared/throttle.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type OwnHandler, ownForm, ownPage, type Web } from './context.ts'
import { actorVerbs, postVerbs, type Subject, type WebDeps } from './deps.ts'
import { RSS, renderFeed } from './feed.ts'
import { acceptForms } from './form.ts'
import { renderLanding } from './landing.ts'
import { beginOidc, finishOidc, link, showLink } from './oidc-sign-in.ts'
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
import { sendError, sendKept, wantsPage } from './send.ts'
import { showLogin, signIn, signOut } from './sign-in.ts'
import { makeSite } from './site.ts'
import { style } from './style.ts'
import { renderTag } from './tag.ts'
import { edit, publish, saveProfile } from './write-forms.ts'

export type Pages = {
  /** All routes of this folder; `app` is the scope below the public path. */
  register(app: FastifyInstance): void
  /** `GET /USER` and `GET /USER/p/TID`, for who wants a page: their other form is ActivityPub's. */
  profile(request: FastifyRequest, reply: FastifyReply, user: string): FastifyReply
  post(request: FastifyRequest, reply: FastifyReply, id: string): FastifyReply
  /** `GET /` and `GET /?t=TAG`, likewise. */
  landing(request: FastifyRequest, reply: FastifyReply): FastifyReply
  tag(request: FastifyRequest, reply: FastifyReply, tag: string): FastifyReply
  /** An address where nothing is: a page for a browser, undefined for everybody else. */
  notFound(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined
  /** A page that says what went wrong, for routes of others. */
  error(request: FastifyRequest, reply: FastifyReply, status: number, detail?: string): FastifyReply
}

export function makePages(deps: WebDeps): Pages {
  const web = makeWeb(deps)
  const { site } = web
  return {
    register: (app) => {
      app.register(async (scope) => registerAll(scope, web))
    },
    profile(request, reply, user) {
      const before = queryOf(request, 'before')
      const key = `profile ${user} ${before ?? ''}`
      const make = () => {
        const view = web.views.profile(user, before)
        return view && renderProfile(view, site)
      }
      return sendPublic(web, request, reply, { key, about: { user }, make })
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
    landing: (request, reply) =>
      sendPublic(web, request, reply, {
        key: 'landing',
        about: 'instance',
        make: () => renderLanding(web.views.landing(), site),
      }),
    tag(request, reply, tag) {
      const before = queryOf(request, 'before')
      const kept = web.keep(`tag ${tag} ${before ?? ''}`, { tag }, () => {
        const view = web.views.tag(tag, before)
        return view && renderTag(view, site)
      })
      if (kept) return sendKept(request, reply, site, kept)
      const name = tag.replace(/^#/, '')
      return sendError(request, reply, site, 404, `No public post from here has #${name}.`)
    },
    notFound(request, reply) {
      reply.header('vary', 'accept')
      return wantsPage(request) ? sendError(request, reply, site, 404) : undefined
    },
    error: (request, reply, status, detail) => sendError(request, reply, site, status, detail),
  }
}

function makeWeb(deps: WebDeps): Web {
  const { base, clock, log, provider } = deps
  const site = makeSite(base, deps.software)
  const redirectUri = `${base}/login/oidc/back`
  return {
    ...deps,
    site,
    throttle: createThrottle(clock),
    party: provider && createRelyingParty({ ...provider, redirectUri, clock, log }),
    pendingLogins: new PendingLogins(site, clock, 'fuchsbau-login'),
  }
}

function registerAll(app: FastifyInstance, web: Web): void {
  acceptForms(app, web.limits)
  showErrors(app, (request, reply, ...what) => sendError(request, reply, web.site, ...what))
  registerPublic(app, web)
  app.get('/login', (request, reply) => showLogin(web, request, reply))
  app.post('/login', (request, reply) => signIn(web, request, reply))
  app.get('/login/oidc', (request, reply) => beginOidc(web, request, reply))
  app.get('/login/oidc/back', (request, reply) => finishOidc(web, request, reply))
  app.get('/login/link', (request, reply) => showLink(web, request, reply))
  app.post('/login/link', (request, reply) => link(web, request, reply))
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
  app.get<{ Params: { user: string } }>('/:user.rss', (request, reply) => {
    const { user } = request.params
    const make = () => {
      const view = web.views.feed(user)
      return view && renderFeed(view, web.site)
    }
    return sendPublic(web, request, reply, {
      key: `feed ${user}`,
      about: { user },
      make,
      type: RSS,
    })
  })
  serveAssets(app, style)
}

type PublicPage = {
  key: string
  about: Subject
  make: () => string | undefined
  /** Media type, when it is no page. */
  type?: string
}

function sendPublic(
  web: Web,
  request: FastifyRequest,
  reply: FastifyReply,
  { key, about, make, type }: PublicPage,
): FastifyReply {
  const kept = web.keep(key, about, make)
  return kept
    ? sendKept(request, reply, web.site, kept, type)
    : sendError(request, reply, web.site, 404)
}
