// For the tests of signatures: keys made once a file, and requests signed over whatever a test asks for,
// so that what is refused is refused although the signature itself is right.
import { generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { ReceivedRequest, SignaturePolicy } from './signature.ts'

export const rsaKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const otherRsaKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const ed25519Key = generateKeyPairSync('ed25519')

export const keyId = 'https://remote.example/users/bob#main-key'
export const now = Date.parse('2026-11-22T12:00:00Z')
export const policy: SignaturePolicy = { origin: 'https://local.example', now }
export const activity = Buffer.from('{"type":"Create","actor":"https://remote.example/users/bob"}')

export function sha256(body: Buffer): string {
  return hash('sha256', body, 'base64')
}

/** The fields of a well-formed POST to our inbox at `now`, before it is signed. */
export function inboxFields(changes: IncomingHttpHeaders = {}): IncomingHttpHeaders {
  return {
    host: 'local.example',
    date: new Date(now).toUTCString(),
    digest: `SHA-256=${sha256(activity)}`,
    'content-type': 'application/activity+json',
    ...changes,
  }
}

interface CavageChoices {
  method?: string
  target?: string
  body?: Buffer
  fields?: IncomingHttpHeaders
  covered?: string
  parameters?: Record<string, string>
  key?: KeyObject
  hash?: string | null
}

/** A request with a cavage signature made over exactly what `covered` names, right or wrong. */
export function signCavage(choices: CavageChoices = {}): ReceivedRequest {
  const { method = 'POST', target = '/alice/inbox', body = activity } = choices
  const { fields = inboxFields(), covered = '(request-target) host date digest' } = choices
  const { parameters = {}, key = rsaKey.privateKey } = choices
  const lines = covered.split(' ').map((name) => {
    if (name === '(request-target)') return `${name}: ${method.toLowerCase()} ${target}`
    if (name === '(created)' || name === '(expires)') {
      return `${name}: ${parameters[name.slice(1, -1)]}`
    }
    return `${name}: ${String(fields[name])}`
  })
  const digest = choices.hash === undefined ? 'sha256' : choices.hash
  const bytes = sign(digest, Buffer.from(lines.join('\n'), 'latin1'), key)
  const all: Record<string, string> = {
    keyId,
    algorithm: 'rsa-sha256',
    headers: covered,
    ...parameters,
    signature: bytes.toString('base64'),
  }
  const signature = Object.entries(all)
    .map(([name, value]) => (/^\d+$/.test(value) ? `${name}=${value}` : `${name}="${value}"`))
    .join(',')
  return { method, target, headers: { ...fields, signature }, body }
}

/** The parameters that end an RFC 9421 signature made at `now`. */
export const messageParameters = `;created=${now / 1000};keyid="${keyId}";alg="rsa-v1_5-sha256"`

interface MessageChoices {
  method?: string
  target?: string
  body?: Buffer
  fields?: IncomingHttpHeaders
  /** The covered components with the value each has for the signer. */
  components?: [string, string][]
  parameters?: string
  key?: KeyObject
}

/** The components that Mastodon covers in a POST to our inbox. */
export const inboxComponents: [string, string][] = [
  ['@method', 'POST'],
  ['@target-uri', 'https://local.example/alice/inbox'],
  ['content-digest', `sha-256=:${sha256(activity)}:`],
]

/** A request with an RFC 9421 signature made over exactly the given components, right or wrong. */
export function signMessage(choices: MessageChoices = {}): ReceivedRequest {
  const { method = 'POST', target = '/alice/inbox', body = activity } = choices
  const { components = inboxComponents, parameters = messageParameters } = choices
  const { key = rsaKey.privateKey } = choices
  const defaults = { host: 'local.example', 'content-digest': `sha-256=:${sha256(activity)}:` }
  const fields: IncomingHttpHeaders = choices.fields ?? defaults
  const input = `(${components.map(([name]) => `"${name}"`).join(' ')})${parameters}`
  const lines = components.map(([name, value]) => `"${name}": ${value}`)
  const base = [...lines, `"@signature-params": ${input}`].join('\n')
  const bytes = sign('sha256', Buffer.from(base, 'latin1'), key)
  const headers = {
    ...fields,
    'signature-input': `sig1=${input}`,
    signature: `sig1=:${bytes.toString('base64')}:`,
  }
  return { method, target, headers, body }
}
