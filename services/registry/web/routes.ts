// Every page and form, on one screen. All but the login are for who is logged in.

import { PendingLogins } from '@fuchsbau/shared/login/pending.ts'
import { preparePages } from '@fuchsbau/shared/page/routes.ts'
import { makePageSite } from '@fuchsbau/shared/page/site.ts'
import type { FastifyInstance } from 'fastify'
import { OciError } from '../errors.ts'
import { DocumentOpener } from '../images/document-opener.ts'
import { Images } from '../images/reader.ts'
import { UpstreamFailure } from '../pass/failure.ts'
import type { Registry } from '../registry.ts'
import { endOthers, showAccount } from './account.ts'
import { isAdministrator } from './admin/frame.ts'
import { ADMIN_FORMS, ADMIN_PAGES } from './admin/routes.ts'
import { downloadAttachment, showAttachment } from './attachment.ts'
import { browse } from './browse.ts'
import { confirmDelete, deleteImage } from './delete.ts'
import { decideDevice, showDevice } from './device.ts'
import { takeLogout } from './logged-out.ts'
import { showRepositories } from './repositories.ts'
import { sendError } from './send.ts'
import { makeSessions } from './sessions.ts'
import { beginOidc, finishOidc, logIn, logOut, showLogin } from './sign-in.ts'
import { style } from './style.ts'
import { makeToken, revokeToken, showTokens } from './tokens.ts'
import { form, type Handler, page, type RouteParams, type Web } from './visit.ts'

export interface WebDeps {
  registry: Registry
  software: { name: string; version: string }
}

export const PAGES: Readonly<Record<string, Handler>> = {
  '/': showRepositories,
  '/repositories/*': browse,
  '/attachment': showAttachment,
  '/attachment/raw': downloadAttachment,
  '/delete': confirmDelete,
  '/tokens': showTokens,
  '/account': showAccount,
  '/device': showDevice,
}

export const FORMS: Readonly<Record<string, Handler>> = {
  '/tokens': makeToken,
  '/tokens/:id/revoke': revokeToken,
  '/account/sessions': endOthers,
  '/device': decideDevice,
  '/delete': deleteImage,
  '/logout': logOut,
}

/** Adds the pages to a server. */
export function registerWeb(app: FastifyInstance, deps: WebDeps): void {
  const web = makeWeb(deps)
  app.register(async (scope) => {
    const { get, post } = preparePages<RouteParams>(scope, {
      style,
      showError: (request, reply, ...what) => sendError({ web, request, reply }, ...what),
      statusOf,
    })
    get('/login', (request, reply) => showLogin(web, request, reply))
    post('/login', (request, reply) => logIn(web, request, reply))
    get('/login/oidc', (request, reply) => beginOidc(web, request, reply))
    get('/login/oidc/back', (request, reply) => finishOidc(web, request, reply))
    post('/login/oidc/logged-out', (request, reply) => takeLogout(web, request, reply))
    get('/*', (request, reply) => sendError({ web, request, reply }, 404))
    for (const [path, show] of Object.entries(PAGES)) get(path, page(web, show))
    for (const [path, take] of Object.entries(FORMS)) post(path, form(web, take))
    for (const [path, show] of Object.entries(ADMIN_PAGES)) {
      get(path, page(web, show, isAdministrator))
    }
    for (const [path, take] of Object.entries(ADMIN_FORMS)) {
      post(path, form(web, take, isAdministrator))
    }
  })
}

function makeWeb({ registry, software }: WebDeps): Web {
  const { clock, url } = registry
  const site = makePageSite(url, software, style)
  return {
    registry,
    images: new Images(registry),
    documents: new DocumentOpener(),
    site,
    sessions: makeSessions(registry, site),
    party: registry.party,
    pendingLogins: new PendingLogins(site, clock, 'fuchsbau-registry-login'),
  }
}

/** Of errors of our own: what they say is for programs. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof UpstreamFailure) return 502
  return error instanceof OciError ? error.status : undefined
}
