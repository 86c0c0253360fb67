// What is attached to an image: signatures, attestations, SBOMs; in all forms that are in use, and whether a key that the
// operator trusts signed it.
import type { Digest, Repository, Tag } from '../name.ts'
import { UpstreamFailure } from '../pass/failure.ts'
import { type Attachment, openAttachment, SIGNED } from './attachment.ts'
import type { Descriptor, Manifest } from './document.ts'
import { describedBy } from './facts.ts'
import type { ImageReader } from './reader.ts'
import {
  BUNDLE,
  checkPayload,
  IN_TOTO,
  SIGNATURE_ANNOTATION,
  SIGNATURE_LAYER,
  type Signer,
  type TrustedKey,
} from './signature.ts'

/** Where a document lies: a layer of a manifest. */
export interface Attached {
  manifest: Digest
  blob: Digest
  bytes: number
  mediaType: string
  form: 'tag' | 'bundle' | 'referrer' | 'index'
  /** Of a statement; empty when it is none, or was too large to be looked into here. */
  predicateType: string
  /** Who signed it; undefined: nobody, it is there as it is. */
  key: Signer | undefined
  /** Why nobody looked into it: it is too large for an overview, or could not be read now. */
  unchecked: 'large' | 'failed' | undefined
  /** Of which image; that of an index for one of its platforms. */
  image: Digest
}

/** About what is asked. */
export interface AttachedQuestion {
  repository: Repository
  digest: Digest
  manifest: Manifest | undefined
  keys: readonly TrustedKey[]
  /** All tags of the repository, when they are known: then nothing is asked for in vain. */
  tags?: ReadonlySet<string>
  referrers: readonly Descriptor[]
}

/** In each form so many at most. */
const MOST = 50
/** Larger documents are looked into when somebody opens them. */
const MAX_OVERVIEW_BYTES = 1024 * 1024
const ENVELOPE = 'application/vnd.dsse.envelope.v1+json'
const SBOM = /(cyclonedx|spdx|syft)/i

/** All that is attached; the verified first. */
export async function attachedTo(
  images: ImageReader,
  question: AttachedQuestion,
): Promise<Attached[]> {
  const found = await Promise.all([
    signatureTag(images, question),
    layersOfTag(images, question, 'att'),
    layersOfTag(images, question, 'sbom'),
    referring(images, question, isDocument),
    ofIndex(images, question),
  ])
  return sorted(found.flat())
}

/** Only what can be a signature: for lists. */
export async function signaturesOf(
  images: ImageReader,
  question: AttachedQuestion,
): Promise<Attached[]> {
  const found = await Promise.all([
    signatureTag(images, question),
    referring(images, question, (one) => BUNDLE.test(typeOf(one)) && maySign(one)),
  ])
  return found.flat()
}

export type SignatureState =
  | { kind: 'verified'; keys: readonly string[] }
  | { kind: 'unverified' }
  | { kind: 'none' }
  /** Something is there that could not be read. */
  | { kind: 'unknown' }

/** Says what was checked, and what was not: nothing in between. */
export function stateOf(attached: readonly Attached[]): SignatureState {
  const signatures = attached.filter(isSignature)
  const keys = [...new Set(signatures.flatMap(({ key }) => key ?? []))]
  if (keys.length > 0) return { kind: 'verified', keys }
  if (signatures.length > 0) return { kind: 'unverified' }
  return { kind: attached.some(({ unchecked }) => unchecked === 'failed') ? 'unknown' : 'none' }
}

export function isSignature({ predicateType }: Attached): boolean {
  return predicateType === SIGNED
}

function sorted(attached: readonly Attached[]): Attached[] {
  return attached.toSorted((a, b) => Number(!a.key) - Number(!b.key))
}

const typeOf = ({ artifactType, mediaType }: Descriptor) => artifactType ?? mediaType

/** What its maker says of it spares a look; it never makes it a signature. */
function maySign({ annotations }: Descriptor): boolean {
  const said = annotations.get('dev.sigstore.bundle.predicateType')
  return said === undefined || said === SIGNED
}

function isDocument(descriptor: Descriptor): boolean {
  const type = typeOf(descriptor)
  return BUNDLE.test(type) || SBOM.test(type) || type === IN_TOTO || type === ENVELOPE
}

/** cosign's tags: `sha256-….sig`, `.att`, `.sbom`. */
async function layersUnder(
  images: ImageReader,
  { repository, digest, tags }: AttachedQuestion,
  end: string,
): Promise<{ manifest: Digest; layers: readonly Descriptor[] } | undefined> {
  const tag = `${digest.replace(':', '-')}.${end}` as Tag
  if (tags && !tags.has(tag)) return
  const found = await images.manifest(repository, { kind: 'tag', tag })
  if (found?.manifest?.kind !== 'image') return
  return { manifest: found.digest, layers: found.manifest.layers.slice(0, MOST) }
}

