// One webhook's queue: what it is to be told, in order, each until it was taken or is a day old.
import type { Clock, Timer } from '@fuchsbau/shared/clock.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import type { Metrics } from '@fuchsbau/shared/metrics.ts'
import { type RetryPolicy, retryDelay } from '@fuchsbau/shared/retry.ts'
import type { Store } from '../store/store.ts'
import { readHookSecret } from './hook-file.ts'
import type { Hook } from './hooks.ts'
import { type Message, type Sent, send } from './send.ts'

export interface SenderOptions {
  store: Store
  clock: Clock
  log: Log
  metrics: Metrics
  /** Math.random, or a test's own. */
  random(): number
}

/** What nobody took for so long is dropped. */
export const KEPT_MS = 86_400_000
/** 1 s, 2 s, 4 s, … a quarter of an hour. */
const RETRY: RetryPolicy = {
  firstMs: 1_000,
  factor: 2,
  maxMs: 15 * 60_000,
  attempts: Number.POSITIVE_INFINITY,
  jitter: 0.2,
}
/** While nothing can be stored, nothing is sent: it would be sent again and again. */
const STORE_RETRY_MS = 5_000

export class Sender {
  readonly #options: SenderOptions
  readonly #counts
  readonly #closing = new AbortController()
  hook: Hook
  #isRunning = false
  /** Something came while it ran. */
  #isWoken = false
  /** Until when it waits after a failure. */
  #timer: Timer | undefined

  constructor(hook: Hook, options: SenderOptions) {
    this.hook = hook
    this.#options = options
    this.#counts = countsOf(hook.name, options)
  }

  /** Something is in the queue. After a failure it waits for its time, unless it is `now`. */
  wake({ now = false } = {}): void {
    if (this.#timer && !now) return
    this.#stopWaiting()
    this.#isWoken = true
    if (!this.#isRunning) void this.#run()
  }

  /** Counts what had to go because the queue was full. */
  noteFull(dropped: number): void {
    this.#counts.full.inc(dropped)
    this.#options.log.warn(
      { hook: this.hook.name, dropped },
      'a webhook is behind: its oldest event was dropped',
    )
  }

  /** One try, now, beside the queue. */
  async send(message: Message): Promise<Sent> {
    const secret = readHookSecret(this.hook.secretFile)
    if (!secret.ok) return { ok: false, error: `its secret cannot be used: ${secret.reason}` }
    const { clock } = this.#options
    const { signal } = this.#closing
    return await send(message, { url: this.hook.url, secret: secret.secret, clock, signal })
  }

  close(): void {
    this.#closing.abort()
    this.#stopWaiting()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    try {
      while (this.#isWoken && !this.#closing.signal.aborted) {
        this.#isWoken = false
        if (await this.#step()) this.#isWoken = true
      }
    } catch (error) {
      this.#options.log.error({ err: error, hook: this.hook.name }, 'a webhook stumbled')
      this.#waitFor(STORE_RETRY_MS)
    } finally {
      this.#isRunning = false
    }
  }

  /** Whether it may go on with the next. */
  async #step(): Promise<boolean> {
    const { store, clock } = this.#options
    if (store.failure !== undefined) {
      this.#waitFor(STORE_RETRY_MS)
      return false
    }
    const events = store.webhookEvents
    const { name } = this.hook
    let event = events.first(name)
    if (event && event.createdAt < clock.now() - KEPT_MS) {
      this.#noteExpired(events.expire(name, clock.now() - KEPT_MS))
      event = events.first(name)
    }
    if (!event) return false
    const sent = await this.send({ id: event.event, body: event.body })
    if (this.#closing.signal.aborted) return false
    if (sent.ok) {
      this.#counts.taken.inc()
      events.done(event, clock.now())
      store.commitTurn()
      return true
    }
    this.#counts.failed.inc()
    events.failed(event, clock.now(), sent.error)
    this.#failed(event.failures + 1, sent.error)
    return false
  }

  #failed(failures: number, reason: string): void {
    const { log, random } = this.#options
    const waitMs = retryDelay(RETRY, failures, random) ?? RETRY.maxMs
    log.warn({ hook: this.hook.name, reason, failures, waitMs }, 'a webhook was not told')
    this.#waitFor(waitMs)
  }

  #noteExpired(dropped: number): void {
    this.#counts.expired.inc(dropped)
    this.#options.log.warn(
      { hook: this.hook.name, dropped },
      'a webhook took nothing for a day: events were dropped',
    )
  }

  /** Whatever came meanwhile waits, too. */
  #waitFor(ms: number): void {
    this.#stopWaiting()
    this.#isWoken = false
    if (this.#closing.signal.aborted) return
    this.#timer = this.#options.clock.after(ms, () => this.wake({ now: true }))
  }

  #stopWaiting(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}

function countsOf(hook: string, { metrics, store, clock }: SenderOptions) {
  const prefix = 'fuchsbau_registry_webhook'
  const tries = (outcome: string) =>
    metrics.counter(`${prefix}_tries_total`, 'Times that a webhook was told something.', {
      hook,
      outcome,
    })
  const dropped = (reason: string) =>
    metrics.counter(`${prefix}_dropped_total`, 'Events that a webhook is never told.', {
      hook,
      reason,
    })
  metrics.gauge(
    `${prefix}_pending`,
    'Events that wait for a webhook.',
    () => store.webhookEvents.pending(hook),
    { hook },
  )
  metrics.gauge(
    `${prefix}_oldest_seconds`,
    'Age of the oldest event that waits for a webhook.',
    () => {
      const first = store.webhookEvents.first(hook)
      return first ? (clock.now() - first.createdAt) / 1000 : 0
    },
    { hook },
  )
  return {
    taken: tries('taken'),
    failed: tries('failed'),
    full: dropped('full'),
    expired: dropped('expired'),
  }
}
