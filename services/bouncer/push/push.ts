// Web push: wakes clients that are not connected, when somebody says their person's name or writes to her alone.
// https://codeberg.org/emersion/soju/src/branch/master/doc/ext/webpush.md
import type { Timer } from '@fuchsbau/shared/clock.ts'
import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import { type RetryPolicy, retryDelay } from '@fuchsbau/shared/retry.ts'
import webPush from 'web-push'
import type { Bouncer } from '../bouncer.ts'
import { formatMessage, type Message, messageFrom } from '../irc/message.ts'
import { formatServerTime } from '../irc/server-time.ts'
import { truncateUtf8, utf8Length } from '../irc/split.ts'
import type { Network } from '../network.ts'
import { RecentMap } from '../store/recent.ts'
import type { PushSubscription } from '../store/subscriptions.ts'
import type { Stored } from '../upstream/port.ts'
import { type Delivered, deliver, type VapidKeys } from './deliver.ts'

export interface PushOptions {
  /** For the push services: who runs this bouncer. An https or mailto URL. */
  subject: string
  /** Whether push services may have private addresses, and plain HTTP. */
  allowPrivateAddress: boolean
}

/** A body of 4,096 bytes (RFC 8291, 4) without its header, key and padding. */
const MOST_BYTES = 3_993
/** Requests at once, and those that wait, of all and of one person. Some push services do not answer for long. */
const AT_ONCE = 8
const AT_ONCE_OF_USER = 2
const MOST_WAITING = 1_000
const MOST_OF_USER = 50
/** Who has just spoken there reads along: she is not woken. */
const ACTIVE_MS = 60_000
/** A network that tells old lines again wakes nobody. */
const NEWS_MS = 5 * 60_000

/** A message that could not be delivered for so long is old news; also what the service is told. */
const TTL_MS = 24 * 3_600_000
/** 5 s, 20 s, 80 s, … at most an hour: two hours and a half in all. */
const RETRY: RetryPolicy = { firstMs: 5_000, factor: 4, maxMs: 3_600_000, attempts: 7, jitter: 0.3 }

interface Job {
  subscription: PushSubscription
  payload: string
  /** The line that it shows: of which conversation, said when; undefined: it takes something back. */
  shows: { key: string; time: number } | undefined
  /** After that nobody wants to know, ms. */
  until: number
  /** Times it was tried in vain. */
  failures: number
}

export class Push {
  readonly #bouncer: Bouncer
  readonly #options: PushOptions
  readonly #spoke = new RecentMap<string, number>(5_000)
  readonly #woken = new RecentMap<string, true>(5_000)
  /** Of this turn: sent when it is stored. */
  #new: Job[] = []
  readonly #waiting: Job[] = []
  /** Tried in vain, to be tried again. Lost when the process ends: then it is old news, too. */
  readonly #later = new Map<Job, Timer>()
  readonly #counts
  /** Of each person so many run. */
  readonly #running = new Map<number, number>()
  #runningOfAll = 0
  #keys: VapidKeys | undefined

  constructor(bouncer: Bouncer, options: PushOptions) {
    this.#bouncer = bouncer
    this.#options = options
    const { metrics, store } = bouncer
    const counter = (outcome: Delivered['outcome'] | 'dropped') =>
      metrics.counter(
        'fuchsbau_bouncer_pushes_total',
        'Web push messages, by what became of them.',
        {
          outcome,
        },
      )
    this.#counts = {
      taken: counter('taken'),
      gone: counter('gone'),
      failed: counter('failed'),
      dropped: counter('dropped'),
    }
    store.onCommitted(() => this.#release())
    store.onFailed(() => {
      this.#new = []
    })
  }

  get allowPrivateAddress(): boolean {
    return this.#options.allowPrivateAddress
  }

  /** The same for all, for as long as the data lives (RFC 8292). */
  get publicKey(): string {
    return this.#vapid().publicKey
  }

