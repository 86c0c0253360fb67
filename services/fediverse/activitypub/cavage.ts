// HTTP signatures as nearly everyone in the fediverse makes them: the `Signature` header field of
// https://datatracker.ietf.org/doc/html/draft-cavage-http-signatures-12, read strictly and made.
import { matchesDigest } from './digest.ts'
import {
  decodeBase64,
  headerValue,
  isForHost,
  isTimely,
  maxCovered,
  maxHeaderLength,
  parseSeconds,
  type ReadSignature,
  type ReceivedRequest,
  refuse,
  type SignatureAlgorithm,
  type SignaturePolicy,
} from './received-signature.ts'

const anyAlgorithm: readonly SignatureAlgorithm[] = ['rsa-sha256', 'rsa-sha512', 'ed25519']

/** `hs2019` and no algorithm leave it to the key (§2.1); RSA then is PKCS #1 in all that is deployed. */
const algorithms: ReadonlyMap<string, readonly SignatureAlgorithm[]> = new Map([
  ['rsa-sha256', ['rsa-sha256']],
  ['rsa-sha512', ['rsa-sha512']],
  ['ed25519', ['ed25519']],
  ['hs2019', anyAlgorithm],
])

const parameter = /([A-Za-z]{1,20})=(?:"([^"\\]*)"|(\d{1,15}))[ \t]*(?:,[ \t]*|$)/y

/**
 * The parameters of a Signature header field (§2.1): at most 10, none twice, no escapes, nothing left over.
 * Undefined for anything else.
 */
export function parseSignatureHeader(field: string): Map<string, string> | undefined {
  if (field.length > maxHeaderLength) return undefined
  const parameters = new Map<string, string>()
  parameter.lastIndex = 0
  let end = 0
  while (end < field.length) {
    const match = parameter.exec(field)
    const name = match?.[1]
    if (match === null || name === undefined) return undefined
    if (parameters.has(name) || parameters.size === 10) return undefined
    parameters.set(name, match[2] ?? match[3] ?? '')
    end = parameter.lastIndex
  }
  return field.endsWith(',') ? undefined : parameters
}

/**
 * Reads the `Signature` header field and checks all that needs no key: `(request-target)`, `host`, `date` (or
 * `(created)`) and, unless it is a GET, `digest` are covered; the host is ours, the dates lie in the
 * window, the digest fits the body.
 */
export function readCavage(
  field: string,
  request: ReceivedRequest,
  policy: SignaturePolicy,
): ReadSignature {
  const parameters = parseSignatureHeader(field)
  const keyId = parameters?.get('keyId')
  const bytes = decodeBase64(parameters?.get('signature') ?? '')
  if (parameters === undefined || keyId === undefined || bytes === undefined) {
    return refuse('malformed', 'keyId or signature is missing or malformed')
  }
  const allowed = algorithms.get(parameters.get('algorithm')?.toLowerCase() ?? 'hs2019')
  if (allowed === undefined) return refuse('algorithm', 'unsupported algorithm')
  const covered = parameters.get('headers')?.toLowerCase().split(' ') ?? []
  if (covered.length > maxCovered || new Set(covered).size !== covered.length) {
    return refuse('malformed', 'too many covered header fields, or one twice')
  }
  const fault =
    findUncovered(covered, request.method) ??
    findBadHost(request, policy) ??
    findBadDate(parameters, covered, request, policy) ??
    findBadDigest(request)
  if (fault !== undefined) return fault
  const bases = signingStrings(covered, parameters, request)
  if (bases === undefined) return refuse('malformed', 'a covered header field is absent')
  return { ok: true, signature: { spec: 'cavage', keyId, algorithms: allowed, bases, bytes } }
}

function findUncovered(covered: readonly string[], method: string) {
  const missing = (name: string) => !covered.includes(name)
  if (missing('(request-target)')) return refuse('uncovered', '(request-target) is not covered')
  if (missing('host')) return refuse('uncovered', 'host is not covered')
  if (missing('date') && missing('(created)')) return refuse('uncovered', 'date is not covered')
  if (hasBody(method) && missing('digest')) return refuse('uncovered', 'digest is not covered')
  return undefined
}

function hasBody(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD'
}

