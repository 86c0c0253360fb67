// For tests of the delivery engine: a real store in a temp directory, a clock that is set, and peers that answer
// when told to.

import { cpSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { createLog } from '@fuchsbau/shared/log.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import { makeTempData, removeTempData } from '../../../test/support/temp-data.ts'
import type { Delivery, NewDelivery, OutgoingBody } from '../store/queue.ts'
import { openStore, type Store } from '../store/store.ts'
import { type DeliveryEngine, startDelivery } from './delivery.ts'
import type { DeliveryLimits } from './delivery-limits.ts'
import type { Outcome } from './delivery-outcome.ts'

/** One attempt under way. */
export interface Attempt {
  inbox: string
  /** The activity's id. */
  id: string
  delivery: Delivery
  body: OutgoingBody
  signal: AbortSignal
  answer(outcome: Outcome): Promise<void>
  break(error: Error): Promise<void>
}

export const start = Date.parse('2030-01-01T00:00:00Z')
export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

export const delivered: Outcome = { kind: 'delivered' }
export const down: Outcome = { kind: 'failed', message: 'connect ECONNREFUSED' }

/** Lets everything happen that waits for nothing but the event loop. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) await turn()
}

/** An engine on an empty tree. Its members may be taken out of it. No jitter. */
export class Bench {
  readonly clock = settableClock(start)
  /** Attempts under way, oldest first. */
  readonly open: Attempt[] = []
  readonly gone: Delivery[] = []
  /** Where activities go for which an inbox is gone. */
  readonly instead = new Map<string, NewDelivery[]>()
  /** Lines of the log. */
  readonly logged: { level: string; msg: string }[] = []
  store: Store
  engine: DeliveryEngine
  metrics = createMetrics()
  #directory = makeTempData('delivery')
  readonly #limits: Partial<DeliveryLimits>

  constructor(limits: Partial<DeliveryLimits> = {}) {
    this.#limits = limits
    this.store = openStore({ directory: this.#directory, clock: this.clock })
    this.engine = this.#begin()
  }

  /** Queues an activity as the verbs do: committed, on disk, then handed over. */
  send = async (id: string, ...inboxes: (string | NewDelivery)[]): Promise<void> => {
    const { clock, store, engine } = this
    const wanted = inboxes.map((inbox) => (typeof inbox === 'string' ? { inbox } : inbox))
    // Two activities of one millisecond would be ordered by their hashes.
    clock.set(clock.now() + 1)
    const { ops, deliveries } = store.queue.enqueue('alice', { id }, wanted, clock.now())
    await store.commit(ops)
    engine.wake(deliveries)
    await settle()
  }

  /** `INBOX ID` of the attempts under way. */
  underWay = (): string[] => this.open.map(({ inbox, id }) => `${inbox} ${id}`)

  /** Answers the attempts under way, then those that follow, until none is left. Returns `INBOX ID` of each. */
  answerAll = async (outcome: Outcome = delivered): Promise<string[]> => {
    const answered: string[] = []
    while (this.open.length > 0) {
      answered.push(...this.underWay())
      await Promise.all([...this.open].map((each) => each.answer(outcome)))
    }
    return answered
  }

  /** Moves the clock on and lets what is due begin. */
  pass = async (ms: number): Promise<void> => {
    this.clock.advance(ms)
    await settle()
  }

  /** Names of the deliveries in the store. */
  queued = (): string[] => Array.from(this.store.queue.all(), ({ name }) => name)

  /** Keys of the bodies in the store. */
  bodies = (): string[] => this.store.queue.bodies()

  /** Goes on with what is on disk now, as after kill -9. */
  crash = async (): Promise<void> => {
    const copy = makeTempData('delivery')
    cpSync(this.#directory, copy, { recursive: true })
    await this.end()
    this.open.length = 0
    this.#directory = copy
    this.store = openStore({ directory: copy, clock: this.clock })
    this.metrics = createMetrics()
    this.engine = this.#begin()
    await settle()
  }

  end = async (): Promise<void> => {
    const closed = this.engine.close(0)
    this.clock.advance(0)
    await closed
    await this.store.close()
    removeTempData(this.#directory)
  }

  #begin(): DeliveryEngine {
    const { store, clock, metrics, gone, instead, logged } = this
    const stream = { write: (line: string) => logged.push(JSON.parse(line)) }
    return startDelivery({
      store,
      clock,
      log: createLog({ level: 'info', stream }),
      metrics,
      random: () => 0,
      post: this.#post,
      onGone: (delivery) => {
        gone.push(delivery)
        return instead.get(delivery.inbox)
      },
      limits: this.#limits,
    })
  }

  #post = (delivery: Delivery, body: OutgoingBody, signal: AbortSignal): Promise<Outcome> => {
    const { open } = this
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    const leave = () => {
      open.splice(open.indexOf(own), 1)
    }
    const own: Attempt = {
      inbox: delivery.inbox,
      id: body.id,
      delivery,
      body,
      signal,
      answer(outcome) {
        leave()
        resolve(outcome)
        return settle()
      },
      break(error) {
        leave()
        reject(error)
        return settle()
      },
    }
    open.push(own)
    return promise
  }
}
