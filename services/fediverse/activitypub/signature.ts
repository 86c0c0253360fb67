// HTTP signatures of requests, in and out, in both specifications, with node:crypto keys: the hot path.
// Reading needs no key; the key named by the signature is then found (key-cache.ts) and checked against it.
import { constants, type KeyObject, sign, verify } from 'node:crypto'
import { draftCavage, readCavage, type UnsignedRequest } from './cavage.ts'
import { draftMessageSignature, readMessageSignature } from './message-signature.ts'
import {
  duplicateField,
  headerValue,
  type ReadSignature,
  type ReceivedRequest,
  type ReceivedSignature,
  refuse,
  type SignatureAlgorithm,
  type SignaturePolicy,
  type SignatureSpec,
} from './received-signature.ts'

export type { UnsignedRequest } from './cavage.ts'
export type {
  ReceivedRequest,
  ReceivedSignature,
  SignatureFault,
  SignaturePolicy,
  SignatureSpec,
} from './received-signature.ts'

/**
 * Reads the signature of a request and checks everything about it but the key: RFC 9421 where there is a
 * `Signature-Input`, else draft-cavage-http-signatures-12. Throws nothing, whatever is in the request.
 */
export function readSignature(request: ReceivedRequest, policy: SignaturePolicy): ReadSignature {
  const twice = duplicateField(request.rawHeaders ?? [])
  if (twice !== undefined) return refuse('malformed', `${twice} comes twice`)
  const input = headerValue(request.headers, 'signature-input')
  if (input !== undefined) return readMessageSignature(input, request, policy)
  const field = headerValue(request.headers, 'signature')
  if (field === undefined) return refuse('missing', 'the request is not signed')
  return readCavage(field, request, policy)
}

/** Says whether a key made a signature, by any of the algorithms that its sender allows and the key fits. */
export function checkSignature(signature: ReceivedSignature, key: KeyObject): boolean {
  for (const base of signature.bases) {
    const data = Buffer.from(base, 'latin1')
    for (const algorithm of signature.algorithms) {
      if (checkWith(algorithm, data, key, signature.bytes)) return true
    }
  }
  return false
}

function checkWith(algorithm: SignatureAlgorithm, data: Buffer, key: KeyObject, bytes: Buffer) {
  const isRsa = key.asymmetricKeyType === 'rsa'
  switch (algorithm) {
    case 'rsa-sha256':
      return isRsa && verify('sha256', data, key, bytes)
    case 'rsa-sha512':
      return isRsa && verify('sha512', data, key, bytes)
    case 'rsa-pss-sha512': {
      const padding = constants.RSA_PKCS1_PSS_PADDING
      return isRsa && verify('sha512', data, { key, padding, saltLength: 64 }, bytes)
    }
    case 'ed25519':
      return key.asymmetricKeyType === 'ed25519' && verify(null, data, key, bytes)
  }
}

/** Who signs our requests: an RSA private key and the id under which its public half is published. */
export interface Signer {
  keyId: string
  privateKey: KeyObject
}

/**
 * Signs a request and resolves to its header fields (names and values in turn): host, date, digest and signature.
 * RSA runs on the thread pool, 0.25 ms for 2,048 bits. `request.digest` is made once per activity.
 */
export async function signRequest(
  spec: SignatureSpec,
  request: UnsignedRequest,
  signer: Signer,
  now: number,
): Promise<string[]> {
  const draftOf = spec === 'cavage' ? draftCavage : draftMessageSignature
  const { fields, base, seal } = draftOf(request, signer.keyId, now)
  const bytes = await signRsa(Buffer.from(base, 'latin1'), signer.privateKey)
  return [...fields, ...seal(bytes.toString('base64'))]
}

function signRsa(data: Buffer, key: KeyObject): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    sign('sha256', data, key, (error, bytes) => (error ? reject(error) : resolve(bytes)))
  })
}