function findBadHost(request: ReceivedRequest, policy: SignaturePolicy) {
  if (isForHost(request.headers, new URL(policy.origin))) return undefined
  return refuse('host', `signed for host ${request.headers.host ?? 'none'}`)
}

function findBadDigest(request: ReceivedRequest) {
  const field = headerValue(request.headers, 'digest')
  if (field === undefined && !hasBody(request.method)) return undefined
  if (field !== undefined && matchesDigest(field, request.body)) return undefined
  return refuse('digest', 'the digest does not fit the body')
}

const httpDate = /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|UTC|[+-]0000)$/

function findBadDate(
  parameters: ReadonlyMap<string, string>,
  covered: readonly string[],
  request: ReceivedRequest,
  policy: SignaturePolicy,
) {
  if (covered.includes('date')) {
    const text = headerValue(request.headers, 'date') ?? ''
    const date = httpDate.test(text) ? Date.parse(text) : Number.NaN
    if (!isTimely(date, policy)) return refuse('date', `date ${text} is outside the window`)
  }
  const isClassic = /^(rsa|hmac|ecdsa)/.test(parameters.get('algorithm')?.toLowerCase() ?? '')
  const isPseudo = covered.includes('(created)') || covered.includes('(expires)')
  if (isClassic && isPseudo) return refuse('malformed', '(created) with a classic algorithm, §2.3')
  const created = parameters.get('created')
  if (created !== undefined && !isTimely(parseSeconds(created) ?? Number.NaN, policy)) {
    return refuse('date', `created ${created} is outside the window`)
  }
  const expires = parameters.get('expires')
  if (expires !== undefined && !((parseSeconds(expires) ?? Number.NaN) > policy.now)) {
    return refuse('date', `expired at ${expires}`)
  }
  return undefined
}

/**
 * The signing strings (§2.3). A GET with a query is also read without it, as Mastodon does, because some peers
 * (Fedify among them) sign the bare path.
 */
function signingStrings(
  covered: readonly string[],
  parameters: ReadonlyMap<string, string>,
  request: ReceivedRequest,
): string[] | undefined {
  const query = hasBody(request.method) ? -1 : request.target.indexOf('?')
  const targets = query < 0 ? [request.target] : [request.target, request.target.slice(0, query)]
  const method = request.method.toLowerCase()
  const bases: string[] = []
  for (const target of targets) {
    let base = ''
    for (const name of covered) {
      const value = signedValue(name, `${method} ${target}`, parameters, request)
      if (value === undefined) return undefined
      base += `${base === '' ? '' : '\n'}${name}: ${value}`
    }
    bases.push(base)
  }
  return bases
}

function signedValue(
  name: string,
  requestTarget: string,
  parameters: ReadonlyMap<string, string>,
  request: ReceivedRequest,
): string | undefined {
  if (name === '(request-target)') return requestTarget
  if (name === '(created)') return parameters.get('created')
  if (name === '(expires)') return parameters.get('expires')
  return headerValue(request.headers, name)
}

/** What a request to be signed consists of; `digest` is the body's SHA-256 in base64, absent for a GET. */
export interface UnsignedRequest {
  method: 'GET' | 'POST'
  url: URL
  digest?: string | undefined
}

/** The header fields to send and the string to sign for them. */
export interface SignatureDraft {
  fields: string[]
  base: string
  /** The fields that carry the signature, given it in base64. */
  seal: (signature: string) => string[]
}

/** Prepares a cavage signature over `(request-target) host date` and, with a body, `digest`. */
export function draftCavage(request: UnsignedRequest, keyId: string, now: number): SignatureDraft {
  const { url, digest } = request
  const date = new Date(now).toUTCString()
  const fields = ['host', url.host, 'date', date]
  const target = `${request.method.toLowerCase()} ${url.pathname}${url.search}`
  let covered = '(request-target) host date'
  let base = `(request-target): ${target}\nhost: ${url.host}\ndate: ${date}`
  if (digest !== undefined) {
    fields.push('digest', `SHA-256=${digest}`)
    covered += ' digest'
    base += `\ndigest: SHA-256=${digest}`
  }
  const head = `keyId="${keyId}",algorithm="rsa-sha256",headers="${covered}",signature="`
  return { fields, base, seal: (signature) => ['signature', `${head}${signature}"`] }
}
