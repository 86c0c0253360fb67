// The tags of a repository as a list that people read: found by a word, in the order that they want, a page at a time. All
// names are read first, which is one request for a thousand; what an image is, is asked for those on the page.
import { type Digest, isHelperTag, type Repository, type Tag } from '../name.ts'
import { UpstreamFailure } from '../pass/failure.ts'
import type { PushRecord } from '../store/records.ts'
import { type SignatureState, signaturesOf, stateOf } from './attached.ts'
import { factsOf, type ImageFacts } from './facts.ts'
import type { ImageReader } from './reader.ts'
import type { TrustedKey } from './signature.ts'

export type Order = 'newest' | 'name'

export interface TagNames {
  /** Those that name images, unsorted. */
  images: readonly Tag[]
  /** All of them. */
  all: ReadonlySet<string>
  /** There are more than we read. */
  isCut: boolean
}

export interface TagRow {
  tag: Tag
  /** Undefined when the upstream did not say in time; so with the others. */
  digest: Digest | undefined
  facts: ImageFacts | undefined
  signature: SignatureState | undefined
  /** When it was pushed through us, as what it names now. */
  pushedAt: number | undefined
}

const MOST_READ = 20_000
const READ = 1_000

/** Undefined when there is no such repository. */
export async function tagNames(
  images: ImageReader,
  repository: Repository,
  most = MOST_READ,
): Promise<TagNames | undefined> {
  const all = new Set<Tag>()
  let last = ''
  for (;;) {
    const found = await images.tags(repository, last, READ)
    if (!found) return all.size > 0 ? namesOf(all, true) : undefined
    const before = all.size
    for (const tag of found.tags) all.add(tag)
    last = found.tags.at(-1) ?? ''
    if (!found.hasMore || all.size === before) return namesOf(all, false)
    if (all.size >= most) return namesOf(all, true)
  }
}

function namesOf(all: ReadonlySet<Tag>, isCut: boolean): TagNames {
  return { images: [...all].filter((tag) => !isHelperTag(tag)), all, isCut }
}

/** Those that hold a word, in an order. Whose push we did not see come behind the newest ones. */
export function arrange(
  tags: readonly Tag[],
  { wanted, order }: { wanted: string; order: Order },
  pushes: ReadonlyMap<string, PushRecord>,
): Tag[] {
  const found = tags.filter((tag) => tag.toLowerCase().includes(wanted.toLowerCase()))
  const byName = (a: string, b: string) => NAMES.compare(a, b)
  if (order === 'name') return found.sort(byName)
  const at = (tag: string) => pushes.get(tag)?.at ?? 0
  return found.sort((a, b) => at(b) - at(a) || byName(b, a))
}

/** `v9` before `v10`. */
const NAMES = new Intl.Collator('en', { numeric: true })

/** What the images of one page are. */
export async function describeTags(
  images: ImageReader,
  repository: Repository,
  tags: readonly Tag[],
  known: {
    all: ReadonlySet<string>
    pushes: ReadonlyMap<string, PushRecord>
    keys: readonly TrustedKey[]
  },
): Promise<TagRow[]> {
  const { all, pushes, keys } = known
  return await Promise.all(
    tags.map(async (tag): Promise<TagRow> => {
      const digest = await inTime(() => images.resolve(repository, tag))
      if (!digest)
        return { tag, digest, facts: undefined, signature: undefined, pushedAt: undefined }
      const [facts, signature] = await Promise.all([
        inTime(() => factsOf(images, repository, digest)),
        inTime(async () => {
          const referrers = await images.referrers(repository, digest, all)
          const question = { repository, digest, manifest: undefined, keys, tags: all, referrers }
          return stateOf(await signaturesOf(images, question))
        }),
      ])
      const push = pushes.get(tag)
      const pushedAt = push?.digest === digest ? push.at : undefined
      return { tag, digest, facts, signature, pushedAt }
    }),
  )
}

/** A page that is not whole is better than none. */
export async function inTime<T>(task: () => Promise<T>): Promise<T | undefined> {
  try {
    return await task()
  } catch (error) {
    if (error instanceof UpstreamFailure) return
    throw error
  }
}
