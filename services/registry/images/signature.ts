// Signatures of cosign, in both forms that it writes: the tag `sha256-….sig`, and a bundle that refers to the image. A
// signature counts only when it is right for one of the keys that the operator trusts.
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { Digest } from '../name.ts'
import { type Fields, fieldsOf, parse, textOf } from './document.ts'

/** A key that the operator trusts. */
export interface TrustedKey {
  name: string
  key: KeyObject
}

export const SIGNATURE_ANNOTATION = 'dev.cosignproject.cosign/signature'
export const SIGNATURE_LAYER = 'application/vnd.dev.cosign.simplesigning.v1+json'
export const BUNDLE = /^application\/vnd\.dev\.sigstore\.bundle\.v0\.3\+json$/
export const IN_TOTO = 'application/vnd.in-toto+json'

const KEY_TYPES = ['ec', 'ed25519', 'rsa']
const HASHES = ['sha256', 'sha384', 'sha512'] as const
type Hash = (typeof HASHES)[number]
const DIGEST_BYTES: Readonly<Record<Hash, number>> = { sha256: 32, sha384: 48, sha512: 64 }
const MOST_SIGNATURES = 20

/** The public key in a PEM text; undefined when it is none that signs as cosign does (ECDSA, Ed25519, RSA). */
export function readPublicKey(pem: string): KeyObject | undefined {
  try {
    const key = createPublicKey(pem)
    return KEY_TYPES.includes(key.asymmetricKeyType ?? '') ? key : undefined
  } catch {
    return
  }
}

/**
 * The old form: a payload that names the digest of the image, and its signature. Answers the name of the key that made it,
 * null when it speaks of this image but of no known key, undefined when it speaks of something else.
 * https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
 */
export function checkPayload(
  payload: Buffer,
  signature: string,
  digest: Digest,
  keys: readonly TrustedKey[],
): Signer | undefined {
  const critical = fieldsOf(fieldsOf(parse(payload))?.['critical'])
  const image = fieldsOf(critical?.['image'])
  if (textOf(image?.['docker-manifest-digest']) !== digest) return
  return signer(payload, base64(signature), keys)
}

/** What somebody states of an image, in an envelope that may be signed. */
export interface Statement {
  predicateType: string
  predicate: unknown
  /** Whether it speaks of the image that was asked about. */
  isOfImage: boolean
}

/** The signer's name; null: it is signed, and by no key that is trusted here. */
export type Signer = string | null

/** What a bundle of sigstore holds. https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto */
export type Bundle =
  | { kind: 'envelope'; envelope: Fields }
  /** A signature of the bytes of the manifest. */
  | { kind: 'message'; digest: Buffer; signature: Buffer }

export function openBundle(document: unknown): Bundle | undefined {
  const bundle = fieldsOf(document)
  const envelope = fieldsOf(bundle?.['dsseEnvelope'])
  if (envelope) return { kind: 'envelope', envelope }
  const message = fieldsOf(bundle?.['messageSignature'])
  if (!message) return
  return {
    kind: 'message',
    digest: base64(fieldsOf(message['messageDigest'])?.['digest']),
    signature: base64(message['signature']),
  }
}

/** Who signed the manifest of an image with such a bundle; undefined when it is of something else. */
export function checkMessage(
  { digest, signature }: Extract<Bundle, { kind: 'message' }>,
  manifest: Buffer,
  keys: readonly TrustedKey[],
): Signer | undefined {
  const algorithm = HASHES.find((hash) => DIGEST_BYTES[hash] === digest.length)
  if (!algorithm || !createHash(algorithm).update(manifest).digest().equals(digest)) return
  return signer(manifest, signature, keys, algorithm)
}

/**
 * The statement in an envelope, and who signed it.
 * https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md
 * https://github.com/in-toto/attestation/blob/v1.1.0/spec/v1/statement.md
 */
export function openEnvelope(
  envelope: Fields,
  digest: Digest,
  keys: readonly TrustedKey[],
): { statement: Statement; key: Signer } | undefined {
  const payload = base64(envelope['payload'])
  const type = textOf(envelope['payloadType'])
  const statement = type === IN_TOTO ? readStatement(parse(payload), digest) : undefined
  if (!statement) return
  const signatures = Array.isArray(envelope['signatures']) ? envelope['signatures'] : []
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `
  const signed = Buffer.concat([Buffer.from(head), payload])
  const key = signatures
    .slice(0, MOST_SIGNATURES)
    .map((one) => signer(signed, base64(fieldsOf(one)?.['sig']), keys))
    .find((name) => name !== null)
  return { statement, key: key ?? null }
}

/** A statement of in-toto; undefined when it is none. */
export function readStatement(document: unknown, digest: Digest): Statement | undefined {
  const fields = fieldsOf(document)
  if (!fields || !textOf(fields['_type']).startsWith('https://in-toto.io/Statement/')) return
  const predicateType = textOf(fields['predicateType'])
  return { predicateType, predicate: fields['predicate'], isOfImage: speaksOf(fields, digest) }
}

function speaksOf(statement: Fields, digest: Digest): boolean {
  const [algorithm = '', hex] = digest.split(':')
  const named = Array.isArray(statement['subject']) ? statement['subject'] : []
  return named.some((one) => textOf(fieldsOf(fieldsOf(one)?.['digest'])?.[algorithm]) === hex)
}

/** The name of the key that made a signature; null when it is none of these. */
function signer(
  signed: Buffer,
  signature: Buffer,
  keys: readonly TrustedKey[],
  hash: Hash = 'sha256',
): Signer {
  for (const { name, key } of keys) {
    // Ed25519 hashes by itself; cosign's ECDSA and RSA are over SHA-256.
    const algorithm = key.asymmetricKeyType === 'ed25519' ? null : hash
    if (signature.length > 0 && verify(algorithm, signed, key, signature)) return name
  }
  return null
}

/** Of text of any length: an SBOM in an envelope has megabytes. */
function base64(value: unknown): Buffer {
  return Buffer.from(typeof value === 'string' ? value : '', 'base64')
}
