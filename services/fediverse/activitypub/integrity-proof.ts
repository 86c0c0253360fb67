// FEP-8b32 object integrity proofs (eddsa-jcs-2022): made for what we send, checked on what others pass on.
// Ours and not Fedify's: over plain JSON no JSON-LD is needed, and Fedify 2.3.6 leaves the proof's own options
// (`expires` among them) unsigned. https://w3id.org/fep/8b32 · https://www.w3.org/TR/vc-di-eddsa/#eddsa-jcs-2022
import { hash, type KeyObject, sign, verify } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'
import { isObject, type Json } from './document.ts'
import { decodeMultibase, encodeMultibase } from './public-key.ts'

/** A proof that is well-formed and not expired; whether it is right the key decides. */
export interface IntegrityProof {
  keyId: string
  /** What may have been signed: see `messagesOf`. */
  messages: readonly Buffer[]
  bytes: Buffer
}

const suite = 'eddsa-jcs-2022'
const maxProofs = 4

/** The first eddsa-jcs-2022 proof among the first 4 of a document; undefined when there is none to check. */
export function readIntegrityProof(document: Json, now: number): IntegrityProof | undefined {
  const proofs = Array.isArray(document.proof)
    ? document.proof.slice(0, maxProofs)
    : [document.proof]
  const proof = proofs.find((item): item is Json => isObject(item) && item.cryptosuite === suite)
  if (proof === undefined) return undefined
  const { type, proofPurpose, verificationMethod, proofValue, created, expires } = proof
  if (type !== 'DataIntegrityProof' || proofPurpose !== 'assertionMethod') return undefined
  if (typeof verificationMethod !== 'string' || typeof proofValue !== 'string') return undefined
  if (Number.isNaN(instant(created)) || (expires !== undefined && !(instant(expires) > now))) {
    return undefined
  }
  if (proof['@context'] !== undefined && !startsWith(document['@context'], proof['@context'])) {
    return undefined
  }
  const bytes = decodeMultibase(proofValue)
  if (bytes?.length !== 64) return undefined
  return { keyId: verificationMethod, messages: messagesOf(document, proof), bytes }
}

/** Says whether a key made a proof. */
export function checkIntegrityProof(proof: IntegrityProof, key: KeyObject): boolean {
  if (key.asymmetricKeyType !== 'ed25519') return false
  return proof.messages.some((message) => verify(null, message, key, proof.bytes))
}

const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

function instant(value: unknown): number {
  return typeof value === 'string' && dateTime.test(value) ? Date.parse(value) : Number.NaN
}

/** vc-di-eddsa §3.3.2: the proof's context must be a beginning of the document's. */
function startsWith(documentContext: unknown, proofContext: unknown): boolean {
  const document = [documentContext].flat()
  return [proofContext].flat().every((item, index) => {
    return canonicalJson(item) === canonicalJson(document[index] ?? null)
  })
}

/**
 * The proof's options and the document without proof, each hashed. A proof without a context of its own is read with the
 * document's (FEP-8b32, Fedify) and without any; a Linked Data signature is taken to have come later, or before.
 */
function messagesOf(document: Json, proof: Json): Buffer[] {
  const { proof: _, ...unsecured } = document
  const { proofValue: __, ...options } = proof
  const context = options['@context'] ?? unsecured['@context']
  const withContext = context === undefined ? options : { ...options, '@context': context }
  const secured = context === undefined ? unsecured : { ...unsecured, '@context': context }
  const { signature, ...withoutSignature } = secured
  const documents = signature === undefined ? [secured] : [withoutSignature, secured]
  const configurations = '@context' in options ? [withContext] : [withContext, options]
  return configurations.flatMap((configuration) => {
    const first = digest(configuration)
    return documents.map((item) => Buffer.concat([first, digest(item)]))
  })
}

function digest(value: Json): Buffer {
  return hash('sha256', canonicalJson(value), 'buffer')
}

/** An Ed25519 key and the id under which the actor lists it in `assertionMethod`. */
export interface ProofSigner {
  keyId: string
  privateKey: KeyObject
}

/** The document with a proof by its actor's Ed25519 key; its context must define the proof's terms. */
export function addIntegrityProof(document: Json, signer: ProofSigner, now: number): Json {
  const { proof: _, ...unsecured } = document
  const options = {
    type: 'DataIntegrityProof',
    cryptosuite: suite,
    verificationMethod: signer.keyId,
    proofPurpose: 'assertionMethod',
    // Whole seconds: Fedify 2.3 writes the instant anew, without a fraction that is zero.
    created: `${new Date(now).toISOString().slice(0, 19)}Z`,
  }
  const configuration = { '@context': unsecured['@context'], ...options }
  const message = Buffer.concat([digest(configuration), digest(unsecured)])
  const proofValue = encodeMultibase(sign(null, message, signer.privateKey))
  return { ...unsecured, proof: { ...options, proofValue } }
}
