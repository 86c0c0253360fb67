// Every page and form, on one screen. All but the login are for who is logged in; ids of networks are looked up among hers.

import { createRelyingParty } from '@fuchsbau/shared/login/oidc.ts'
import { PendingLogins } from '@fuchsbau/shared/login/pending.ts'
import { preparePages } from '@fuchsbau/shared/page/routes.ts'
import { makePageSite } from '@fuchsbau/shared/page/site.ts'
import type { FastifyInstance } from 'fastify'
import { disconnectClient, showClients } from './clients.ts'
import { showConnect } from './connect.ts'
import {
  addOwnCertificate,
  makeAppPassword,
  removeOwnCertificate,
  revokePassword,
  showCredentials,
} from './credentials.ts'
import { exportConversation } from './export.ts'
import { deleteFile, showFiles } from './files.ts'
import { forget, showConversations, showForget, showHistory } from './history.ts'
import {
  changeChannel,
  detach,
  join,
  makeCertificate,
  part,
  showChannel,
  showNetwork,
} from './network.ts'
import {
  addNetwork,
  addWellKnown,
  connect,
  disconnect,
  edit,
  remove,
  showDelete,
  showEdit,
  showNetworks,
  showNewNetwork,
} from './networks.ts'
import { changeRetention, showRetention } from './retention.ts'
import { showSearch } from './search.ts'
import { sendError } from './send.ts'
import { showAudit, showStatus } from './server-pages.ts'
import { makeSessions } from './sessions.ts'
import { changePassword, logOutElsewhere, saveSettings, showSettings, unlink } from './settings.ts'
import { beginOidc, finishOidc, link, logIn, logOut, showLink, showLogin } from './sign-in.ts'
import { style } from './style.ts'
import {
  addUser,
  changeUser,
  deleteUser,
  ofUser,
  resetPassword,
  showRemoveUser,
  showUser,
  showUsers,
} from './users.ts'
import {
  forAdmins,
  form,
  type Handler,
  ofNetwork,
  page,
  type RouteParams,
  type Web,
  type WebDeps,
} from './visit.ts'

/** A page or form with `:id`: whose it must be is said by its handler. */
type Routes = Record<string, Handler>

export const PAGES: Routes = {
  '/': showNetworks,
  '/networks/new': showNewNetwork,
  '/networks/:id': ofNetwork(showNetwork),
  '/networks/:id/edit': ofNetwork(showEdit),
  '/networks/:id/delete': ofNetwork(showDelete),
  '/networks/:id/channels/edit': ofNetwork(showChannel),
  '/networks/:id/retention': ofNetwork(showRetention),
  '/networks/:id/history': ofNetwork(showHistory),
  '/networks/:id/history/export': ofNetwork(exportConversation),
  '/networks/:id/history/delete': ofNetwork(showForget),
  '/history': showConversations,
  '/search': showSearch,
  '/clients': showClients,
  '/connect': showConnect,
  '/passwords': showCredentials,
  '/files': showFiles,
  '/settings': showSettings,
  '/users': forAdmins(showUsers),
  '/users/:id': forAdmins(ofUser(showUser)),
  '/users/:id/delete': forAdmins(ofUser(showRemoveUser)),
  '/audit': forAdmins(showAudit),
  '/status': forAdmins(showStatus),
}

export const FORMS: Routes = {
  '/networks': addNetwork,
  '/networks/well-known': addWellKnown,
  '/networks/:id/edit': ofNetwork(edit),
  '/networks/:id/connect': ofNetwork(connect),
  '/networks/:id/disconnect': ofNetwork(disconnect),
  '/networks/:id/delete': ofNetwork(remove),
  '/networks/:id/certificate': ofNetwork(makeCertificate),
  '/networks/:id/channels': ofNetwork(join),
  '/networks/:id/channels/part': ofNetwork(part),
  '/networks/:id/channels/detach': ofNetwork(detach),
  '/networks/:id/channels/edit': ofNetwork(changeChannel),
  '/networks/:id/retention': ofNetwork(changeRetention),
  '/networks/:id/history/delete': ofNetwork(forget),
  '/clients/:id/disconnect': disconnectClient,
  '/passwords': makeAppPassword,
  '/passwords/:id/revoke': revokePassword,
  '/files/delete': deleteFile,
  '/certificates': addOwnCertificate,
  '/certificates/remove': removeOwnCertificate,
  '/settings': saveSettings,
  '/settings/password': changePassword,
  '/settings/sessions': logOutElsewhere,
  '/settings/unlink': unlink,
  '/logout': logOut,
  '/users': forAdmins(addUser),
  '/users/:id': forAdmins(ofUser(changeUser)),
  '/users/:id/password': forAdmins(ofUser(resetPassword)),
  '/users/:id/delete': forAdmins(ofUser(deleteUser)),
}

/** Adds the pages to a server, below the path of their public address. */
export function registerWeb(app: FastifyInstance, deps: WebDeps): void {
  const web = makeWeb(deps)
  app.register(
    async (scope) => {
      const { get, post } = preparePages<RouteParams>(scope, {
        style,
        showError: (request, reply, ...what) => sendError({ web, request, reply }, ...what),
      })
      get('/login', (request, reply) => showLogin(web, request, reply))
      post('/login', (request, reply) => logIn(web, request, reply))
      get('/login/oidc', (request, reply) => beginOidc(web, request, reply))
      get('/login/oidc/back', (request, reply) => finishOidc(web, request, reply))
      get('/login/link', (request, reply) => showLink(web, request, reply))
      post('/login/link', (request, reply) => link(web, request, reply))
      get('/*', (request, reply) => sendError({ web, request, reply }, 404))
      for (const [path, show] of Object.entries(PAGES)) get(path, page(web, show))
      for (const [path, take] of Object.entries(FORMS)) post(path, form(web, take))
    },
    { prefix: web.site.path('').slice(0, -1) },
  )
}

function makeWeb(deps: WebDeps): Web {
  const { bouncer, url, software, oidc } = deps
  const { clock, log } = bouncer
  const site = makePageSite(url, software, style)
  const redirectUri = `${url}/login/oidc/back`
  return {
    ...deps,
    site,
    sessions: makeSessions(bouncer, site),
    party: oidc && createRelyingParty({ ...oidc, redirectUri, clock, log }),
    pendingLogins: new PendingLogins(site, clock, 'fuchsbau-bouncer-login'),
  }
}
