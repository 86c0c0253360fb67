// Which delivery is attempted when. Hosts take turns; of one host as many attempts run at once as its circuit and
// `perHost` allow, each in another lane. A host may have no more attempts under way than slots are left free, so that
// slow hosts can't fill them all. One timer waits for whatever is due next. No disk and no HTTP in here.

import type { Clock, Timer } from '@fuchsbau/shared/clock.ts'
import type { RetryPolicy } from '@fuchsbau/shared/retry.ts'
import { Agenda } from './agenda.ts'
import { Circuit, type CircuitOptions } from './circuit.ts'
import { Host, hasDelivery, type Lane, laneKey, type QueuedDelivery } from './host-lane.ts'

export interface ScheduleLimits {
  /** Attempts under way at once, in all. */
  inFlight: number
  /** Attempts under way at once to one host, each to another inbox. */
  perHost: number
  /** Attempts started in one turn of the event loop: each costs a signature. */
  startsPerTurn: number
  /** Failures in a row after which a host is held. */
  openAfter: number
  retry: RetryPolicy
}

export interface ScheduleOptions {
  clock: Clock
  limits: ScheduleLimits
  random: () => number
  /** Attempts the first delivery of a lane, then calls `shift` or `postpone`; never rejects. */
  attempt(lane: Lane, delivery: QueuedDelivery): Promise<void>
}

/** The timer waits no longer, ms, so that a clock that was set back is noticed. */
const LONGEST_SLEEP_MS = 10 * 60_000

export class Schedule {
  readonly hosts = new Map<string, Host>()
  readonly #options: ScheduleOptions
  readonly #health: CircuitOptions
  /** Hosts that could start an attempt now, whose turn it is first. */
  readonly #turns = new Set<Host>()
  readonly #agenda = new Agenda<Host | Lane>()
  #length = 0
  #inFlight = 0
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #checkedAt: number
  #pump: NodeJS.Immediate | undefined
  #isStopped = false
  #whenIdle: (() => void)[] = []

  constructor(options: ScheduleOptions) {
    this.#options = options
    const { openAfter, retry } = options.limits
    this.#health = { openAfter, retry, random: options.random }
    this.#checkedAt = options.clock.now()
  }

  /** Deliveries queued, those under way included. */
  get length(): number {
    return this.#length
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** Hosts that something could be sent to now, and that wait for their turn. */
  get waitingHosts(): number {
    return this.#turns.size
  }

  /** When the oldest delivery was queued, ms. */
  oldestAt(): number | undefined {
    let oldest: number | undefined
    for (const { lanes } of this.hosts.values()) {
      for (const { deliveries } of lanes.values()) {
        const at = deliveries[0]?.queuedAt
        if (at !== undefined && (oldest === undefined || at < oldest)) oldest = at
      }
    }
    return oldest
  }

  /** Takes a delivery at the end of its lane. False when the lane has it already or its inbox is no URL. */
  add(delivery: QueuedDelivery): boolean {
    const name = URL.parse(delivery.inbox)?.host
    if (!name) return false
    let host = this.hosts.get(name)
    if (!host) {
      host = new Host(name, new Circuit(this.#health))
      this.hosts.set(name, host)
    }
    host.circuit.restore(delivery.hostFailures ?? 0, delivery.nextAt)
    const known = host.lanes.get(laneKey(delivery))
    if (known && hasDelivery(known, delivery)) return false
    // The lane's own text of the inbox: a hundred thousand records of one inbox share it.
    const lane = host.push(known ? { ...delivery, inbox: known.inbox } : delivery)
    this.#length += 1
    if (lane.state === 'empty') this.#place(lane)
    return true
  }

  /** The first delivery of a lane has ended. */
  shift(lane: Lane): void {
    if (lane.deliveries.shift()) this.#length -= 1
  }

  /** The first delivery of a lane is due again at its new `nextAt`; set aside, it goes on in a lane of its own. */
  postpone(lane: Lane, delivery: QueuedDelivery): void {
    if (laneKey(delivery) === lane.key) {
      lane.deliveries[0] = delivery
      return
    }
    lane.deliveries.shift()
    this.#place(lane.host.push(delivery))
  }

  /** Takes out what matches and is not under way. */
  remove(host: Host, matches: (delivery: QueuedDelivery) => boolean): QueuedDelivery[] {
    const removed: QueuedDelivery[] = []
    for (const lane of host.lanes.values()) {
      const kept = lane.deliveries.filter((delivery, i) => {
        const stays = (i === 0 && lane.state === 'busy') || !matches(delivery)
        if (!stays) removed.push(delivery)
        return stays
      })
      if (kept.length === lane.deliveries.length) continue
      lane.deliveries.splice(0, lane.deliveries.length, ...kept)
      if (kept.length === 0) this.#forget(lane)
      else if (lane.state === 'waiting') this.#place(lane)
    }
    this.#length -= removed.length
    return removed
  }

  /** Makes the first delivery of every lane of a host due now. An open circuit still sends one probe first. */
  retryNow(host: Host): void {
    const nextAt = this.#options.clock.now()
    host.circuit.release()
    host.dueAt = undefined
    for (const lane of host.lanes.values()) {
      const [first] = lane.deliveries
      if (lane.state !== 'waiting' || !first) continue
      lane.deliveries[0] = { ...first, nextAt }
      this.#place(lane)
    }
    this.#offer(host)
  }

  /** Starts nothing more. Resolves when nothing is under way. */
  stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    clearImmediate(this.#pump)
    if (this.#inFlight === 0) return Promise.resolve()
    return new Promise((resolve) => this.#whenIdle.push(resolve))
  }

  #place(lane: Lane): void {
    const { clock, limits } = this.#options
    const [first] = lane.deliveries
    if (!first) {
      this.#forget(lane)
      return
    }
    const waitMs = first.nextAt - clock.now()
    // Further ahead than any backoff: the clock was set back since.
    if (waitMs > 0 && waitMs <= limits.retry.maxMs) {
      lane.state = 'waiting'
      this.#expect(lane, first.nextAt)
    } else {
      lane.state = 'ready'
      lane.dueAt = undefined
      lane.host.ready.push(lane)
      this.#offer(lane.host)
    }
  }

  #forget(lane: Lane): void {
    const { host } = lane
    lane.state = 'empty'
    lane.dueAt = undefined
    host.lanes.delete(lane.key)
    if (host.lanes.size > 0) return
    host.dueAt = undefined
    this.#turns.delete(host)
    this.hosts.delete(host.name)
  }

  /** Gives a host its turn, if it has something to start and may. */
  #offer(host: Host): void {
    if (host.ready.length === 0) return
    const { clock, limits } = this.#options
    const limit = host.circuit.limit(clock.now(), limits.perHost)
    if (limit === 0) this.#expect(host, host.circuit.heldUntil)
    else if (host.inFlight < limit) {
      this.#turns.add(host)
      this.#pumpSoon()
    }
  }

  #pumpSoon(): void {
    if (this.#isStopped) return
    this.#pump ??= setImmediate(() => {
      this.#pump = undefined
      this.#startSome()
    })
  }

