// What lists say of an image: how large, for how many platforms, made when. All of it follows from its digest, so that it is
// asked for once.
import type { Digest, Repository } from '../name.ts'
import { type Descriptor, type ImageConfig, isImageConfig, type Manifest } from './document.ts'
import type { ImageReader } from './reader.ts'

export interface ImageFacts {
  /** `Image`, an index of several, or something else that is kept like an image. */
  kind: 'image' | 'index' | 'artifact' | 'unknown'
  /** Of configuration and layers; undefined for an index. */
  bytes: number | undefined
  /** Of an index, or the one of an image. */
  platforms: readonly string[]
  /** When it was made, as it says itself. */
  createdAt: number | undefined
}

/** Reproducible builds have no date, or one that is none. */
const YEAR_1990 = Date.UTC(1990)
/** A larger configuration is not read for a list. */
const MAX_CONFIG_BYTES = 1024 * 1024

/** Undefined when the upstream has it not. */
export async function factsOf(
  images: ImageReader,
  repository: Repository,
  digest: Digest,
): Promise<ImageFacts | undefined> {
  const key = `${repository} ${digest}`
  const kept = images.facts.get(key)
  if (kept) return kept
  const found = await images.named(repository, digest)
  if (!found) return
  const { manifest } = found
  const config = await configOf(images, repository, manifest)
  const said = manifest?.annotations.get('org.opencontainers.image.created')
  const facts: ImageFacts = {
    kind: kindOf(manifest),
    bytes: sizeOf(manifest),
    platforms: config?.platform
      ? [config.platform]
      : platformsOf(manifest).map(({ platform }) => platform ?? 'other'),
    createdAt: meantDate(said) ?? meantDate(config?.created),
  }
  images.facts.set(key, facts)
  return facts
}

/** The images of an index, without what is said of them. */
export function platformsOf(manifest: Manifest | undefined): Descriptor[] {
  return manifest?.kind === 'index' ? manifest.manifests.filter((one) => !describedBy(one)) : []
}

/**
 * What the entry of an index describes instead of being an image, as BuildKit writes it.
 * https://docs.docker.com/build/metadata/attestations/attestation-storage/
 */
export function describedBy({ annotations }: Descriptor): string | undefined {
  return annotations.get('vnd.docker.reference.type') === 'attestation-manifest'
    ? (annotations.get('vnd.docker.reference.digest') ?? '')
    : undefined
}

/** Of configuration and layers. */
export function sizeOf(manifest: Manifest | undefined): number | undefined {
  if (manifest?.kind !== 'image') return
  return manifest.layers.reduce((sum, { size }) => sum + size, manifest.config?.size ?? 0)
}

/** A date that somebody meant. */
export function meantDate(text: string | undefined): number | undefined {
  const at = Date.parse(text ?? '')
  return at > YEAR_1990 ? at : undefined
}

function kindOf(manifest: Manifest | undefined): ImageFacts['kind'] {
  if (!manifest) return 'unknown'
  if (manifest.kind === 'index') return 'index'
  return manifest.config && isImageConfig(manifest.config) ? 'image' : 'artifact'
}

async function configOf(
  images: ImageReader,
  repository: Repository,
  manifest: Manifest | undefined,
): Promise<ImageConfig | undefined> {
  const config = manifest?.kind === 'image' ? manifest.config : undefined
  if (!config || !isImageConfig(config) || config.size > MAX_CONFIG_BYTES) return
  return await images.config(repository, config.digest)
}
