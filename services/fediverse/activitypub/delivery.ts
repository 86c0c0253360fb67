// Delivers what the queue holds. Hosts go in parallel, also several inboxes of one host; per inbox the order of the
// activities is kept. Which delivery is attempted when: schedule.ts; one host's health: circuit.ts; files:
// delivery-files.ts. At least once: an outcome is written before the next attempt but not waited for, so after a
// crash a peer may get an activity again (and knows its id).

import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import type { Metrics } from '@fuchsbau/shared/metrics.ts'
import type { Delivery, NewDelivery, OutgoingBody } from '../store/queue.ts'
import type { Store } from '../store/store.ts'
import { DeliveryFiles } from './delivery-files.ts'
import { type DeliveryLimits, defaultLimits } from './delivery-limits.ts'
import { countDeliveries, type Ending } from './delivery-metrics.ts'
import {
  afterFailure,
  isHopeless,
  isKeyTrouble,
  judge,
  type Outcome,
  type Verdict,
} from './delivery-outcome.ts'
import type { Host, Lane, QueuedDelivery } from './host-lane.ts'
import { Schedule } from './schedule.ts'

export interface DeliveryOptions {
  store: Pick<Store, 'queue' | 'commit'>
  clock: Clock
  log: Log
  metrics: Metrics
  random: () => number
  /** Makes one attempt, within a deadline of its own; `signal` aborts it when we close. */
  post(delivery: Delivery, body: OutgoingBody, signal: AbortSignal): Promise<Outcome>
  /** The inbox is gone. Returns where the activity goes instead, if anywhere: each with a `follower`, so that this ends. */
  onGone(delivery: Delivery, body: OutgoingBody): readonly NewDelivery[] | undefined
  limits?: Partial<DeliveryLimits>
}

export interface DeliveryStats {
  /** Deliveries that are not under way. */
  waiting: number
  inFlight: number
  /** When the oldest one was queued, ms. */
  oldestAt: number | undefined
  /** Hosts that are held as a whole, with what waits for them. */
  held: { host: string; waiting: number; failures: number; heldUntil: number }[]
}

/**
 * Loads every delivery on disk, removes bodies that none needs, and begins. Nothing else runs
 * meanwhile: 1.2 s for 100,000 deliveries, which then take 20 MB of memory, or 65 MB if each goes to another inbox.
 */
export function startDelivery(options: DeliveryOptions): DeliveryEngine {
  return new DeliveryEngine(options)
}

export class DeliveryEngine {
  readonly #options: DeliveryOptions
  readonly #limits: DeliveryLimits
  readonly #files: DeliveryFiles
  readonly #schedule: Schedule
  readonly #counts: ReturnType<typeof countDeliveries>
  readonly #abort = new AbortController()
  /** Under way when the operator dropped them: whatever comes of it ends them. */
  readonly #dropped = new WeakSet<QueuedDelivery>()
  #isClosing = false

  constructor(options: DeliveryOptions) {
    const { store, clock, log, random } = options
    const limits = { ...defaultLimits, ...options.limits }
    this.#options = options
    this.#limits = limits
    this.#files = new DeliveryFiles({ store, clock, log, cachedBodies: limits.cachedBodies })
    const attempt = (lane: Lane, delivery: QueuedDelivery) => this.#attempt(lane, delivery)
    this.#schedule = new Schedule({ clock, limits, random, attempt })
    this.#counts = countDeliveries(options.metrics, clock, this.#schedule)
    for (const delivery of store.queue.all()) this.#add(delivery)
    this.#files.sweep()
  }

