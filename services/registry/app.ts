// Every route of the service, on one screen.
import { HttpError } from '@fuchsbau/shared/http.ts'
import { acceptFields } from '@fuchsbau/shared/page/form.ts'
import { QueueFullError } from '@fuchsbau/shared/serial.ts'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { CODES, OciError } from './errors.ts'
import { beginDevice, revoke } from './login/device.ts'
import { metadata } from './login/oauth.ts'
import { countRequests, noteKind } from './pass/count-request.ts'
import { serveRegistry } from './pass/serve.ts'
import type { Registry } from './registry.ts'
import { getToken, postToken } from './token/route.ts'

/** Adds what clients of the registry speak with. */
export function registerRegistry(app: FastifyInstance, registry: Registry): void {
  app.register(async (scope) => {
    scope.setErrorHandler((error: FastifyError, request, reply) =>
      failed(registry, error, request, reply),
    )
    countRequests(scope, registry.counts)
    // Bodies are streamed; nothing reads them before the handler.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      '*',
      { bodyLimit: Number.MAX_SAFE_INTEGER },
      (_request, body, done) => done(null, body),
    )
    scope.route({
      method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      url: '/v2/*',
      bodyLimit: Number.MAX_SAFE_INTEGER,
      exposeHeadRoute: false,
      handler: (request, reply) => serveRegistry(registry, request, reply),
    })
    scope.get('/v2', (request, reply) => serveRegistry(registry, request, reply))
  })
  app.register(async (scope) => {
    scope.setErrorHandler((error: FastifyError, request, reply) =>
      failed(registry, error, request, reply),
    )
    acceptFields(scope)
    countRequests(scope, registry.counts)
    scope.addHook('preHandler', (request, _reply, done) => {
      const { url } = request.routeOptions
      noteKind(registry.counts, request, url === '/token' ? 'token' : 'keys')
      done()
    })
    scope.get('/token', (request, reply) => getToken(registry, request, reply))
    scope.post('/token', (request, reply) => postToken(registry, request, reply))
    scope.post('/token/device', (request, reply) => beginDevice(registry, request, reply))
    scope.post('/token/revoke', (request, reply) => revoke(registry, request, reply))
    scope.get('/.well-known/oauth-authorization-server', async (_request, reply) =>
      reply.header('cache-control', 'public, max-age=300').send(metadata(registry)),
    )
    scope.get('/.well-known/jwks.json', async (_request, reply) =>
      reply.header('cache-control', 'public, max-age=300').send(registry.issue.keys.jwks()),
    )
  })
}

/** An address below /v2 that is none, or a method that is none, is answered in the form of the specification, too. */
export function refuseUnknown(request: FastifyRequest, reply: FastifyReply) {
  const isOurs = /^(?:https?:\/\/[^/]*)?\/(v2|token)(?![\w-])/.test(request.raw.url ?? '')
  return isOurs ? send(reply, unknownAddress) : undefined
}

export function refuseBadUrl(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return send(reply, badUrl)
}

const unknownAddress = new OciError('NAME_UNKNOWN', 'There is nothing at this address.')
const badUrl = new OciError('NAME_INVALID', 'The address is malformed.')

/** Every error in the form of the specification. */
function failed(
  { log }: Registry,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const told = error instanceof OciError ? error : translate(error)
  if (told.status >= 500 && told !== (error as unknown)) {
    log.error({ err: error, request: request.id, method: request.method }, 'request failed')
  }
  return send(reply, told)
}

function send(reply: FastifyReply, { status, headers, body }: OciError): FastifyReply {
  return reply
    .code(status)
    .headers(headers)
    .header('x-content-type-options', 'nosniff')
    .type('application/json; charset=utf-8')
    .send(body)
}

function translate(error: FastifyError): OciError {
  if (error instanceof QueueFullError) {
    return new OciError('TOOMANYREQUESTS', 'Too many change this repository at once: try again.')
  }
  const status = error.statusCode ?? 500
  if (status >= 500) return new OciError('UNKNOWN', 'Something failed on our side.')
  const known = Object.entries(CODES).find(([, usual]) => usual === status)?.[0]
  const code = (known ?? 'UNSUPPORTED') as keyof typeof CODES
  const message = error instanceof HttpError ? error.message : 'The request cannot be understood.'
  return new OciError(code, message, { status })
}
