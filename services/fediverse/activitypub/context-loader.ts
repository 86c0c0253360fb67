// JSON-LD contexts for Fedify: the ones it ships, and a few others fetched by the guarded client, kept and bounded.
import type { DocumentLoader } from '@fedify/fedify/runtime'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { BoundedMap } from './bounded-map.ts'
import type { Remote } from './remote.ts'

type RemoteDocument = Awaited<ReturnType<DocumentLoader>>

/**
 * Makes the loader for one document. It sees each context once, so that checking the document and reading it cannot
 * disagree, and throws, as JSON-LD expects, where one cannot be had.
 */
export type LoaderForDocument = () => DocumentLoader

interface Kept {
  document: unknown
  until: number
}

const maxContexts = 100
const keptMs = 86_400_000

/** Contexts fetched on account of one document: each may take as long as a fetch may. */
const maxFetches = 2

/** Most values in a context from elsewhere; those in use have a few hundred. */
const maxContextValues = 2000

const contextOptions = {
  accept: 'application/ld+json, application/json',
  isExpected: (contentType: string) => {
    return /^application\/(?:ld\+json|activity\+json|json)\s*(?:;|$)/i.test(contentType)
  },
}

/** Loaders of contexts. Those that Fedify ships never leave the machine; at most 100 others are kept for a day. */
export async function createContextLoaders(
  remote: Pick<Remote, 'fetchJson'>,
  clock: Clock,
): Promise<LoaderForDocument> {
  const { preloadedContexts } = await import('@fedify/fedify/runtime')
  const kept = new BoundedMap<Kept>(maxContexts)

  const recall = (url: string): unknown => {
    if (Object.hasOwn(preloadedContexts, url)) return preloadedContexts[url]
    const known = kept.get(url)
    return known !== undefined && clock.now() < known.until ? known.document : undefined
  }

  const fetchContext = async (url: string): Promise<unknown> => {
    const fetched = await remote.fetchJson(url, contextOptions)
    if (!fetched.ok) throw new Error(`context ${url}: ${fetched.message}`)
    if (countValues(fetched.value) > maxContextValues)
      throw new Error(`context ${url} is too large`)
    kept.set(url, { document: fetched.value, until: clock.now() + keptMs })
    return fetched.value
  }

  return () => {
    const seen = new Map<string, Promise<RemoteDocument>>()
    let fetches = 0
    const load = async (documentUrl: string): Promise<RemoteDocument> => {
      let document = recall(documentUrl)
      if (document === undefined) {
        fetches += 1
        if (fetches > maxFetches) throw new Error('too many unknown contexts')
        document = await fetchContext(documentUrl)
      }
      return { contextUrl: null, documentUrl, document }
    }
    return (text) => {
      const url = URL.parse(text)?.href ?? text
      const loading = seen.get(url) ?? load(url)
      seen.set(url, loading)
      return loading
    }
  }
}

/** How many objects, lists and plain values JSON consists of. Recursive; parsing has bounded the depth (json.ts). */
export function countValues(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce<number>((sum, member) => sum + countValues(member), 1)
}
