// Whether an image is signed, and by which of the keys that the operator trusts.
import type { Digest, Repository, Tag } from '../name.ts'
import type { Descriptor } from './document.ts'
import type { ImageReader } from './reader.ts'
import {
  BUNDLE,
  checkBundle,
  checkPayload,
  SIGNATURE_ANNOTATION,
  SIGNATURE_LAYER,
  type TrustedKey,
} from './signature.ts'

/** `key`: whose signature it is; null: it is there, and of no key that is trusted here. */
export interface Signature {
  form: 'tag' | 'bundle'
  key: string | null
  /** What a bundle states: that it is signed, an SBOM, where it was built … */
  predicateType: string
}

/** cosign's statement that is nothing but a signature. */
export const SIGNED = 'https://sigstore.dev/cosign/sign/v1'
const MOST = 20

/** All signatures and attestations of an image, the verified ones first. */
export async function signaturesOf(
  images: ImageReader,
  repository: Repository,
  digest: Digest,
  keys: readonly TrustedKey[],
): Promise<Signature[]> {
  const found = [
    ...(await byTag(images, repository, digest, keys)),
    ...(await byBundle(images, repository, digest, keys)),
  ]
  return found.toSorted((a, b) => Number(a.key === null) - Number(b.key === null))
}

async function byTag(
  images: ImageReader,
  repository: Repository,
  digest: Digest,
  keys: readonly TrustedKey[],
): Promise<Signature[]> {
  const tag = `${digest.replace(':', '-')}.sig` as Tag
  const found = await images.manifest(repository, { kind: 'tag', tag })
  if (found?.manifest?.kind !== 'image') return []
  const layers = found.manifest.layers.filter(({ mediaType }) => mediaType === SIGNATURE_LAYER)
  const signatures = layers.slice(0, MOST).map(async (layer) => {
    const payload = await images.blob(repository, layer.digest)
    const written = layer.annotations.get(SIGNATURE_ANNOTATION) ?? ''
    const key = payload && checkPayload(payload, written, digest, keys)
    return key === undefined ? [] : [{ form: 'tag', key, predicateType: SIGNED } as const]
  })
  return (await Promise.all(signatures)).flat()
}

async function byBundle(
  images: ImageReader,
  repository: Repository,
  digest: Digest,
  keys: readonly TrustedKey[],
): Promise<Signature[]> {
  const referrers = await images.referrers(repository, digest)
  const bundles = referrers.filter((each) => BUNDLE.test(typeOf(each))).slice(0, MOST)
  const signatures = bundles.map(async (bundle) => {
    const found = await images.manifest(repository, { kind: 'digest', digest: bundle.digest })
    const layer = found?.manifest?.kind === 'image' ? found.manifest.layers[0] : undefined
    const bytes = layer && (await images.blob(repository, layer.digest))
    const checked = bytes && checkBundle(bytes, digest, keys)
    return checked ? [{ form: 'bundle', ...checked } as const] : []
  })
  return (await Promise.all(signatures)).flat()
}

const typeOf = ({ artifactType, mediaType }: Descriptor) => artifactType ?? mediaType
