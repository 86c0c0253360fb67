// The tree of referrers: what refers to an image, what refers to that, and so on, as far as somebody wants to read.
import type { Digest, Repository } from '../name.ts'
import type { Descriptor } from './document.ts'
import type { ImageReader } from './reader.ts'

export interface Referrer {
  descriptor: Descriptor
  referrers: readonly Referrer[]
}

export interface ReferrerTree {
  referrers: readonly Referrer[]
  /** Whether there is more than is shown. */
  isCut: boolean
}

const MAX_DEPTH = 4
const MAX_NODES = 60

/** Of what refers to an image, the tree. Circles end at the depth. */
export async function treeOf(
  images: ImageReader,
  repository: Repository,
  first: readonly Descriptor[],
): Promise<ReferrerTree> {
  const state = { left: MAX_NODES, isCut: false }
  const referrers = await grow(images, repository, first, 1, state)
  return { referrers, isCut: state.isCut }
}

async function grow(
  images: ImageReader,
  repository: Repository,
  found: readonly Descriptor[],
  depth: number,
  state: { left: number; isCut: boolean },
): Promise<Referrer[]> {
  const taken = found.slice(0, state.left)
  state.left -= taken.length
  if (taken.length < found.length) state.isCut = true
  return await Promise.all(
    taken.map(async (descriptor) => {
      const more = await below(images, repository, descriptor.digest)
      if (depth < MAX_DEPTH) {
        return { descriptor, referrers: await grow(images, repository, more, depth + 1, state) }
      }
      if (more.length > 0) state.isCut = true
      return { descriptor, referrers: [] }
    }),
  )
}

/** What cannot be asked for is not shown. */
async function below(
  images: ImageReader,
  repository: Repository,
  digest: Digest,
): Promise<readonly Descriptor[]> {
  return await images.referrers(repository, digest).catch(() => [])
}
