// Public keys as actors publish them: RSA in PEM (`publicKeyPem`, https://w3id.org/security/v1) and Ed25519
// as a Multikey (`publicKeyMultibase`, https://www.w3.org/TR/cid-1.0/#Multikey), bounded so that no
// key makes a signature costly to check.
import { createPublicKey, type KeyObject } from 'node:crypto'

const maxPemLength = 4096
const pem =
  /^\s*-----BEGIN (RSA )?PUBLIC KEY-----([\sA-Za-z0-9+/=]+)-----END (?:RSA )?PUBLIC KEY-----(?![\s\S]*-----BEGIN)/

/**
 * The key in `publicKeyPem`, line ends kept or lost: RSA of 2,048 to 8,192 bits with a public exponent of at
 * most 33 bits, or Ed25519. What follows the end line is passed over: snac 2.75 now and then leaves stray bytes there.
 * Undefined for anything else: private keys, certificates, more than 4,096 characters.
 */
export function parsePublicKeyPem(text: string): KeyObject | undefined {
  const [, rsa, base64] = (text.length <= maxPemLength && pem.exec(text)) || []
  if (base64 === undefined) return undefined
  const der = Buffer.from(base64, 'base64')
  try {
    const type = rsa === undefined ? 'spki' : 'pkcs1'
    const key = createPublicKey({ key: der, format: 'der', type })
    return isAcceptable(key) ? key : undefined
  } catch {
    return undefined
  }
}

function isAcceptable(key: KeyObject): boolean {
  if (key.asymmetricKeyType === 'ed25519') return true
  if (key.asymmetricKeyType !== 'rsa') return false
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  if (modulusLength < 2048 || modulusLength > 8192) return false
  return publicExponent >= 3n && publicExponent <= 2n ** 32n + 1n
}

const ed25519Prefix = [0xed, 0x01] as const

/** The Ed25519 key of a `publicKeyMultibase` (base58btc of the multicodec prefix ed01 and 32 bytes). */
export function parseMultikey(text: string): KeyObject | undefined {
  const bytes = decodeMultibase(text)
  if (bytes?.length !== 34) return undefined
  if (bytes[0] !== ed25519Prefix[0] || bytes[1] !== ed25519Prefix[1]) return undefined
  const x = bytes.subarray(2).toString('base64url')
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  } catch {
    return undefined
  }
}

/** The `publicKeyMultibase` of an Ed25519 public key. */
export function formatMultikey(key: KeyObject): string {
  const raw = Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')
  return encodeMultibase(Buffer.from([...ed25519Prefix, ...raw]))
}

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const base58btc = /^z[1-9A-HJ-NP-Za-km-z]{1,128}$/

/** The bytes of multibase base58btc text (`z` and at most 128 digits); undefined for anything else. */
export function decodeMultibase(text: string): Buffer | undefined {
  if (!base58btc.test(text)) return undefined
  const digits = text.slice(1)
  const zeros = digits.length - digits.replace(/^1+/, '').length
  let value = 0n
  for (const digit of digits) value = value * 58n + BigInt(alphabet.indexOf(digit))
  const hex = value === 0n ? '' : value.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.alloc(zeros), bytes])
}

/** Bytes (a key or a signature) as multibase base58btc text. */
export function encodeMultibase(bytes: Buffer): string {
  let text = ''
  for (let value = BigInt(`0x0${bytes.toString('hex')}`); value > 0n; value /= 58n) {
    text = alphabet.charAt(Number(value % 58n)) + text
  }
  let zeros = 0
  while (zeros < bytes.length && bytes[zeros] === 0) zeros += 1
  return `z${'1'.repeat(zeros)}${text}`
}