async function signatureTag(images: ImageReader, question: AttachedQuestion): Promise<Attached[]> {
  const found = await layersUnder(images, question, 'sig')
  const layers = found?.layers.filter(({ mediaType }) => mediaType === SIGNATURE_LAYER) ?? []
  const signatures = layers.map(async (layer): Promise<Attached[]> => {
    const place = placeOf(question, found?.manifest ?? question.digest, layer, 'tag')
    return await orFailed(place, async () => {
      const payload = await smallBlob(images, question.repository, layer)
      const written = layer.annotations.get(SIGNATURE_ANNOTATION) ?? ''
      const key = payload && checkPayload(payload, written, question.digest, question.keys)
      return key === undefined ? [] : [{ ...place, predicateType: SIGNED, key }]
    })
  })
  return (await Promise.all(signatures)).flat()
}

/** What could not be read may be anything. */
async function orFailed(place: Attached, task: () => Promise<Attached[]>): Promise<Attached[]> {
  try {
    return await task()
  } catch (error) {
    if (error instanceof UpstreamFailure) return [{ ...place, unchecked: 'failed' }]
    throw error
  }
}

async function layersOfTag(
  images: ImageReader,
  question: AttachedQuestion,
  end: 'att' | 'sbom',
): Promise<Attached[]> {
  const found = await layersUnder(images, question, end)
  if (!found) return []
  const { manifest, layers } = found
  const opened = layers.map((layer) => look(images, question, manifest, layer, 'tag'))
  return (await Promise.all(opened)).flat()
}

async function referring(
  images: ImageReader,
  question: AttachedQuestion,
  isWanted: (descriptor: Descriptor) => boolean,
): Promise<Attached[]> {
  const wanted = question.referrers.filter(isWanted)
  const opened = wanted.slice(0, MOST).map(async (referrer) => {
    const place = placeOf(question, referrer.digest, referrer, 'referrer')
    return await orFailed(place, async () => {
      const found = await images.named(question.repository, referrer.digest)
      const layer = found?.manifest?.kind === 'image' ? found.manifest.layers[0] : undefined
      const form = BUNDLE.test(typeOf(referrer)) ? 'bundle' : 'referrer'
      return layer ? await look(images, question, referrer.digest, layer, form) : []
    })
  })
  const rest = wanted.slice(MOST, MOST + 1)
  const unread = rest.map((one) => placeOf(question, one.digest, one, 'referrer'))
  const failed = unread.map((place): Attached => ({ ...place, unchecked: 'failed' }))
  return [...(await Promise.all(opened)).flat(), ...failed]
}

/** BuildKit's: manifests within the index, each of one platform's image. */
async function ofIndex(images: ImageReader, question: AttachedQuestion): Promise<Attached[]> {
  const { manifest: index, repository } = question
  if (index?.kind !== 'index') return []
  const within = new Set<string>(index.manifests.map(({ digest }) => digest))
  const about = index.manifests.filter((one) => within.has(describedBy(one) ?? '')).slice(0, MOST)
  const opened = about.map(async (one) => {
    const found = await images.named(repository, one.digest)
    const layers = found?.manifest?.kind === 'image' ? found.manifest.layers.slice(0, MOST) : []
    const of = { ...question, digest: describedBy(one) as Digest }
    return await Promise.all(layers.map((layer) => look(images, of, one.digest, layer, 'index')))
  })
  return (await Promise.all(opened)).flat(2)
}

/** Looks into one document, unless it is large. What speaks of something else is not attached to this. */
async function look(
  images: ImageReader,
  question: AttachedQuestion,
  manifest: Digest,
  layer: Descriptor,
  form: Attached['form'],
): Promise<Attached[]> {
  const place = placeOf(question, manifest, layer, form)
  if (layer.size > MAX_OVERVIEW_BYTES) {
    const said = layer.annotations.get('in-toto.io/predicate-type')
    const predicateType = said ?? layer.annotations.get('predicateType') ?? ''
    // What nobody looked into is no signature.
    const shown = predicateType === SIGNED ? '' : predicateType
    return [{ ...place, unchecked: 'large', predicateType: shown }]
  }
  return await orFailed(place, async () => {
    const bytes = await smallBlob(images, question.repository, layer)
    if (!bytes) return []
    const { isOfImage, predicateType, key } = await openFor(images, question, bytes)
    if (!isOfImage) return []
    // A statement that nobody signed is no signature.
    if (predicateType === SIGNED && key === undefined) return []
    return [{ ...place, predicateType, key }]
  })
}

async function openFor(
  images: ImageReader,
  { repository, digest, keys }: AttachedQuestion,
  bytes: Buffer,
): Promise<Attachment> {
  const isOfBytes = bytes.includes('"messageSignature"')
  const manifest = isOfBytes ? (await images.named(repository, digest))?.raw : undefined
  return openAttachment({ bytes, image: digest, manifest, keys })
}

async function smallBlob(
  images: ImageReader,
  repository: Repository,
  { digest }: Descriptor,
): Promise<Buffer | undefined> {
  return await images.blob(repository, digest, MAX_OVERVIEW_BYTES)
}

function placeOf(
  { digest }: AttachedQuestion,
  manifest: Digest,
  layer: Descriptor,
  form: Attached['form'],
): Attached {
  return {
    manifest,
    blob: layer.digest,
    bytes: layer.size,
    mediaType: layer.mediaType,
    form,
    predicateType: '',
    key: undefined,
    unchecked: undefined,
    image: digest,
  }
}
