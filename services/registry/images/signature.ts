// Signatures of cosign, in both forms that it writes: the tag `sha256-….sig`, and a bundle that refers to the image. A
// signature counts only when it is right for one of the keys that the operator trusts.
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { Digest } from '../name.ts'
import { fieldsOf, parse, textOf } from './document.ts'

/** A key that the operator trusts. */
export interface TrustedKey {
  name: string
  key: KeyObject
}

export const SIGNATURE_ANNOTATION = 'dev.cosignproject.cosign/signature'
export const SIGNATURE_LAYER = 'application/vnd.dev.cosign.simplesigning.v1+json'
export const BUNDLE = /^application\/vnd\.dev\.sigstore\.bundle\.v0\.3\+json$/

/** The public key in a PEM text; undefined when it is none that signs as cosign does (ECDSA, Ed25519, RSA). */
export function readPublicKey(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem)
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
): string | null | undefined {
  const critical = fieldsOf(fieldsOf(parse(payload))?.['critical'])
  const image = fieldsOf(critical?.['image'])
  if (textOf(image?.['docker-manifest-digest']) !== digest) return
  return signer(payload, Buffer.from(signature, 'base64'), keys)
}

/** The new form: a bundle of sigstore, with a DSSE envelope around an in-toto statement, or with a signature of the digest. */
export function checkBundle(
  bytes: Buffer,
  digest: Digest,
  keys: readonly TrustedKey[],
): { predicateType: string; key: string | null } | undefined {
  const bundle = fieldsOf(parse(bytes))
  const envelope = fieldsOf(bundle?.['dsseEnvelope'])
  if (envelope) return checkEnvelope(envelope, digest, keys)
  const message = fieldsOf(bundle?.['messageSignature'])
  const messageDigest = fieldsOf(message?.['messageDigest'])
  const named = Buffer.from(textOf(messageDigest?.['digest']), 'base64').toString('hex')
  if (!message || `sha256:${named}` !== digest) return
  // What was signed is the manifest itself, which is not here: its digest cannot be checked against the signature.
  return { predicateType: '', key: null }
}

/** https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md */
function checkEnvelope(
  envelope: Readonly<Record<string, unknown>>,
  digest: Digest,
  keys: readonly TrustedKey[],
): { predicateType: string; key: string | null } | undefined {
  const payload = Buffer.from(String(envelope['payload'] ?? ''), 'base64')
  const type = textOf(envelope['payloadType'])
  const statement = fieldsOf(parse(payload))
  if (!statement || !speaksOf(statement, digest)) return
  const signatures = Array.isArray(envelope['signatures']) ? envelope['signatures'] : []
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `
  const signed = Buffer.concat([Buffer.from(head), payload])
  const key = signatures
    .slice(0, 20)
    .map((one) => signer(signed, Buffer.from(textOf(fieldsOf(one)?.['sig']), 'base64'), keys))
    .find((name) => name !== null)
  return { predicateType: textOf(statement['predicateType']), key: key ?? null }
}

function speaksOf(statement: Readonly<Record<string, unknown>>, digest: Digest): boolean {
  const [algorithm = '', hex] = digest.split(':')
  const named = Array.isArray(statement['subject']) ? statement['subject'] : []
  return named.some((one) => textOf(fieldsOf(fieldsOf(one)?.['digest'])?.[algorithm]) === hex)
}

/** The name of the key that made a signature; null when it is none of these. */
function signer(signed: Buffer, signature: Buffer, keys: readonly TrustedKey[]): string | null {
  for (const { name, key } of keys) {
    // Ed25519 hashes by itself; cosign's ECDSA and RSA are over SHA-256.
    const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
    if (signature.length > 0 && verify(hash, signed, key, signature)) return name
  }
  return null
}