  /** Something was said on a network: wakes the person's clients if it is for her. */
  heard(network: Network, message: Message, stored: Stored, msgid: string | undefined): void {
    const { clock } = this.#bouncer
    const { target, isOwn, kind, text, time = clock.now() } = stored
    const key = keyOf(network, target)
    if (isOwn) this.#spoke.set(key, clock.now())
    if (isOwn || kind !== 'PRIVMSG' || clock.now() - time > NEWS_MS) return
    if (network.isChannel(target) && !network.isHighlight(text)) return
    if (clock.now() - (this.#spoke.get(key) ?? -Infinity) < ACTIVE_MS) return
    const tags = new Map([
      ['time', formatServerTime(time)],
      ...(msgid ? [['msgid', msgid] as const] : []),
    ])
    if (this.#send(network, { ...message, tags }, { key, time })) this.#woken.set(key, true)
  }

  /** She has read a conversation: clients take back what they showed of it. */
  read(network: Network, target: string, time: number): void {
    const key = keyOf(network, target)
    if (!this.#woken.get(key)) return
    // What has not been shown yet need not be shown.
    for (const job of [...this.#later.keys()]) {
      if (job.shows?.key === key && job.shows.time <= time) this.#drop(job)
    }
    const { serverName } = this.#bouncer
    const at = `timestamp=${formatServerTime(time)}`
    this.#send(network, messageFrom(serverName, 'MARKREAD', target, at))
  }

  /** True when there is a subscription. */
  #send({ user, record }: Network, message: Message, shows?: Job['shows']): boolean {
    const { store, clock } = this.#bouncer
    const subscriptions = store.subscriptions.list(user.record.id, record.id)
    if (subscriptions.length === 0) return false
    const payload = fitting(message)
    // Known from now on: later there may be no reading them.
    this.#vapid()
    const until = clock.now() + TTL_MS
    for (const subscription of subscriptions) {
      this.#new.push({ subscription, payload, shows, until, failures: 0 })
    }
    store.endSoon()
    return true
  }

  #release(): void {
    const jobs = this.#new
    this.#new = []
    for (const job of jobs) {
      if (this.#isFull(job)) this.#counts.dropped.inc()
      else this.#waiting.push(job)
    }
    this.#start()
  }

  /** Whether too much waits already, of this person or of all. */
  #isFull({ subscription: { userId } }: Job): boolean {
    const all = [...this.#waiting, ...this.#later.keys()]
    const own = all.filter(({ subscription }) => subscription.userId === userId)
    return own.length >= MOST_OF_USER || all.length >= MOST_WAITING
  }

  #start(): void {
    while (this.#runningOfAll < AT_ONCE && !this.#bouncer.isClosing) {
      const next = this.#waiting.findIndex(
        ({ subscription }) => (this.#running.get(subscription.userId) ?? 0) < AT_ONCE_OF_USER,
      )
      const [job] = next < 0 ? [] : this.#waiting.splice(next, 1)
      if (!job) return
      void this.#run(job)
    }
  }

  async #run(job: Job): Promise<void> {
    const { subscription, payload, until } = job
    const { clock } = this.#bouncer
    const ttlMs = until - clock.now()
    const options = { ...this.#options, keys: this.#vapid(), clock, ttlMs }
    this.#count(subscription.userId, 1)
    const delivered = await deliver(subscription, payload, options)
    this.#count(subscription.userId, -1)
    this.#counts[delivered.outcome].inc()
    if (delivered.outcome === 'gone') this.#forget(subscription)
    if (delivered.outcome === 'failed' && delivered.isPassing) this.#putOff(job, delivered.afterMs)
    this.#start()
  }

  /** Tries again later, not before the service wants it, and not when it is old news by then. */
  #putOff(job: Job, afterMs = 0): void {
    const { clock, random, isClosing } = this.#bouncer
    job.failures += 1
    const delayMs = retryDelay(RETRY, job.failures, random)
    if (delayMs === undefined || isClosing) return
    const waitMs = Math.max(delayMs, afterMs)
    if (clock.now() + waitMs >= job.until) return
    if (this.#isFull(job)) {
      this.#counts.dropped.inc()
      return
    }
    this.#later.set(
      job,
      clock.after(waitMs, () => {
        this.#later.delete(job)
        if (this.#isCurrent(job)) this.#waiting.push(job)
        this.#start()
      }),
    )
  }

  /** Whether the client wants it still, with the same keys. */
  #isCurrent({ subscription }: Job): boolean {
    const { userId, networkId, endpoint, auth } = subscription
    const { store, log } = this.#bouncer
    try {
      const all = store.subscriptions.list(userId, networkId)
      return all.some((each) => each.endpoint === endpoint && each.auth === auth)
    } catch (error) {
      log.error({ err: error }, 'a push that was to be tried again')
      return false
    }
  }

  #drop(job: Job): void {
    this.#later.get(job)?.cancel()
    this.#later.delete(job)
  }

  /** Tries nothing again. */
  close(): void {
    for (const job of [...this.#later.keys()]) this.#drop(job)
  }

  #count(userId: number, change: 1 | -1): void {
    const running = (this.#running.get(userId) ?? 0) + change
    if (running > 0) this.#running.set(userId, running)
    else this.#running.delete(userId)
    this.#runningOfAll += change
  }

  #forget({ userId, networkId, endpoint }: PushSubscription): void {
    try {
      this.#bouncer.store.subscriptions.remove(userId, networkId, endpoint)
    } catch (error) {
      // The next push finds out again.
      if (!(error instanceof StoreUnavailable)) throw error
    }
  }

  #vapid(): VapidKeys {
    this.#keys ??= readKeys(this.#bouncer)
    return this.#keys
  }
}

const keyOf = (network: Network, target: string) => `${network.record.id} ${network.fold(target)}`

function readKeys({ store: { properties } }: Bouncer): VapidKeys {
  const [publicKey, privateKey] = (properties.get('vapid') ?? '').split(' ')
  if (publicKey && privateKey) return { publicKey, privateKey }
  const made = webPush.generateVAPIDKeys()
  properties.set('vapid', `${made.publicKey} ${made.privateKey}`)
  return made
}

/** The line, its text cut to what one push message can hold. */
function fitting(message: Message): string {
  const text = message.params.at(-1) ?? ''
  const over = utf8Length(formatMessage(message)) - MOST_BYTES
  if (over <= 0) return formatMessage(message)
  const cut = truncateUtf8(text, Math.max(0, utf8Length(text) - over))
  return formatMessage({ ...message, params: [...message.params.slice(0, -1), cut] })
}
