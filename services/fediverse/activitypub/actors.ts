// Actors of other servers: fetched when first needed, kept below cache/, refreshed when old.

import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Fetching } from '../context.ts'
import { hashId, paths } from '../store/layout.ts'
import type { Tree } from '../store/tree.ts'
import { BoundedMap } from './bounded-map.ts'
import { type Actor, hostOf, type Json, parseActor } from './document.ts'

export type ResolvedActor =
  | { ok: true; actor: Actor }
  | { ok: false; kind: string; message: string }

export interface RemoteActors {
  /** What the cache has, however old. */
  get(id: string): Actor | undefined
  /** The actor, fetched unless the cache has one younger than `maxAgeMs` (default a day). */
  resolve(id: string, maxAgeMs?: number): Promise<ResolvedActor>
  /** Starts to fetch an actor that will be shown; nothing waits for it. */
  prefetch(id: string): void
  /** Takes in a document that its own host vouches for (an Update, a fetched key owner). */
  remember(document: Json): Actor | undefined
  forget(id: string): void
  /** Ids of the posts that she has pinned, newest pin first. */
  pinned(id: string): string[]
  setPinned(id: string, posts: string[]): void
}

interface CachedActor {
  fetchedAt: number
  document: Json
}

const DAY_MS = 86_400_000
const MAX_PARSED = 1_000
const MAX_PINNED = 20

export function makeRemoteActors(tree: Tree, fetching: Fetching, clock: Clock): RemoteActors {
  const parsed = new BoundedMap<{ actor: Actor; fetchedAt: number }>(MAX_PARSED)
  const underWay = new Map<string, Promise<ResolvedActor>>()

  const read = (id: string) => {
    const known = parsed.get(id)
    if (known) return known
    const cached = tree.read<CachedActor>(paths.cache('actors', hashId(id)))
    const actor = cached && parseActor(cached.document)
    if (!actor || actor.id !== id) return
    parsed.set(actor.id, { actor, fetchedAt: cached.fetchedAt })
    return { actor, fetchedAt: cached.fetchedAt }
  }
  const remember = (document: Json) => {
    const actor = parseActor(document)
    if (!actor) return
    const cached: CachedActor = { fetchedAt: clock.now(), document }
    tree.writeCached(paths.cache('actors', hashId(actor.id)), cached)
    parsed.set(actor.id, { actor, fetchedAt: cached.fetchedAt })
    return actor
  }
  const load = async (id: string): Promise<ResolvedActor> => {
    const fetched = await fetching.fetchDocument(id)
    if (!fetched.ok) return fetched
    const actor = parseActor(fetched.document)
    if (!actor) return { ok: false, kind: 'not-an-actor', message: `${id} is not an actor` }
    // Exact, and vouched for by its own host: an alias URL or a foreign document proves nothing about this id.
    if (actor.id !== id || hostOf(fetched.url) !== hostOf(id)) {
      return { ok: false, kind: 'wrong-id', message: `${id} answers with another id` }
    }
    remember(fetched.document)
    return { ok: true, actor }
  }

  const resolve = async (id: string, maxAgeMs = DAY_MS): Promise<ResolvedActor> => {
    const known = read(id)
    if (known && clock.now() - known.fetchedAt < maxAgeMs) return { ok: true, actor: known.actor }
    let loading = underWay.get(id)
    if (!loading) {
      loading = load(id).finally(() => underWay.delete(id))
      underWay.set(id, loading)
    }
    return loading
  }

  return {
    get: (id) => read(id)?.actor,
    resolve,
    prefetch(id) {
      if (!read(id)) resolve(id).catch(() => {}) // a full disk: shown without a name until it is mended
    },
    remember,
    forget(id) {
      parsed.delete(id)
      tree.removeCached(paths.cache('actors', hashId(id)))
    },
    pinned: (id) => tree.read<string[]>(paths.cache('pinned', hashId(id))) ?? [],
    setPinned(id, posts) {
      tree.writeCached(paths.cache('pinned', hashId(id)), posts.slice(0, MAX_PINNED))
    },
  }
}
