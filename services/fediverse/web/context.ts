// What every handler of this folder is given, and how it learns who is there.
import { allowUpload } from '@fuchsbau/shared/arrival.ts'
import type { Identity, PendingLogin, RelyingParty } from '@fuchsbau/shared/login/oidc.ts'
import type { PendingLogins } from '@fuchsbau/shared/login/pending.ts'
import { toLogin } from '@fuchsbau/shared/page/admit.ts'
import { foreignOrigin, isCsrfRight, isOwnOrigin } from '@fuchsbau/shared/page/cookie.ts'
import type { Throttle } from '@fuchsbau/shared/throttle.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { WebDeps } from './deps.ts'
import type { Reader } from './layout.ts'
import { sendError } from './send.ts'
import { type SignedIn, signedIn } from './session.ts'
import type { Site } from './site.ts'

export type Web = WebDeps & {
  site: Site
  throttle: Throttle
  /** Undefined: there is no identity provider. */
  party: RelyingParty | undefined
  pendingLogins: PendingLogins<Pending>
}

/** A login that has begun: she is at the provider, or has come back and proves which account is hers. */
type Pending =
  | { step: 'provider'; login: PendingLogin; next: string }
  | { step: 'link'; identity: Identity; next: string }

export type Request = FastifyRequest<{ Params: { user: string } }>

/** A signed-in person at one of her private pages, or with a form of one. */
export type Visit = { web: Web; request: Request; reply: FastifyReply; reader: Reader }

export type OwnHandler = (visit: Visit) => unknown

/** Of an upload, in each half minute: 4 KiB a second. */
const LEAST_UPLOAD_BYTES = 30 * 4_096

const isMultipart = ({ headers }: Request) =>
  headers['content-type']?.startsWith('multipart/form-data') ?? false

/** A private page: for the person herself, else the way to the sign-in page. */
export function ownPage(web: Web, handle: OwnHandler) {
  return (request: Request, reply: FastifyReply) => {
    const reader = readerOf(web, request)
    if (!reader) return toLogin(request, reply, web.site)
    if (reader.user !== request.params.user) return sendError(request, reply, web.site, 404)
    return handle({ web, request, reply, reader })
  }
}

/**
 * A form of a private page. Origin and session are checked here; `checkForm` must be called with the token in the
 * form before anything is done.
 */
export function ownForm(web: Web, handle: OwnHandler) {
  return (request: Request, reply: FastifyReply) => {
    const reader = readerOf(web, request)
    const refused = isOwnOrigin(request, web.site) ? undefined : foreignOrigin(web.site)
    if (refused) return sendError(request, reply, web.site, 403, refused)
    if (!reader || reader.user !== request.params.user) {
      return sendError(
        request,
        reply,
        web.site,
        403,
        'You are signed out. Sign in, go back, and send it again.',
      )
    }
    if (isMultipart(request)) allowUpload(request, LEAST_UPLOAD_BYTES)
    return handle({ web, request, reply, reader })
  }
}

/** Whether the form carries the token of this session. */
export function isTokenRight(web: Web, request: FastifyRequest, given: string | null): boolean {
  const session = signedIn(request, web.site, web.sessions)
  return session !== undefined && isCsrfRight(session.csrf, given)
}

function readerOf({ site, sessions, views }: Web, request: FastifyRequest): Reader | undefined {
  const session: SignedIn | undefined = signedIn(request, site, sessions)
  const viewer = session && views.viewer(session.user)
  return session && viewer && { ...viewer, csrf: session.csrf }
}