  /** Takes deliveries that have been committed and are on disk. */
  wake(deliveries: readonly Delivery[]): void {
    if (this.#isClosing) return
    for (const delivery of deliveries) this.#add(delivery)
  }

  stats(): DeliveryStats {
    const hosts = [...this.#schedule.hosts.values()]
    const { length, inFlight } = this.#schedule
    return {
      waiting: length - inFlight,
      inFlight,
      oldestAt: this.#schedule.oldestAt(),
      held: hosts
        .filter(({ circuit }) => circuit.isOpen)
        .map((host) => ({
          host: host.name,
          waiting: host.waiting(),
          failures: host.circuit.failures,
          heldUntil: host.circuit.heldUntil,
        })),
    }
  }

  /** What is queued, under way or not, in order per inbox; of one host or of all. */
  *list(host?: string): Generator<Readonly<QueuedDelivery>> {
    for (const { lanes } of this.#hosts(host)) {
      for (const { deliveries } of lanes.values()) yield* deliveries
    }
  }

  /** Makes what waits for a retry due now, of one host or of all: the operator's word. */
  retryNow(host?: string): void {
    for (const each of this.#hosts(host)) this.#schedule.retryNow(each)
  }

  /**
   * A host has shown that it is alive: if it failed last, what waits for it is due now, unless it asked for the pause
   * itself (Retry-After). At most once a minute for a host, so that one whose inbox is broken stays cheap.
   */
  noteLife(name: string): void {
    const host = this.#schedule.hosts.get(name)
    if (!host || this.#isClosing) return
    const now = this.#options.clock.now()
    const sinceMs = Math.abs(now - host.lifeSignAt)
    if (sinceMs < this.#limits.lifeSignEveryMs || !host.circuit.isDoubted(now)) return
    host.lifeSignAt = now
    this.#schedule.retryNow(host)
  }

  /** Ends deliveries undelivered; returns how many. Those under way end with their attempt. */
  drop(what: { host?: string; name?: string }): number {
    const matches = ({ name }: Delivery) => what.name === undefined || name === what.name
    let count = 0
    for (const host of this.#hosts(what.host)) {
      for (const { state, deliveries } of host.lanes.values()) {
        const [first] = deliveries
        if (state !== 'busy' || !first || !matches(first)) continue
        this.#dropped.add(first)
        count += 1
      }
      const removed = this.#schedule.remove(host, matches)
      this.#end('dropped', removed)
      count += removed.length
    }
    return count
  }

  /**
   * Starts nothing more and waits for attempts under way, at most `deadlineMs`; then they are aborted. What has not
   * ended stays on disk. Writes nothing after it resolved: the store may be closed.
   */
  async close(deadlineMs: number): Promise<void> {
    this.#isClosing = true
    const { clock } = this.#options
    const deadline = Promise.withResolvers<void>()
    const timer = clock.after(deadlineMs, deadline.resolve)
    await Promise.race([this.#schedule.stop(), deadline.promise])
    timer.cancel()
    this.#files.close()
    this.#abort.abort()
  }

  #hosts(name?: string): Host[] {
    const { hosts } = this.#schedule
    if (name === undefined) return [...hosts.values()]
    const host = hosts.get(name)
    return host ? [host] : []
  }

  #add(delivery: QueuedDelivery): void {
    const body = this.#files.retain(delivery.body)
    const own = { ...delivery, body }
    if (!this.#schedule.add(own)) this.#files.release(own)
  }

  /** Never rejects. */
  async #attempt(lane: Lane, delivery: QueuedDelivery): Promise<void> {
    const { clock, log } = this.#options
    const { wave } = lane.host.circuit
    const startedAt = clock.now()
    const body = this.#files.body(delivery)
    if (!body) {
      log.error({ inbox: delivery.inbox, name: delivery.name }, 'body of a delivery is missing')
      this.#schedule.shift(lane)
      this.#end('lost', [delivery])
      return
    }
    const outcome = await this.#post(delivery, body)
    if (this.#abort.signal.aborted) return
    this.#counts.attempted(outcome.kind, clock.now() - startedAt)
    this.#noteHealth(lane.host, outcome, wave)
    const { instead = [] } = outcome.kind === 'gone' ? outcome : {}
    if (instead.length > 0) this.#replace(lane, delivery, body, instead)
    else this.#settle(lane, delivery, outcome)
  }

  /** A shared inbox is gone. Not waited for the disk: what a crash undoes is found gone once more. */
  #replace(
    lane: Lane,
    delivery: QueuedDelivery,
    body: OutgoingBody,
    instead: readonly NewDelivery[],
  ): void {
    const { inbox, user } = delivery
    this.#schedule.shift(lane)
    this.#counts.ended('gone', 1)
    for (const each of this.#files.replace(delivery, body, instead)) this.#add(each)
    const facts = { inbox, user, count: instead.length }
    this.#options.log.info(facts, 'shared inbox is gone: delivered to those behind it one by one')
    lane.isRefusing = false
  }

  /** A mistake of our own is an outcome too: it must neither stop the others nor be repeated without a pause. */
  async #post(delivery: QueuedDelivery, body: OutgoingBody): Promise<Outcome> {
    const { log, post, onGone } = this.#options
    const { signal } = this.#abort
    try {
      const outcome = await post(delivery, body, signal)
      if (outcome.kind !== 'gone' || signal.aborted) return outcome
      const instead = onGone(delivery, body) ?? []
      return { kind: 'gone', instead: this.#dropped.has(delivery) ? [] : instead }
    } catch (error) {
      if (!signal.aborted) log.error({ err: error, inbox: delivery.inbox }, 'attempt broke')
      return { kind: 'failed', message: String(error), status: 500 }
    }
  }

  #noteHealth(host: Host, outcome: Outcome, wave: number): void {
    const { clock, log } = this.#options
    const { name, circuit } = host
    if (outcome.kind !== 'failed') {
      if (circuit.succeeded()) log.info({ host: name }, 'host is back')
      return
    }
    const wasOpen = circuit.isOpen
    circuit.failed(wave, clock.now(), outcome.retryAfterMs)
    if (!circuit.isOpen || wasOpen) return
    log.warn({ host: name, reason: outcome.message }, 'host keeps failing: held as a whole')
  }

  #settle(lane: Lane, delivery: QueuedDelivery, outcome: Outcome): void {
    const { clock, random } = this.#options
    const { circuit } = lane.host
    const now = clock.now()
    const health = { circuit, isRefusing: lane.isRefusing }
    const verdict = judge(delivery, outcome, health, now, this.#limits)
    if (verdict.kind === 'ended') {
      if (verdict.ending === 'expired' && circuit.isOpen) this.#expireOthers(lane.host)
      this.#schedule.shift(lane)
      this.#end(verdict.ending, [delivery])
      this.#explain(delivery, verdict, outcome)
      lane.isRefusing = isKeyTrouble(outcome)
    } else if (this.#dropped.has(delivery)) {
      this.#schedule.shift(lane)
      this.#end('dropped', [delivery])
    } else {
      const { retry } = this.#limits
      const next = afterFailure(delivery, verdict, circuit, now, { retry, random })
      this.#files.postpone(next)
      this.#schedule.postpone(lane, next)
    }
  }

  #explain(delivery: QueuedDelivery, verdict: Verdict & { kind: 'ended' }, outcome: Outcome): void {
    if (verdict.ending === 'delivered') return
    const { inbox, user, attempts } = delivery
    const status = 'status' in outcome ? outcome.status : undefined
    const facts = { inbox, user, status, reason: verdict.reason, attempts: attempts + 1 }
    if (verdict.ending === 'expired') this.#options.log.warn(facts, 'delivery given up')
    else this.#options.log.info(facts, `delivery ended: ${verdict.ending}`)
  }

  /** What waited as long for a host that is held had no better chance than the probe that was given up. */
  #expireOthers(host: Host): void {
    const { clock, log } = this.#options
    const { failures } = host.circuit
    const now = clock.now()
    const others = this.#schedule.remove(host, (delivery) =>
      isHopeless(delivery, failures, now, this.#limits),
    )
    this.#end('expired', others)
    if (others.length === 0) return
    log.warn({ host: host.name, count: others.length }, 'more deliveries given up')
  }

  #end(ending: Ending, deliveries: readonly QueuedDelivery[]): void {
    this.#counts.ended(ending, deliveries.length)
    this.#files.finish(deliveries)
  }
}
