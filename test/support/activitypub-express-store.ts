// The store that activitypub-express asks for (its store/interface.js), in memory instead of MongoDB: objects and
// activities by id, collections as marks on activities, contexts of JSON-LD, and the queue of deliveries.
import { preloadedContexts } from '@fedify/fedify/runtime'

export type Document = Record<string, unknown> & { id: string; _meta?: Meta }

interface Meta {
  collection?: string[]
  privateKey?: string
  [key: string]: unknown
}

interface Delivery {
  address: string
  actorId: string
  signingKey: string
  body: string
  attempt: number
  after: Date
}

interface Context {
  contextUrl: string | null
  documentUrl: string
  document: unknown
}

/** The marks of activitypub-express leave the store only where they are asked for: a private key is among them. */
function reveal<T extends Document>(document: T | undefined, includeMeta = false): T | undefined {
  if (!document) return
  const { _meta, ...open } = structuredClone(document)
  return (includeMeta && _meta ? { ...open, _meta } : open) as T
}

export class ActivityPubExpressStore {
  readonly objects = new Map<string, Document>()
  /** Activities, in the order in which they came. */
  readonly streams = new Map<string, Document>()
  /** Contexts that were asked for and are not known; nothing is fetched for them. */
  readonly unknownContexts = new Set<string>()
  #deliveries: Delivery[] = []
  #lastId = 0

  async setup(): Promise<void> {}

  async getObject(id: string, includeMeta?: boolean) {
    return reveal(this.objects.get(id), includeMeta === true)
  }

  async saveObject(object: Document): Promise<boolean> {
    if (this.objects.has(object.id)) return false
    this.objects.set(object.id, structuredClone(object))
    return true
  }

  /** Replaces an object, or merges into it (null removes), here and where an activity embeds it. */
  async updateObject(object: Document, _actorId: string | null, isFull?: boolean) {
    const known = this.objects.get(object.id)
    if (!known) return
    const next = isFull ? structuredClone(object) : merged(known, object)
    this.objects.set(object.id, next)
    this.#updateCopies(next)
    return reveal(next)
  }

  async getActivity(id: string, includeMeta?: boolean) {
    return reveal(this.streams.get(id), includeMeta)
  }

  async saveActivity(activity: Document): Promise<true | undefined> {
    if (this.streams.has(activity.id)) return
    this.streams.set(activity.id, structuredClone(activity))
    return true
  }

  async updateActivity(activity: Document, isFull?: boolean) {
    const known = this.streams.get(activity.id)
    if (!known) return activity
    const next = isFull ? structuredClone(activity) : merged(known, activity)
    this.streams.set(activity.id, next)
    this.#updateCopies(next)
    return reveal(next, true)
  }

  async updateActivityMeta(activity: Document, key: string, value: string, isRemoved?: boolean) {
    const known = this.streams.get(activity.id)
    if (!known) throw new Error('Error updating activity meta: not found')
    const values = (known._meta?.[key] ?? []) as string[]
    const others = values.filter((other) => other !== value)
    known._meta = { ...known._meta, [key]: isRemoved ? others : [...others, value] }
    return reveal(known, true)
  }

  async removeActivity(activity: Document, actorId: string): Promise<void> {
    const known = this.streams.get(activity.id)
    if (known && idsOf(known.actor).includes(actorId)) this.streams.delete(activity.id)
  }

  async findActivityByCollectionAndObjectId(collection: string, id: string, includeMeta?: boolean) {
    const found = this.inCollection(collection).find(({ object }) => idsOf(object).includes(id))
    return reveal(found, includeMeta)
  }

  async findActivityByCollectionAndActorId(collection: string, id: string, includeMeta?: boolean) {
    const found = this.inCollection(collection).find(({ actor }) => idsOf(actor).includes(id))
    return reveal(found, includeMeta)
  }

  /** Newest first, actors embedded; those of unknown actors are left out, as MongoDB's join does. */
  async getStream(collection: string, limit?: number, after?: string, blocked: string[] = []) {
    const all = this.inCollection(collection).reverse()
    const start = after ? all.findIndex(({ id }) => id === after) + 1 : 0
    const found = all
      .slice(start)
      .filter(({ actor }) => !idsOf(actor).some((id) => blocked.includes(id)))
      .map((activity) => ({
        ...reveal(activity),
        _id: activity.id,
        actor: idsOf(activity.actor).flatMap((id) => reveal(this.objects.get(id)) ?? []),
      }))
      .filter(({ actor }) => actor.length > 0)
    return limit ? found.slice(0, limit) : found
  }

  async getStreamCount(collection: string): Promise<number> {
    return this.inCollection(collection).length
  }

  async getUserCount(): Promise<number> {
    return [...this.objects.values()].filter(({ _meta }) => _meta?.privateKey).length
  }

  async getContext(documentUrl: string): Promise<Context> {
    const known = (preloadedContexts as Record<string, unknown>)[documentUrl]
    if (known === undefined) this.unknownContexts.add(documentUrl)
    return { contextUrl: null, documentUrl, document: known ?? { '@context': {} } }
  }

  async saveContext(): Promise<void> {}

  generateId(): string {
    this.#lastId += 1
    return this.#lastId.toString(16).padStart(24, '0')
  }

  async deliveryEnqueue(actorId: string, body: string, addresses: string[], signingKey: string) {
    const after = new Date()
    for (const address of addresses) {
      this.#deliveries.push({ address, actorId, signingKey, body, attempt: 0, after })
    }
    return true
  }

  async deliveryDequeue(): Promise<Delivery | { waitUntil: Date } | null> {
    const due = this.#deliveries.findIndex(({ after }) => after.getTime() <= Date.now())
    if (due >= 0) return this.#deliveries.splice(due, 1)[0] ?? null
    const waiting = this.#deliveries.map(({ after }) => after.getTime())
    return waiting.length > 0 ? { waitUntil: new Date(Math.min(...waiting)) } : null
  }

  async deliveryRequeue(delivery: Delivery): Promise<true> {
    const wait = 10 ** delivery.attempt
    const after = new Date(delivery.after.getTime() + wait)
    this.#deliveries.push({ ...delivery, attempt: delivery.attempt + 1, after })
    return true
  }

  /** What waits for a later attempt. */
  get waiting(): readonly Delivery[] {
    return this.#deliveries
  }

  dropDeliveries(): void {
    this.#deliveries = []
  }

  /** Activities with the mark of a collection, oldest first. */
  inCollection(collection: string): Document[] {
    return [...this.streams.values()].filter(({ _meta }) => _meta?.collection?.includes(collection))
  }

  #updateCopies(object: Document): void {
    for (const activity of this.streams.values()) {
      if (!Array.isArray(activity.object)) continue
      activity.object = activity.object.map((item) => (item?.id === object.id ? object : item))
    }
  }
}

function merged(known: Document, changes: Document): Document {
  const entries = Object.entries({ ...known, ...structuredClone(changes) })
  return Object.fromEntries(entries.filter(([, value]) => value !== null)) as Document
}

/** Ids in a property of activitypub-express: always a list, of ids or of what has one. */
export function idsOf(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : []
  return list.flatMap((item) =>
    typeof item === 'string' ? [item] : ((item as Document | null)?.id ?? []),
  )
}
