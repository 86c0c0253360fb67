// Every page and form, on one screen. All but the login are for who is logged in.

import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import { HttpError } from '@fuchsbau/shared/http.ts'
import { createRelyingParty } from '@fuchsbau/shared/login/oidc.ts'
import { PendingLogins } from '@fuchsbau/shared/login/pending.ts'
import { acceptFields } from '@fuchsbau/shared/page/form.ts'
import { serveAssets } from '@fuchsbau/shared/page/send.ts'
import { makePageSite } from '@fuchsbau/shared/page/site.ts'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { OciError } from '../errors.ts'
import { ImageReader } from '../images/reader.ts'
import { UpstreamFailure } from '../pass/failure.ts'
import type { Registry } from '../registry.ts'
import { endOthers, showAccount } from './account.ts'
import { browse } from './browse.ts'
import { showRepositories } from './repositories.ts'
import { sendError } from './send.ts'
import { WebSessions } from './sessions.ts'
import { beginOidc, finishOidc, logIn, logOut, showLogin } from './sign-in.ts'
import { style } from './style.ts'
import { makeToken, revokeToken, showTokens } from './tokens.ts'
import { form, type Handler, page, type RouteHandler, type Web } from './visit.ts'

export interface WebDeps {
  registry: Registry
  software: { name: string; version: string }
  oidc?: { issuer: string; clientId: string; clientSecret?: string | undefined } | undefined
  maxAgeMs: number
}

export const PAGES: Readonly<Record<string, Handler>> = {
  '/': showRepositories,
  '/repositories/*': browse,
  '/tokens': showTokens,
  '/account': showAccount,
}

export const FORMS: Readonly<Record<string, Handler>> = {
  '/tokens': makeToken,
  '/tokens/:id/revoke': revokeToken,
  '/account/sessions': endOthers,
  '/logout': logOut,
}

/** Adds the pages to a server. */
export function registerWeb(app: FastifyInstance, deps: WebDeps): void {
  const web = makeWeb(deps)
  app.register(async (scope) => {
    acceptFields(scope)
    scope.setErrorHandler((error: FastifyError, request, reply) =>
      failed(web, error, request, reply),
    )
    serveAssets(scope, style)
    const guarded =
      (handle: RouteHandler) => async (request: FastifyRequest, reply: FastifyReply) =>
        await handle(request as Parameters<RouteHandler>[0], reply)
    const get = (path: string, handle: RouteHandler) => scope.get(path, guarded(handle))
    const post = (path: string, handle: RouteHandler) => scope.post(path, guarded(handle))
    get('/login', (request, reply) => showLogin(web, request, reply))
    post('/login', (request, reply) => logIn(web, request, reply))
    get('/login/oidc', (request, reply) => beginOidc(web, request, reply))
    get('/login/oidc/back', (request, reply) => finishOidc(web, request, reply))
    get('/*', (request, reply) => sendError({ web, request, reply }, 404))
    for (const [path, show] of Object.entries(PAGES)) get(path, page(web, show))
    for (const [path, take] of Object.entries(FORMS)) post(path, form(web, take))
  })
}

function makeWeb({ registry, software, oidc, maxAgeMs }: WebDeps): Web {
  const { clock, log, url } = registry
  const site = makePageSite(url, software, style)
  const redirectUri = `${url}/login/oidc/back`
  return {
    registry,
    images: new ImageReader(registry),
    site,
    sessions: new WebSessions(registry, site),
    party: oidc && createRelyingParty({ ...oidc, redirectUri, clock, log }),
    pendingLogins: new PendingLogins(site, clock, 'fuchsbau-registry-login'),
    maxAgeMs,
  }
}

/** Errors as pages. Only messages meant for readers are shown; what went wrong on our side is logged. */
function failed(
  web: Web,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const exchange = { web, request, reply }
  if (error instanceof StoreUnavailable) return sendError(exchange, 503)
  if (error instanceof UpstreamFailure) return sendError(exchange, 502)
  if (error instanceof OciError) return sendError(exchange, error.status)
  const status = error.statusCode ?? 500
  if (status >= 500) request.log.error({ err: error, request: request.id }, 'page failed')
  return sendError(exchange, status, error instanceof HttpError ? error.message : undefined)
}
