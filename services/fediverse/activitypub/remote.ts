// All that we ask of other servers: documents dereferenced, activities posted. Only public addresses over
// https, few redirects, bounded bytes, one deadline, signed, always with a User-Agent.
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Dispatcher } from 'undici'
import { checkUrl } from './address.ts'
import { type AgentOptions, createAgent } from './agent.ts'
import { idOf, isObject, type Json } from './document.ts'
import {
  type Answer,
  type ExchangeRequest,
  exchange,
  type Failure,
  failure,
  failureOfStatus,
} from './exchange.ts'
import { HostLimit, type HostLimits } from './host-limit.ts'
import { parseJson } from './json.ts'
import { type Signer, signRequest } from './signature.ts'
import { SignatureSpecs } from './signature-specs.ts'

export interface RemoteOptions extends AgentOptions {
  clock: Clock
  /** E.g. `Fuchsbau/1.0 (+https://example.org)`. */
  userAgent: string
  /** Signs what we fetch, unless a call brings its own; unsigned while it is undefined. */
  signer?: (() => Signer | undefined) | undefined
  /** From the first byte out to the last byte in, redirects included, in milliseconds; 10 seconds by default. */
  timeoutMs?: number
  /** Longest document, in bytes; 1 MiB by default. */
  maxBytes?: number
  limits?: HostLimits
  /** Tests only: stands in for the guarded agent. */
  agent?: Dispatcher
}

/** A document whose `id` was dereferenced at that very URL: the id, not the URL asked for, is what it is. */
export interface FetchedDocument {
  ok: true
  document: Json
  id: string
  /** Where it was found at last, without fragment. */
  url: string
  contentType: string
}

/** JSON from a URL, with no claim to an id. */
export interface FetchedJson {
  ok: true
  value: unknown
  url: string
  contentType: string
}

export interface FetchJsonOptions {
  accept: string
  /** Says whether an answer's media type will do. */
  isExpected: (contentType: string) => boolean
  signer?: Signer | undefined
}

export interface OutgoingActivity {
  body: Buffer
  /** SHA-256 of the body in base64, made once for all inboxes. */
  digest: string
  signer: Signer
}

export interface Posted {
  ok: true
  status: number
}

const maxRedirects = 3
const activityTypes =
  'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"'

/**
 * True for the media types of ActivityPub §3.2: other JSON may be an upload of some user of that host, and
 * must not speak for it.
 */
export function isActivityType(contentType: string): boolean {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';')
  if (type.trim() === 'application/activity+json') return true
  if (type.trim() !== 'application/ld+json') return false
  return parameters.some((parameter) => {
    return /^\s*profile\s*=\s*"?[^"]*https:\/\/www\.w3\.org\/ns\/activitystreams[\s"]*/.test(
      parameter,
    )
  })
}

/** The client for other servers; one per process. */
export class Remote {
  readonly #options: RemoteOptions
  readonly #agent: Dispatcher
  readonly #specs: SignatureSpecs
  readonly #limit: HostLimit

  constructor(options: RemoteOptions) {
    this.#options = options
    this.#agent = options.agent ?? createAgent(options)
    this.#specs = new SignatureSpecs(options.clock)
    this.#limit = new HostLimit(options.limits)
  }

  /** The test setting, for those who make URLs. */
  get allowPrivateAddress(): boolean {
    return this.#options.allowPrivateAddress
  }

  /**
   * Dereferences an id (its fragment aside). A document that names another id on the same host is fetched once more at
   * that id; one that names another host is refused, so nobody speaks for another host.
   */
  async fetchDocument(url: string, signer?: Signer): Promise<FetchedDocument | Failure> {
    const deadline = this.#deadline()
    const first = await this.#fetchActivityJson(url, signer, deadline)
    if (!first.ok || first.id === undefined) return first.ok ? withoutId(first) : first
    if (isSameResource(first.id, first.url)) return { ...first, id: first.id }
    if (new URL(first.id).host !== new URL(first.url).host) {
      return failure('bad-id', `${first.url} answers with an id of another host`)
    }
    const second = await this.#fetchActivityJson(first.id, signer, deadline)
    if (!second.ok || second.id === undefined) return second.ok ? withoutId(second) : second
    if (isSameResource(second.id, second.url)) return { ...second, id: second.id }
    return failure('bad-id', `${second.url} answers with another id`)
  }

