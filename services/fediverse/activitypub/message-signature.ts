// HTTP Message Signatures, RFC 9421, as far as requests between fediverse servers use them: read strictly
// from `Signature-Input` and `Signature`, and made. https://www.rfc-editor.org/rfc/rfc9421
// Ours and not Fedify's, whose verifyRequest asks for no covered component at all.
import type { SignatureDraft, UnsignedRequest } from './cavage.ts'
import { matchesContentDigest } from './digest.ts'
import {
  decodeBase64,
  headerValue,
  isForHost,
  isTimely,
  maxCovered,
  maxHeaderLength,
  type ReadSignature,
  type ReceivedRequest,
  refuse,
  type SignatureAlgorithm,
  type SignaturePolicy,
} from './received-signature.ts'

/** One member of `Signature-Input`: what it covers, its parameters, and its text as it was sent. */
export interface SignatureInput {
  label: string
  components: readonly string[]
  parameters: ReadonlyMap<string, string>
  text: string
}

const maxSignatures = 4
const memberStart = /([a-z*][a-z0-9_.*-]{0,31})=\(/y
const component = /[ ]*"([!#-[\]-~]{1,64})"(?=[ )])/y
const listEnd = /[ ]*\)/y
const parameterPart =
  /;[ ]*([a-z*][a-z0-9_.*-]{0,31})=("(?:[^"\\]|\\["\\])*"|-?\d{1,15}|[A-Za-z*][\w!#$%&'*+.^`|~:/-]*)/y
const separator = /[ \t]*,[ \t]*/y
const signatureMember = /([a-z*][a-z0-9_.*-]{0,31})=:([A-Za-z0-9+/]+={0,2}):/y

/**
 * The members of `Signature-Input` (§4.1): 1–4 labels, each covering at most 32 plain components. A component or
 * label that comes twice, a component with parameters, or anything left over makes the whole undefined.
 */
export function parseSignatureInput(field: string): SignatureInput[] | undefined {
  return parseMembers(field, (scanner) => {
    const label = scanner.take(memberStart)?.[1]
    if (label === undefined) return undefined
    const start = scanner.at - 1
    const components: string[] = []
    for (let match = scanner.take(component); match; match = scanner.take(component)) {
      components.push(match[1] ?? '')
    }
    if (scanner.take(listEnd) === null || components.length > maxCovered) return undefined
    if (new Set(components).size !== components.length) return undefined
    const parameters = new Map<string, string>()
    for (let match = scanner.take(parameterPart); match; match = scanner.take(parameterPart)) {
      const [, name = '', value = ''] = match
      if (parameters.has(name)) return undefined
      parameters.set(name, value.startsWith('"') ? unquote(value) : value)
    }
    return { label, components, parameters, text: field.slice(start, scanner.at) }
  })
}

function unquote(value: string): string {
  return value.slice(1, -1).replaceAll(/\\(["\\])/g, '$1')
}

function parseSignatures(field: string) {
  return parseMembers(field, (scanner) => {
    const [, label, text = ''] = scanner.take(signatureMember) ?? []
    const bytes = decodeBase64(text)
    return label === undefined || bytes === undefined ? undefined : { label, bytes }
  })
}

/** A dictionary (RFC 9651 §3.2) of at most 4 members with distinct labels; undefined for anything else. */
function parseMembers<T extends { label: string }>(
  field: string,
  takeMember: (scanner: Scanner) => T | undefined,
): T[] | undefined {
  if (field.length > maxHeaderLength) return undefined
  const scanner = createScanner(field)
  const members: T[] = []
  while (true) {
    const member = takeMember(scanner)
    if (member === undefined || members.length === maxSignatures) return undefined
    if (members.some((other) => other.label === member.label)) return undefined
    members.push(member)
    if (scanner.at === field.length) return members
    if (scanner.take(separator) === null) return undefined
  }
}

interface Scanner {
  at: number
  take: (pattern: RegExp) => RegExpExecArray | null
}

function createScanner(text: string): Scanner {
  const scanner: Scanner = {
    at: 0,
    take(pattern) {
      pattern.lastIndex = scanner.at
      const match = pattern.exec(text)
      if (match !== null) scanner.at = pattern.lastIndex
      return match
    },
  }
  return scanner
}

/**
 * Reads the first signature that covers what we demand: `@method`, `@target-uri` (or `@authority` with the
 * whole target) and, unless it is a GET, `content-digest`; `created` lies in the window, `expires`
 * ahead, the digest fits the body.
 */
export function readMessageSignature(
  field: string,
  request: ReceivedRequest,
  policy: SignaturePolicy,
): ReadSignature {
  const inputs = parseSignatureInput(field)
  const signatures = parseSignatures(headerValue(request.headers, 'signature') ?? '')
  if (inputs === undefined || signatures === undefined) {
    return refuse('malformed', 'Signature-Input or Signature is malformed')
  }
  let first: ReadSignature | undefined
  for (const input of inputs) {
    const bytes = signatures.find((signature) => signature.label === input.label)?.bytes
    const read = readOne(input, bytes, request, policy)
    if (read.ok) return read
    first ??= read
  }
  return first ?? refuse('missing', 'no signature')
}

const algorithms: ReadonlyMap<string, readonly SignatureAlgorithm[]> = new Map([
  ['rsa-v1_5-sha256', ['rsa-sha256']],
  ['rsa-v1_5-sha512', ['rsa-sha512']],
  ['rsa-pss-sha512', ['rsa-pss-sha512']],
  ['ed25519', ['ed25519']],
  ['', ['rsa-sha256', 'rsa-pss-sha512', 'ed25519']],
])

function readOne(
  input: SignatureInput,
  bytes: Buffer | undefined,
  request: ReceivedRequest,
  policy: SignaturePolicy,
): ReadSignature {
  const { components, parameters } = input
  const keyId = parameters.get('keyid')
  if (keyId === undefined || bytes === undefined) {
    return refuse('malformed', `${input.label} has no keyid or no signature`)
  }
  const allowed = algorithms.get(parameters.get('alg') ?? '')
  if (allowed === undefined) return refuse('algorithm', 'unsupported algorithm')
  const fault =
    findUncovered(components, request) ??
    findBadDate(parameters, policy) ??
    findBadContent(components, request, policy)
  if (fault !== undefined) return fault
  const origin = new URL(policy.origin)
  const lines: string[] = []
  for (const name of components) {
    const value = componentValue(name, request, origin)
    if (value === undefined) return refuse('malformed', `component ${name} is absent or unknown`)
    lines.push(`"${name}": ${value}`)
  }
  lines.push(`"@signature-params": ${input.text}`)
  const bases = [lines.join('\n')]
  return { ok: true, signature: { spec: 'rfc9421', keyId, algorithms: allowed, bases, bytes } }
}

function findUncovered(components: readonly string[], request: ReceivedRequest) {
  const has = (name: string) => components.includes(name)
  if (!has('@method')) return refuse('uncovered', '@method is not covered')
  const hasQuery = request.target.includes('?')
  const hasTarget = has('@request-target') || (has('@path') && (has('@query') || !hasQuery))
  if (!has('@target-uri') && !(hasTarget && (has('@authority') || has('host')))) {
    return refuse('uncovered', 'the target is not covered')
  }
  if (!isGet(request) && !has('content-digest')) {
    return refuse('uncovered', 'content-digest is not covered')
  }
  return undefined
}

function isGet(request: ReceivedRequest): boolean {
  return request.method === 'GET' || request.method === 'HEAD'
}

const integer = /^\d{1,11}$/

function findBadDate(parameters: ReadonlyMap<string, string>, policy: SignaturePolicy) {
  const read = (name: string) => {
    const text = parameters.get(name)
    if (text === undefined) return undefined
    return integer.test(text) ? Number(text) * 1000 : Number.NaN
  }
  const created = read('created')
  if (created === undefined) return refuse('uncovered', 'created is missing')
  if (!isTimely(created, policy)) return refuse('date', 'created is outside the window')
  const expires = read('expires')
  if (expires !== undefined && !(expires > policy.now)) return refuse('date', 'expired')
  return undefined
}

function findBadContent(
  components: readonly string[],
  request: ReceivedRequest,
  policy: SignaturePolicy,
) {
  const { headers } = request
  if (!isForHost(headers, new URL(policy.origin))) {
    return refuse('host', `sent to host ${headers.host ?? 'none'}`)
  }
  const digest = headerValue(headers, 'content-digest')
  if (digest === undefined && isGet(request) && !components.includes('content-digest')) {
    return undefined
  }
  if (digest !== undefined && matchesContentDigest(digest, request.body)) return undefined
  return refuse('digest', 'the content digest does not fit the body')
}

const fieldName = /^[a-z0-9!#$%&'*+.^_`|~-]+$/

/** A component's value (§2); undefined for one that is absent or that we do not know. */
function componentValue(name: string, request: ReceivedRequest, origin: URL): string | undefined {
  const { target } = request
  const query = target.indexOf('?')
  switch (name) {
    case '@method':
      return request.method
    case '@target-uri':
      return `${origin.origin}${target}`
    case '@authority':
      return origin.host
    case '@scheme':
      return origin.protocol.slice(0, -1)
    case '@request-target':
      return target
    case '@path':
      return query < 0 ? target : target.slice(0, query)
    case '@query':
      return query < 0 ? '?' : target.slice(query)
    default:
      return fieldName.test(name) ? headerValue(request.headers, name) : undefined
  }
}

/**
 * Prepares an RFC 9421 signature over `@method`, `@target-uri` and, with a body, `content-digest`: what Mastodon
 * makes and asks for.
 */
export function draftMessageSignature(
  request: UnsignedRequest,
  keyId: string,
  now: number,
): SignatureDraft {
  const { method, url, digest } = request
  const fields = ['host', url.host, 'date', new Date(now).toUTCString()]
  const target = `${url.origin}${url.pathname}${url.search}`
  let covered = '"@method" "@target-uri"'
  let base = `"@method": ${method}\n"@target-uri": ${target}\n`
  if (digest !== undefined) {
    fields.push('content-digest', `sha-256=:${digest}:`)
    covered += ' "content-digest"'
    base += `"content-digest": sha-256=:${digest}:\n`
  }
  const created = Math.floor(now / 1000)
  const input = `(${covered});created=${created};keyid="${keyId}";alg="rsa-v1_5-sha256"`
  base += `"@signature-params": ${input}`
  const seal = (signature: string) => {
    return ['signature-input', `sig1=${input}`, 'signature', `sig1=:${signature}:`]
  }
  return { fields, base, seal }
}
