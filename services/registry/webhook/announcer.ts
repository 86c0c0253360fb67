// Tells webhooks what happens: an event is stored with the line of the audit that it belongs to, and sent when that is
// committed. So what a client was told is told to the webhooks, too, whatever becomes of this process.
import { randomUUID } from 'node:crypto'
import type { Timer } from '@fuchsbau/shared/clock.ts'
import { formatEnvelope, formatTest, type Happening } from './event.ts'
import { type HookFile, openHookFile } from './hook-file.ts'
import { type Hook, isFor } from './hooks.ts'
import type { Sent } from './send.ts'
import { KEPT_MS, Sender, type SenderOptions } from './sender.ts'

export interface AnnouncerOptions extends SenderOptions {
  /** The operator's file; undefined: there are no webhooks. */
  file: string | undefined
  /** Our address, without a slash at its end. */
  url: string
}

/** A webhook that is behind further than this loses its oldest events. */
const MAX_PENDING = 10_000
const SWEEP_MS = 3_600_000

export class Announcer {
  readonly #options: AnnouncerOptions
  readonly #file: HookFile | undefined
  readonly #senders = new Map<string, Sender>()
  /** Of this turn: sent when it is committed. */
  readonly #new = new Set<Sender>()
  readonly #host: string
  readonly #closers: (() => void)[] = []
  #sweep: Timer | undefined
  isStarted = false

  /** Throws FileUnusable when the file is bad. */
  constructor(options: AnnouncerOptions) {
    this.#options = options
    this.#host = new URL(options.url).host
    const { file: path, clock, log, metrics } = options
    if (path === undefined) return
    const reads = (outcome: string) =>
      metrics.counter(
        'fuchsbau_registry_webhook_reads_total',
        'Times that the file of the webhooks was read, by whether it is in force since.',
        { outcome },
      )
    const [used, refused] = [reads('used'), reads('refused')]
    this.#file = openHookFile({
      path,
      clock,
      onRead: (hooks) => {
        used.inc()
        log.info({ file: path, webhooks: hooks.length }, 'the webhooks were read again')
        this.#use(hooks)
      },
      onRefused(reason) {
        refused.inc()
        log.error({ reason }, 'the new webhooks are not used: the old ones stay')
      },
    })
    used.inc()
    this.#use(this.#file.current)
  }

  /** Whether anybody listens at all. */
  get hasHooks(): boolean {
    return this.#senders.size > 0
  }

  get hooks(): readonly Hook[] {
    return this.#file?.current ?? []
  }

  /** Why the newest file is not in force; undefined when it is. */
  get problem(): string | undefined {
    return this.#file?.problem?.reason
  }

  /** Begins to send, and to look whether the file changes. */
  start(): void {
    this.isStarted = true
    this.#file?.start()
    this.#closers.push(this.#options.store.onCommitted(() => this.#committed()))
    this.#sweepNow()
    for (const sender of this.#senders.values()) sender.wake()
  }

  reload(): void {
    this.#file?.reload()
  }

  close(): void {
    this.isStarted = false
    this.#file?.close()
    this.#sweep?.cancel()
    for (const closer of this.#closers.splice(0)) closer()
    for (const sender of this.#senders.values()) sender.close()
  }

  /** Stores an event for all whom it concerns, as part of this turn. Throws StoreUnavailable. */
  announce(happening: Omit<Happening, 'id'>): void {
    const { kind, repository, at } = happening
    const senders = [...this.#senders.values()].filter(({ hook }) => isFor(hook, kind, repository))
    if (senders.length === 0) return
    const { store, url } = this.#options
    const id = randomUUID()
    const body = formatEnvelope({ ...happening, id }, { url, host: this.#host })
    for (const sender of senders) {
      const record = { hook: sender.hook.name, event: id, body, createdAt: at, failures: 0 }
      const dropped = store.webhookEvents.add(record, MAX_PENDING)
      if (dropped > 0) sender.noteFull(dropped)
      this.#new.add(sender)
    }
  }

  /** Sends something of no meaning, now. Undefined when there is no such webhook. */
  async test(name: string): Promise<Sent | undefined> {
    const id = randomUUID()
    const body = formatTest(id, this.#options.clock.now(), { host: this.#host })
    return await this.#senders.get(name)?.send({ id, body })
  }

  /** Tries what waits at once, and not when its time has come. False when there is no such webhook. */
  retry(name: string): boolean {
    const sender = this.#senders.get(name)
    sender?.wake({ now: true })
    return sender !== undefined
  }

  #use(hooks: readonly Hook[]): void {
    const left = new Set(this.#senders.keys())
    for (const hook of hooks) {
      left.delete(hook.name)
      const sender = this.#senders.get(hook.name) ?? new Sender(hook, this.#options)
      sender.hook = hook
      this.#senders.set(hook.name, sender)
      // What was wrong may be right now.
      if (this.isStarted) sender.wake({ now: true })
    }
    // What waits for them stays for a day: they may come back.
    for (const name of left) {
      this.#senders.get(name)?.close()
      this.#senders.delete(name)
    }
  }

  #committed(): void {
    const woken = [...this.#new]
    this.#new.clear()
    // Behind the answer to whoever waits for the commit.
    for (const sender of woken) setImmediate(() => sender.wake())
  }

  /** Drops what is a day old and waits for a webhook that is no more. */
  #sweepNow(): void {
    const { store, clock, log } = this.#options
    this.#sweep = clock.after(SWEEP_MS, () => this.#sweepNow())
    if (store.failure !== undefined) return
    for (const hook of store.webhookEvents.hooks()) {
      if (this.#senders.has(hook)) continue
      const dropped = store.webhookEvents.expire(hook, clock.now() - KEPT_MS)
      if (dropped > 0)
        log.warn({ hook, dropped }, 'events for a webhook that is no more were dropped')
    }
  }
}
