// The keys of actors elsewhere, kept so that a signature seldom costs a request, and bounded in number, age and in
// how often a stranger can make us fetch one.
import type { Clock } from '@fuchsbau/shared/clock.ts'
import {
  type ActorKey,
  type FoundKey,
  fetchActorKey,
  type KeyFetching,
  type NoKey,
} from './actor-key.ts'
import { BoundedMap } from './bounded-map.ts'
import { parsePublicKeyPem } from './public-key.ts'

/** A key as it is kept over restarts. */
export interface SavedKey {
  owner: string
  /** SubjectPublicKeyInfo. */
  pem: string
  fetchedAt: number
}

/** Where keys are kept over restarts, if anywhere; what it loses is fetched again. */
export interface SavedKeys {
  get(keyId: string): SavedKey | undefined
  put(keyId: string, key: SavedKey): void
  remove(keyId: string): void
}

export interface KeyCacheOptions extends KeyFetching {
  clock: Clock
  saved?: SavedKeys | undefined
  /** Keys kept in memory, and failures as many; 2,000 by default. */
  maxKeys?: number
}

interface KnownKey extends ActorKey {
  fetchedAt: number
}

interface Failed {
  result: NoKey
  until: number
}

const minute = 60_000
const day = 86_400_000

/** How long a key is used without asking again, and at most while its host cannot be asked. */
const freshMs = day
const staleMs = 30 * day

/** A key id is fetched at most this often because its signatures fail. */
const refetchMs = 5 * minute

/** How long a failure stands. */
const failedMs = { gone: 60 * minute, refused: 10 * minute, unreachable: minute, busy: 0 } as const

export class KeyCache {
  readonly #options: KeyCacheOptions
  readonly #known: BoundedMap<KnownKey>
  readonly #failed: BoundedMap<Failed>
  readonly #attemptedAt: BoundedMap<number>
  readonly #underWay = new Map<string, Promise<FoundKey>>()

  constructor(options: KeyCacheOptions) {
    const { maxKeys = 2000 } = options
    this.#options = options
    this.#known = new BoundedMap(maxKeys)
    this.#failed = new BoundedMap(maxKeys)
    this.#attemptedAt = new BoundedMap(maxKeys)
  }

  /**
   * The key of this exact id and its owner. Fetched when unknown or a day old; an older one still serves, for 30 days, when
   * its host cannot be reached or the actor is gone, so that she can sign her own Delete.
   */
  async find(keyId: string): Promise<FoundKey> {
    const { clock } = this.#options
    const known = this.#recall(keyId)
    if (known !== undefined && clock.now() - known.fetchedAt < freshMs) return known
    const failed = this.#failed.get(keyId)
    const isFailed = failed !== undefined && clock.now() < failed.until
    const found = isFailed ? failed.result : await this.#fetch(keyId)
    if (found.ok || found.kind === 'refused' || known === undefined) return found
    return clock.now() - known.fetchedAt < staleMs ? known : found
  }

  /**
   * Fetches a key anew, because a signature does not fit the one we have: its owner may have changed it. Undefined when it
   * was fetched, or tried, within the last 5 minutes.
   */
  async refetch(keyId: string): Promise<FoundKey | undefined> {
    const last = this.#attemptedAt.get(keyId) ?? this.#recall(keyId)?.fetchedAt
    const isRecent = last !== undefined && this.#options.clock.now() - last < refetchMs
    return isRecent ? undefined : this.#fetch(keyId)
  }

  /** The key in memory or, from an earlier run, in the saved ones. */
  #recall(keyId: string): KnownKey | undefined {
    const known = this.#known.get(keyId)
    if (known !== undefined) return known
    const saved = this.#options.saved?.get(keyId)
    const key = parsePublicKeyPem(saved?.pem ?? '')
    if (saved === undefined || key === undefined) return undefined
    const { owner, fetchedAt } = saved
    const recalled: KnownKey = { ok: true, key, owner, fetchedAt }
    this.#known.set(keyId, recalled)
    return recalled
  }

  /** Fetches a key once, however many wait for it. */
  #fetch(keyId: string): Promise<FoundKey> {
    const underWay = this.#underWay.get(keyId)
    if (underWay !== undefined) return underWay
    this.#attemptedAt.set(keyId, this.#options.clock.now())
    const fetching = fetchActorKey(this.#options, keyId).then((found) => this.#keep(keyId, found))
    this.#underWay.set(keyId, fetching)
    return fetching.finally(() => this.#underWay.delete(keyId))
  }

  #keep(keyId: string, found: FoundKey): FoundKey {
    const { clock, saved } = this.#options
    const now = clock.now()
    if (!found.ok) {
      this.#failed.set(keyId, { result: found, until: now + failedMs[found.kind] })
      if (found.kind === 'refused') {
        this.#known.delete(keyId)
        saved?.remove(keyId)
      }
      return found
    }
    this.#failed.delete(keyId)
    this.#known.set(keyId, { ...found, fetchedAt: now })
    const pem = found.key.export({ type: 'spki', format: 'pem' }).toString()
    saved?.put(keyId, { owner: found.owner, pem, fetchedAt: now })
    return found
  }
}
