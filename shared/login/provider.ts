// An identity provider as we know it: its addresses, read when they are wanted and kept for a while, and how we talk to it.
import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  getJwksCache,
  None,
  setJwksCache,
} from 'openid-client'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'

export type ProviderOptions = {
  issuer: string
  clientId: string
  /** None: a public client, protected by PKCE alone. */
  clientSecret?: string | undefined
  clock: Clock
  log: Log
}

/** Its documents and tokens have some KiB. */
const MAX_ANSWER_BYTES = 1024 * 1024
const TIMEOUT_SECONDS = 10
/** A provider that was not there is not asked again before. */
const RETRY_MS = 3_000
/** Its addresses and keys are read anew so often. */
const FRESH_MS = 6 * 3_600_000

/** Is not contacted before something is wanted of it. */
export class Provider {
  readonly #options: ProviderOptions
  #discovering: Promise<Configuration | undefined> | undefined
  #knownAt = Number.NEGATIVE_INFINITY
  #failedAt = Number.NEGATIVE_INFINITY
  /** As it was the last time. */
  known: Configuration | undefined

  constructor(options: ProviderOptions) {
    this.#options = options
  }

  /** Undefined while it cannot be reached for the first time. */
  async find(): Promise<Configuration | undefined> {
    const { clock, log, issuer } = this.#options
    if (clock.now() - this.#knownAt < FRESH_MS) return this.known
    if (clock.now() - this.#failedAt < RETRY_MS) return this.known
    this.#discovering ??= discover(this.#options)
      .then(
        (configuration) => {
          this.known = configuration
          this.#knownAt = clock.now()
        },
        (error: unknown) => {
          this.#failedAt = clock.now()
          log.warn({ issuer, reason: reasonOf(error) }, 'the identity provider cannot be reached')
        },
      )
      .then(() => {
        this.#discovering = undefined
        return this.known
      })
    return await this.#discovering
  }

  /** Runs what asks for tokens; `see` gets the text of each good answer of the token endpoint, before anything in it is checked. */
  async watching<T>(
    client: Configuration,
    see: (text: string) => void,
    ask: (client: Configuration) => Promise<T>,
  ): Promise<T> {
    const server = client.serverMetadata()
    const { issuer, clientId, clientSecret } = this.#options
    const copy = new Configuration(server, clientId, undefined, authentication(clientSecret))
    copy.timeout = TIMEOUT_SECONDS
    for (const prepare of preparations(issuer)) prepare(copy)
    const endpoint = URL.parse(server.token_endpoint ?? '')?.href
    copy[customFetch] = async (url, options) => {
      const response = await cappedFetch(url, options)
      // It may be written in several ways: with the usual port, in capitals.
      if (URL.parse(url)?.href !== endpoint || !response.ok) return response
      const text = await response.text()
      see(text)
      return new Response(text, response)
    }
    const keys = getJwksCache(client)
    if (keys) setJwksCache(copy, keys)
    try {
      return await ask(copy)
    } finally {
      const read = getJwksCache(copy)
      if (read) setJwksCache(client, read)
    }
  }
}

/**
 * Plain HTTP only where the operator has written `http://`, which means a provider on this machine or in a test. ID tokens are
 * checked with the provider's keys, which are read anew when a key is not among them, at most once a minute: what leads to the
 * provider may not be TLS all the way (Core 3.1.3.7, 6 would do without then).
 */
async function discover({
  issuer,
  clientId,
  clientSecret,
}: ProviderOptions): Promise<Configuration> {
  const url = new URL(`${issuer}/.well-known/openid-configuration`)
  const client = await discovery(url, clientId, undefined, authentication(clientSecret), {
    timeout: TIMEOUT_SECONDS,
    execute: preparations(issuer),
    [customFetch]: cappedFetch,
  })
  const { issuer: named } = client.serverMetadata()
  // A slash at the end of the setting is cut off. https://openid.net/specs/openid-connect-discovery-1_0.html#section-4.3
  if (named === issuer || named === `${issuer}/`) return client
  throw Object.assign(new Error('another issuer'), { code: 'ANOTHER_ISSUER' })
}

function preparations(issuer: string): ((client: Configuration) => void)[] {
  const insecure = issuer.startsWith('http:') ? [allowInsecureRequests] : []
  return [enableNonRepudiationChecks, ...insecure]
}

/** How we show our secret: by the form when the provider says that it takes that, else as each must (Discovery, 3). */
function authentication(secret: string | undefined): ClientAuth {
  if (secret === undefined) return None()
  const [basic, post] = [ClientSecretBasic(secret), ClientSecretPost(secret)]
  return (server, client, body, headers) => {
    const { token_endpoint_auth_methods_supported: methods = [] } = server
    const show = methods.includes('client_secret_post') ? post : basic
    return show(server, client, body, headers)
  }
}

/** An answer of at most 1 MiB; a longer one fails while it is read. */
export async function cappedFetch(url: string, options: object): Promise<Response> {
  const response = await fetch(url, options)
  let left = MAX_ANSWER_BYTES
  const cap = new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      left -= part.byteLength
      if (left < 0) controller.error(new Error('the answer is too long'))
      else controller.enqueue(part)
    },
  })
  return new Response(response.body?.pipeThrough(cap) ?? null, response)
}

/** Codes only: messages and causes may hold what came in the address. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { code, cause, error: told } = error as Error & { code?: unknown; error?: unknown }
  const words = [error.name, code, told, (cause as { code?: unknown } | undefined)?.code]
  return words.filter((word) => typeof word === 'string' && /^[\w.-]{1,80}$/.test(word)).join(' ')
}