  async #fetchActivityJson(url: string, signer: Signer | undefined, deadline: number) {
    const options = { accept: activityTypes, isExpected: isActivityType, signer }
    const fetched = await this.#fetchInTurn(url, options, deadline)
    if (!fetched.ok) return fetched
    if (!isObject(fetched.value)) return failure('bad-json', `${fetched.url} is not an object`)
    const { value: document, ...rest } = fetched
    return { ...rest, document, id: idOf(document) }
  }

  /** Fetches JSON of at most `maxBytes`, 64 levels deep. At most 4 fetches from one host at a time. */
  fetchJson(url: string, options: FetchJsonOptions): Promise<FetchedJson | Failure> {
    return this.#fetchInTurn(url, options, this.#deadline())
  }

  async #fetchInTurn(url: string, options: FetchJsonOptions, deadline: number) {
    const host = URL.parse(url)?.host ?? ''
    const fetched = await this.#limit.run(host, () => this.#fetchJson(url, options, deadline))
    return fetched ?? failure('busy', `too many requests to ${host} are under way`)
  }

  /** When a request begun now must be done, on the clock of `performance`. */
  #deadline(): number {
    return performance.now() + (this.#options.timeoutMs ?? 10_000)
  }

  async #fetchJson(
    url: string,
    options: FetchJsonOptions,
    deadline: number,
  ): Promise<FetchedJson | Failure> {
    const found = await this.#follow(url, options, deadline)
    if (!found.ok) return found
    const { answer, url: finalUrl } = found
    const { status, headers, body } = answer
    if (status < 200 || status > 299) return failureOfStatus(answer, this.#options.clock.now())
    const contentType = headers['content-type'] ?? ''
    if (!options.isExpected(contentType) || headers['content-encoding'] !== undefined) {
      const encoding = headers['content-encoding'] ?? ''
      return failure('bad-content-type', `${finalUrl} is ${contentType} ${encoding}`.slice(0, 300))
    }
    const parsed = parseJson(body)
    if (!parsed.ok) return failure('bad-json', `${finalUrl}: ${parsed.message}`)
    return { ok: true, value: parsed.value, url: finalUrl, contentType }
  }

  /** GETs a URL, follows at most 3 redirects, and checks each place before going there. */
  async #follow(text: string, { accept, signer }: FetchJsonOptions, deadline: number) {
    const { allowPrivateAddress, maxBytes = 1_048_576 } = this.#options
    let next = text
    for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
      const checked = checkUrl(next, allowPrivateAddress)
      if (!checked.ok) return failure(checked.kind, checked.message)
      const { url } = checked
      url.hash = ''
      const request = { method: 'GET', url, deadline, maxBytes, overflow: 'fail' } as const
      const answer = await this.#knock(request, ['accept', accept], signer ?? this.#signer())
      if (!answer.ok) return answer
      const location = redirectOf(answer)
      if (location === undefined) return { ok: true, answer, url: url.href } as const
      const target = URL.parse(location, url.href)
      if (target === null) return failure('redirects', 'redirected to what is no URL')
      next = target.href
    }
    return failure('redirects', `more than ${maxRedirects} redirects`)
  }

  #signer(): Signer | undefined {
    return this.#options.signer?.()
  }

  /**
   * Posts an activity to an inbox: one attempt in each signature specification at most, no redirects. Of the answer only
   * the status counts; connections are kept for the next. `signal` ends it as a failure.
   */
  async postActivity(
    inbox: string,
    activity: OutgoingActivity,
    signal?: AbortSignal,
  ): Promise<Posted | Failure> {
    const { allowPrivateAddress, clock } = this.#options
    const checked = checkUrl(inbox, allowPrivateAddress)
    if (!checked.ok) return failure(checked.kind, checked.message)
    const { body, digest, signer } = activity
    const request: KnockRequest = {
      method: 'POST',
      url: checked.url,
      body,
      deadline: this.#deadline(),
      maxBytes: 4096,
      overflow: 'cut',
      signal,
    }
    const fields = ['content-type', 'application/activity+json']
    const answer = await this.#knock(request, fields, signer, digest)
    if (!answer.ok) return answer
    const { status } = answer
    return status >= 200 && status < 300
      ? { ok: true, status }
      : failureOfStatus(answer, clock.now())
  }

  /**
   * Makes a request with the signature the host took last, and once more with the other if it is refused. Where the
   * second POST breaks the host, a first answer of 401 or 403 stands: it is alive, and has said what it makes of us.
   */
  async #knock(
    request: KnockRequest,
    fields: readonly string[],
    signer: Signer | undefined,
    digest?: string,
  ): Promise<Answer | Failure> {
    const { clock, userAgent } = this.#options
    const { url, method } = request
    const common = ['user-agent', userAgent, ...fields]
    if (signer === undefined) {
      return exchange(this.#agent, { ...request, fields: ['host', url.host, ...common] })
    }
    const order = this.#specs.order(url.host)
    let answer: Answer | Failure = failure('network', 'nothing tried')
    let refusal: Answer | undefined
    for (const spec of order) {
      const signed = await signRequest(spec, { method, url, digest }, signer, clock.now())
      answer = await exchange(this.#agent, { ...request, fields: [...signed, ...common] })
      const isBroken = !answer.ok || answer.status >= 500
      if (refusal && isBroken && !request.signal?.aborted) return refusal
      if (!answer.ok) return answer
      if (!isRefusedSignature(answer.status)) {
        if (answer.status < 300) this.#specs.accepted(url.host, spec)
        return answer
      }
      if (method === 'POST' && answer.status !== 400) refusal = answer
    }
    if (order.length > 1) this.#specs.refusedBoth(url.host)
    return answer
  }

  /** Ends every connection; requests under way fail. */
  async close(): Promise<void> {
    await this.#agent.destroy()
  }
}

type KnockRequest = Omit<ExchangeRequest, 'fields'>

function isRefusedSignature(status: number): boolean {
  return status === 400 || status === 401 || status === 403
}

function redirectOf({ status, headers }: Answer): string | undefined {
  const isRedirect = status >= 301 && status <= 308 && status !== 304
  return isRedirect ? headers.location : undefined
}

/** True when an id is the URL it was found at, fragments aside. */
function isSameResource(id: string, url: string): boolean {
  const parsed = new URL(id)
  parsed.hash = ''
  return parsed.href === url
}

function withoutId({ url }: { url: string }): Failure {
  return failure('bad-id', `${url} answers with a document without an id`)
}
