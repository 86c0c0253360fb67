// SCRAM-SHA-256 without channel binding, both sides: ours as a client of a network, and as the server of our own clients.
// https://www.rfc-editor.org/rfc/rfc5802 https://www.rfc-editor.org/rfc/rfc7677
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { ScramVerifier } from '../store/records.ts'

const derive = promisify(pbkdf2)

/** RFC 7677, 4 asks for at least so many. */
const MIN_ITERATIONS = 4_096
/** More, asked for by a network, would be a way to keep us busy. */
const MAX_ITERATIONS = 2_000_000
/** Bytes of a message of either side. */
const MAX_MESSAGE = 4_096
const HASH_BYTES = 32

/** The verifier of a password: what a server keeps instead of it. `salt` is for tests. */
export async function makeVerifier(
  password: string,
  { iterations = MIN_ITERATIONS, salt = randomBytes(16) } = {},
): Promise<ScramVerifier> {
  const salted = await saltedPassword(password, salt, iterations)
  return {
    salt: salt.toString('base64'),
    iterations,
    storedKey: sha256(hmac(salted, 'Client Key')).toString('base64'),
    serverKey: hmac(salted, 'Server Key').toString('base64'),
  }
}

/**
 * A verifier that no password fits, for a name that is not known: always the same for a name and a `secret`, so that the
 * salt does not tell that there is nobody (RFC 5802, 9).
 */
export function nobodysVerifier(name: string, secret: string): ScramVerifier {
  return {
    salt: hmac(secret, `salt ${name}`).subarray(0, 16).toString('base64'),
    iterations: MIN_ITERATIONS,
    storedKey: hmac(secret, `stored key ${name}`).toString('base64'),
    serverKey: hmac(secret, `server key ${name}`).toString('base64'),
  }
}

/** The first message of a client (RFC 5802, 7: client-first-message). */
export interface ClientFirst {
  /** Who she says she is. */
  user: string
  /** As whom she wants to act; '' is `user`. */
  authzid: string
  /** `n,a=authzid,` or `y,…`: binds no channel. */
  header: string
  bare: string
  nonce: string
}

/** Undefined when it is malformed, wants a channel bound, or has an extension that we must know (`m=`). */
export function parseClientFirst(text: string): ClientFirst | undefined {
  if (text.length > MAX_MESSAGE) return
  const parts =
    /^([ny],(?:a=([^,]+))?,)(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,[a-zA-Z]=[^,]+)*)$/.exec(text)
  if (!parts) return
  const [, header = '', authzid = '', bare = '', name = '', nonce = ''] = parts
  const user = unescapeName(name)
  const as = unescapeName(authzid)
  return user === undefined || as === undefined
    ? undefined
    : { user, authzid: as, header, bare, nonce }
}

export type ScramOutcome = { ok: true; final: string } | { ok: false; final: string }

/** The server's side of one exchange, from the client's first message on. */
export class ScramServer {
  /** The server's first message: the challenge. */
  readonly challenge: string
  readonly #first: ClientFirst
  readonly #verifier: ScramVerifier
  readonly #nonce: string

  /** `nonce` is for tests: ours, behind the client's. */
  constructor(
    first: ClientFirst,
    verifier: ScramVerifier,
    nonce = randomBytes(18).toString('base64'),
  ) {
    this.#first = first
    this.#verifier = verifier
    this.#nonce = first.nonce + nonce
    this.challenge = `r=${this.#nonce},s=${verifier.salt},i=${verifier.iterations}`
  }

  /** Checks the client's final message. `final` is the server's: its signature, or why not (RFC 5802, 7: server-error). */
  finish(text: string): ScramOutcome {
    const split = text.lastIndexOf(',p=')
    if (text.length > MAX_MESSAGE || split < 0) return { ok: false, final: 'e=other-error' }
    const withoutProof = text.slice(0, split)
    const fields = fieldsOf(withoutProof)
    if (fields.get('c') !== base64(this.#first.header)) {
      return { ok: false, final: 'e=channel-bindings-dont-match' }
    }
    if (fields.get('r') !== this.#nonce || fields.has('m'))
      return { ok: false, final: 'e=other-error' }
    const signed = `${this.#first.bare},${this.challenge},${withoutProof}`
    const storedKey = Buffer.from(this.#verifier.storedKey, 'base64')
    const proof = Buffer.from(text.slice(split + 3), 'base64')
    if (proof.length !== HASH_BYTES) return { ok: false, final: 'e=invalid-proof' }
    const clientKey = xor(proof, hmac(storedKey, signed))
    if (!timingSafeEqual(sha256(clientKey), storedKey))
      return { ok: false, final: 'e=invalid-proof' }
    const signature = hmac(Buffer.from(this.#verifier.serverKey, 'base64'), signed)
    return { ok: true, final: `v=${signature.toString('base64')}` }
  }
}

/** The client's side of one exchange. */
export class ScramClient {
  /** The client's first message. */
  readonly first: string
  readonly #password: string
  readonly #bare: string
  readonly #nonce: string
  #signature: Buffer | undefined

  /** `nonce` is for tests. */
  constructor(user: string, password: string, nonce = randomBytes(18).toString('base64')) {
    this.#password = password
    this.#nonce = nonce
    this.#bare = `n=${prepared(user).replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`
    this.first = `n,,${this.#bare}`
  }

  /** Answers the challenge; undefined when it is malformed, not for us, or asks for too little or too much work. */
  async respond(challenge: string): Promise<string | undefined> {
    if (challenge.length > MAX_MESSAGE) return
    const fields = fieldsOf(challenge)
    const nonce = fields.get('r') ?? ''
    const salt = Buffer.from(fields.get('s') ?? '', 'base64')
    const iterations = Number(fields.get('i'))
    if (fields.has('m') || !nonce.startsWith(this.#nonce) || nonce === this.#nonce) return
    if (salt.length === 0 || !Number.isInteger(iterations)) return
    if (iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS) return
    const salted = await saltedPassword(this.#password, salt, iterations)
    const withoutProof = `c=${base64('n,,')},r=${nonce}`
    const signed = `${this.#bare},${challenge},${withoutProof}`
    const clientKey = hmac(salted, 'Client Key')
    const proof = xor(clientKey, hmac(sha256(clientKey), signed))
    this.#signature = hmac(hmac(salted, 'Server Key'), signed)
    return `${withoutProof},p=${proof.toString('base64')}`
  }

  /** Whether the server's final message proves that it knows the password, too. */
  isServerTrue(final: string): boolean {
    const shown = Buffer.from(fieldsOf(final).get('v') ?? '', 'base64')
    const expected = this.#signature
    return (
      expected !== undefined && shown.length === expected.length && timingSafeEqual(shown, expected)
    )
  }
}

function saltedPassword(password: string, salt: Buffer, iterations: number): Promise<Buffer> {
  return derive(prepared(password), salt, iterations, HASH_BYTES, 'sha256')
}

/** What of SASLprep (RFC 4013) changes a string that people type: odd spaces, invisible characters, NFKC. */
function prepared(text: string): string {
  return text
    .replace(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g, ' ')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .normalize('NFKC')
}

function fieldsOf(text: string): Map<string, string> {
  return new Map(text.split(',').map((field) => [field.slice(0, 1), field.slice(2)]))
}

/** `=2C` is a comma and `=3D` an equals sign; any other use of one is malformed. */
function unescapeName(name: string): string | undefined {
  if (/=(?!2C|3D)/.test(name)) return
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=')
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest()
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest()
const xor = (a: Buffer, b: Buffer) => Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)))
