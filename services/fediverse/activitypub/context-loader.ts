// JSON-LD contexts for Fedify: the ones it ships, and others fetched by the guarded client, kept and bounded.
import type { DocumentLoader } from '@fedify/fedify/runtime'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { BoundedMap } from './bounded-map.ts'
import type { Remote } from './remote.ts'

type RemoteDocument = Awaited<ReturnType<DocumentLoader>>

interface Kept {
  document: unknown
  until: number
}

const maxContexts = 100
const keptMs = 86_400_000

const contextOptions = {
  accept: 'application/ld+json, application/json',
  isExpected: (contentType: string) => {
    return /^application\/(?:ld\+json|activity\+json|json)\s*(?:;|$)/i.test(contentType)
  },
}

/**
 * A loader of contexts. Those that Fedify ships never leave the machine; at most 100 others are kept for a day.
 * Throws, as JSON-LD expects, where one cannot be had.
 */
export async function createContextLoader(
  remote: Pick<Remote, 'fetchJson'>,
  clock: Clock,
): Promise<DocumentLoader> {
  const { preloadedContexts } = await import('@fedify/fedify/runtime')
  const kept = new BoundedMap<Kept>(maxContexts)
  return async (url) => {
    const documentUrl = new URL(url).href
    if (Object.hasOwn(preloadedContexts, documentUrl)) {
      return asRemoteDocument(documentUrl, preloadedContexts[documentUrl])
    }
    const known = kept.get(documentUrl)
    if (known !== undefined && clock.now() < known.until) {
      return asRemoteDocument(documentUrl, known.document)
    }
    const fetched = await remote.fetchJson(documentUrl, contextOptions)
    if (!fetched.ok) throw new Error(`context ${documentUrl}: ${fetched.message}`)
    kept.set(documentUrl, { document: fetched.value, until: clock.now() + keptMs })
    return asRemoteDocument(documentUrl, fetched.value)
  }
}

function asRemoteDocument(documentUrl: string, document: unknown): RemoteDocument {
  return { contextUrl: null, documentUrl, document }
}

/** A loader that sees each context once, so that checking and reading a document cannot disagree about it. */
export function onceEach(loader: DocumentLoader): DocumentLoader {
  const seen = new Map<string, ReturnType<DocumentLoader>>()
  return (url, options) => {
    const loading = seen.get(url) ?? loader(url, options)
    seen.set(url, loading)
    return loading
  }
}