  #startSome(): void {
    const { clock, limits } = this.#options
    const { inFlight, perHost, startsPerTurn } = limits
    let started = 0
    // A host that is put back at the end comes up again in the same loop.
    for (const host of this.#turns) {
      const free = inFlight - this.#inFlight
      if (free <= 0) return
      if (started === startsPerTurn) {
        this.#pumpSoon()
        return
      }
      if (host.inFlight >= host.circuit.limit(clock.now(), perHost)) {
        this.#turns.delete(host)
        this.#offer(host)
        continue
      }
      // A host that fails also leaves a quarter of the slots to the others.
      const reserved = host.circuit.failures > 0 ? Math.floor(inFlight / 4) : 0
      if (this.#inFlight > 0 && host.inFlight + reserved >= free) continue
      this.#turns.delete(host)
      this.#start(host)
      this.#offer(host)
      started += 1
    }
  }

  #start(host: Host): void {
    let lane = host.ready.shift()
    while (lane && lane.state !== 'ready') lane = host.ready.shift()
    const delivery = lane?.deliveries[0]
    if (!lane || !delivery) return
    lane.state = 'busy'
    host.inFlight += 1
    this.#inFlight += 1
    void this.#options.attempt(lane, delivery).then(() => this.#settled(lane))
  }

  #settled(lane: Lane): void {
    const { host } = lane
    host.inFlight -= 1
    this.#inFlight -= 1
    this.#place(lane)
    this.#offer(host)
    if (this.#turns.size > 0) this.#pumpSoon()
    if (this.#inFlight === 0) for (const resolve of this.#whenIdle.splice(0)) resolve()
  }

  #expect(item: Host | Lane, at: number): void {
    this.#agenda.set(item, at)
    this.#arm()
  }

  #arm(): void {
    const next = this.#agenda.next()
    if (next === undefined || this.#isStopped) return
    const { clock } = this.#options
    const now = clock.now()
    const at = Math.min(next, now + LONGEST_SLEEP_MS)
    if (this.#timer && this.#timerAt <= at) return
    this.#timer?.cancel()
    this.#timerAt = at
    this.#timer = clock.after(at - now, () => {
      this.#timer = undefined
      this.#tick()
    })
  }

  #tick(): void {
    const now = this.#options.clock.now()
    const wasSetBack = now < this.#checkedAt
    this.#checkedAt = now
    if (wasSetBack) for (const item of this.#agenda.takeAll()) this.#wake(item)
    for (let item = this.#agenda.take(now); item; item = this.#agenda.take(now)) this.#wake(item)
    this.#arm()
  }

  #wake(item: Host | Lane): void {
    if (item instanceof Host) this.#offer(item)
    else if (item.state === 'waiting') this.#place(item)
  }
}
