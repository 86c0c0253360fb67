// An identity provider that only says whose access tokens are: JWTs with its keys, others by introspection.
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'

export interface TokenIssuer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  url: string
  /** As it calls itself: its URL, unless it is changed. */
  name: string
  /**
   * A JWT of these claims over `iss`, `aud` (`bouncer`), `exp` (in an hour), `sub` (`42`), with these fields in its header over
   * those of an access token (RFC 9068).
   */
  jwt(
    claims?: Record<string, unknown>,
    options?: { isForged?: boolean; header?: Record<string, unknown> },
  ): string
  /** Answers a path with this status instead. */
  intercept: ((path: string) => number | undefined) | undefined
  /** Makes an opaque token known, with what introspection says of it. */
  opaque(token: string, claims: Record<string, unknown>): void
}

const inAnHour = () => Math.floor(Date.now() / 1000) + 3_600

/** Starts a provider whose client is `bouncer` with the secret `client secret`. */
export async function startTokenIssuer(): Promise<TokenIssuer> {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const forger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const known = new Map<string, Record<string, unknown>>()
  const basic = `Basic ${Buffer.from('bouncer:client+secret').toString('base64')}`

  async function answer(request: IncomingMessage): Promise<unknown> {
    switch (request.url) {
      case '/.well-known/openid-configuration':
        return {
          issuer: issuer.name,
          jwks_uri: `${url}/jwks`,
          introspection_endpoint: `${url}/introspect`,
        }
      case '/jwks':
        return { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), alg: 'ES256', kid: 'one' }] }
      case '/introspect': {
        const form = new URLSearchParams(await text(request))
        if (request.headers.authorization !== basic) return { active: false }
        return known.get(form.get('token') ?? '') ?? { active: false }
      }
      default:
        return {}
    }
  }
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    const status = issuer.intercept?.(request.url ?? '')
    if (status !== undefined) response.writeHead(status).end('{}')
    else void answer(request).then((value) => response.end(JSON.stringify(value)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const issuer: TokenIssuer = {
    url,
    name: url,
    intercept: undefined,
    jwt(claims = {}, { isForged = false, header = {} } = {}) {
      const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const payload = { iss: issuer.name, aud: 'bouncer', exp: inAnHour(), sub: '42', ...claims }
      const head = { alg: 'ES256', kid: 'one', typ: 'at+jwt', ...header }
      const signed = `${encode(head)}.${encode(payload)}`
      const { privateKey: key } = isForged ? forger : keys
      const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
      return `${signed}.${signature.toString('base64url')}`
    },
    opaque(token, claims) {
      known.set(token, {
        active: true,
        client_id: 'bouncer',
        exp: inAnHour(),
        sub: '42',
        ...claims,
      })
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return issuer
}

/** SHA-256 of a certificate in PEM, as hex: how the bouncer knows a client by it. */
export function fingerprintOf(pem: string): string {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  return createHash('sha256').update(der).digest('hex')
}
