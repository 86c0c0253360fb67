// What deliveries leave on disk: their outcomes, and the bodies they share. A body is read when it is needed, kept
// while it is used often, and removed when the last delivery that counts on it has ended.

import type { Clock, Timer } from '@fuchsbau/shared/clock.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import type { Op } from '../store/journal.ts'
import type { Delivery, NewDelivery, OutgoingBody } from '../store/queue.ts'
import type { Store } from '../store/store.ts'

export interface DeliveryFilesOptions {
  store: Pick<Store, 'queue' | 'commit'>
  clock: Clock
  log: Log
  /** Bodies kept in memory. */
  cachedBodies: number
}

/** How long after a write that the store refused it is tried again, ms. */
const RETRY_MS = 10_000

export class DeliveryFiles {
  readonly #options: DeliveryFilesOptions
  /** Deliveries that count on a body, by its key; `key` is the one text that all of them share. */
  readonly #users = new Map<string, { key: string; count: number }>()
  readonly #cache = new Map<string, OutgoingBody>()
  /** Writes that the store refused, oldest first. */
  #refused: Op[] = []
  #retry: Timer | undefined
  #isClosed = false

  constructor(options: DeliveryFilesOptions) {
    this.#options = options
  }

  /** Counts one more delivery of a body. Returns the key's shared text. */
  retain(key: string): string {
    const users = this.#users.get(key)
    if (!users) {
      this.#users.set(key, { key, count: 1 })
      return key
    }
    users.count += 1
    return users.key
  }

  /** The exact bytes to send, or undefined when they are missing or damaged. */
  body(delivery: Delivery): OutgoingBody | undefined {
    const { store, cachedBodies } = this.#options
    const body = this.#cache.get(delivery.body) ?? store.queue.body(delivery)
    if (!body) return
    this.#cache.delete(delivery.body)
    this.#cache.set(delivery.body, body)
    if (this.#cache.size > cachedBodies) {
      const [oldest] = this.#cache.keys()
      if (oldest !== undefined) this.#cache.delete(oldest)
    }
    return body
  }

  /** Stores an outcome that is tried again. */
  postpone(delivery: Delivery): void {
    void this.#record([this.#options.store.queue.postpone(delivery)])
  }

  /** Ends deliveries. */
  finish(deliveries: readonly Delivery[]): void {
    if (deliveries.length === 0) return
    const { store } = this.#options
    const durable = this.#record(deliveries.map((delivery) => store.queue.finish(delivery)))
    for (const delivery of deliveries) this.release(delivery, durable)
  }

  /** Ends a delivery and queues the same activity to other inboxes, in one transaction. Returns what is queued. */
  replace(delivery: Delivery, { text }: OutgoingBody, inboxes: readonly NewDelivery[]): Delivery[] {
    const { store, clock } = this.#options
    const activity = JSON.parse(text) as { id: string }
    const queued = store.queue.enqueue(delivery.user, activity, inboxes, clock.now())
    const durable = this.#record([...queued.ops, store.queue.finish(delivery)])
    // Whoever takes these retains the body before this can come to its end.
    this.release(delivery, durable)
    return queued.deliveries
  }

  /** Counts one delivery less of a body; it goes after the last one, once `durable` resolved. */
  release({ body }: Delivery, durable: Promise<void> = Promise.resolve()): void {
    const users = this.#users.get(body)
    if (!users) return
    users.count -= 1
    if (users.count === 0) void durable.then(() => this.#removeLater([body]))
  }

  /** Removes bodies on which no delivery counts. */
  sweep(): void {
    const unused = this.#options.store.queue.bodies().filter((key) => !this.#users.has(key))
    this.#removeBodies(unused)
  }

  /** Writes nothing more; what the store refused until now is tried a last time. */
  close(): void {
    this.#retry?.cancel()
    if (this.#refused.length > 0) void this.#record([])
    this.#retry?.cancel()
    this.#isClosed = true
  }

  /**
   * A body may be queued again by someone who has committed that but not told us yet, because he waits for the disk.
   * He has waited no longer than we did, and is told before the next turn of the event loop: only then it is removed.
   */
  #removeLater(keys: string[]): void {
    setImmediate(() => this.#removeBodies(keys.filter((key) => this.#users.get(key)?.count === 0)))
  }

  #removeBodies(keys: string[]): void {
    if (this.#isClosed || keys.length === 0) return
    for (const key of keys) {
      this.#users.delete(key)
      this.#cache.delete(key)
    }
    void this.#record(keys.map((key) => this.#options.store.queue.removeBody(key)))
  }

  /**
   * Writes at once; resolves when it is on disk or never will be. A full disk must not stop deliveries: what it
   * refuses is kept and tried again. Should the process die before that, the peer gets the activity twice.
   */
  #record(ops: readonly Op[]): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    const { store, clock, log } = this.#options
    const all = [...this.#refused, ...ops]
    try {
      const durable = store.commit(all)
      this.#refused = []
      return durable.catch(() => {})
    } catch (error) {
      if (this.#refused.length === 0) log.error({ err: error }, 'outcomes of deliveries not stored')
      this.#refused = all
      this.#retry?.cancel()
      this.#retry = clock.after(RETRY_MS, () => {
        void this.#record([])
      })
      return Promise.resolve()
    }
  }
}
