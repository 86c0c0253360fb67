// What goes when something is deleted: known before, as far as the registry behind says in time.

import type { Digest, Reference, Repository, Tag } from '../name.ts'
import { immutableLine } from '../policy/decide.ts'
import type { Registry } from '../registry.ts'
import type { ImageReader } from './reader.ts'
import { inTime, tagNames } from './tags.ts'

export interface Loss {
  digest: Digest
  /** That go. */
  tags: readonly Tag[]
  /** How many tags nobody looked at. */
  unseen: number
  /** Those of them that stand in the way, each with the line of the policy that says so. */
  immutable: readonly { tag: Tag; line: number }[]
}

/** Of so many tags it is asked what they name. */
const MOST_LOOKED_AT = 400

/** Undefined when there is no such thing. */
export async function lossOf(
  images: ImageReader,
  registry: Registry,
  repository: Repository,
  reference: Reference,
): Promise<Loss | undefined> {
  const digest = (await images.manifest(repository, reference))?.digest
  if (!digest) return
  if (reference.kind === 'tag') {
    return {
      digest,
      tags: [reference.tag],
      unseen: 0,
      immutable: held(registry, repository, [reference.tag]),
    }
  }
  const names = await inTime(() => tagNames(images, repository))
  const pushes = registry.store.pushes.ofRepository(repository, 50_000)
  // Those that named it when we saw them first: they are the likeliest.
  const likely = (tag: Tag) => Number(pushes.get(tag)?.digest === digest)
  const all = [...(names?.images ?? [])].sort((a, b) => likely(b) - likely(a))
  const looked = await Promise.all(
    all.slice(0, MOST_LOOKED_AT).map(async (tag) => {
      const named = await inTime(() => images.resolve(repository, tag))
      return { tag, isIt: named === digest, isSeen: named !== undefined }
    }),
  )
  const tags = looked.filter(({ isIt }) => isIt).map(({ tag }) => tag)
  const unseen = all.length - looked.filter(({ isSeen }) => isSeen).length
  return { digest, tags, unseen, immutable: held(registry, repository, tags) }
}

function held(registry: Registry, repository: Repository, tags: readonly Tag[]): Loss['immutable'] {
  return tags.flatMap((tag) => {
    const line = immutableLine(registry.policy.current, repository, tag)
    return line === undefined ? [] : [{ tag, line }]
  })
}
