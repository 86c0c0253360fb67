// Deliveries on disk: one file each below queue/HOST/, and one body below outgoing/ for all deliveries of an activity.
// A delivery is in the journal before its first attempt; it gets its file when that fails or lets itself be waited for,
// and ends when the peer took the activity or the retries ended.

import { hash } from 'node:crypto'
import type { Op } from './journal.ts'
import { hashId, paths } from './layout.ts'
import { putJson, removeFile, type Tree } from './tree.ts'

/** One file below queue/HOST/. No key in it: it names the user who signs. */
export interface Delivery {
  /** File name without '.json': when it was queued and what it is, so that names sort by time. */
  name: string
  /** Local user who signs. */
  user: string
  inbox: string
  /** Key of the body below outgoing/. */
  body: string
  queuedAt: number
  attempts: number
  /** Not before this instant, ms. */
  nextAt: number
  /** Why the last attempt failed, in words. */
  lastError?: string
  /** Follower to drop when the inbox is gone; absent for a shared inbox. */
  follower?: string
}

/** One file below outgoing/: exact bytes, serialised and digested once per activity. */
export interface OutgoingBody {
  id: string
  text: string
  /** Base64 of SHA-256 over the UTF-8 bytes. */
  digest: string
}

export interface NewDelivery {
  inbox: string
  follower?: string
}

const STAMP_DIGITS = 13

export class Queue {
  readonly #tree: Tree
  /** Instant in the newest name: names sort in the order of queueing, whatever the clock does. */
  #lastStamp = 0

  constructor(tree: Tree) {
    this.#tree = tree
    const files = tree.list('queue').flatMap((folder) => tree.list(`queue/${folder}`))
    const held = tree.queued.paths().map((path) => path.slice(path.lastIndexOf('/') + 1))
    for (const name of [...files, ...held]) {
      this.#lastStamp = Math.max(this.#lastStamp, Number(name.slice(0, STAMP_DIGITS)) || 0)
    }
  }

  /** The operations that queue one activity to these inboxes, and what they queue. */
  enqueue(
    user: string,
    activity: { id: string },
    inboxes: readonly NewDelivery[],
    now: number,
  ): { ops: Op[]; deliveries: Delivery[] } {
    if (inboxes.length === 0) return { ops: [], deliveries: [] }
    const text = JSON.stringify(activity)
    const digest = hash('sha256', text, 'base64')
    const body = hashId(`${activity.id} ${digest}`)
    this.#lastStamp = Math.max(now, this.#lastStamp + 1)
    const stamp = String(this.#lastStamp).padStart(STAMP_DIGITS, '0')
    const distinct = new Map(inboxes.map((delivery) => [delivery.inbox, delivery])).values()
    const deliveries = [...distinct].map(({ inbox, follower }) => ({
      name: `${stamp}-${hashId(`${body} ${inbox}`).slice(0, 16)}`,
      user,
      inbox,
      body,
      queuedAt: now,
      attempts: 0,
      nextAt: now,
      ...(follower ? { follower } : {}),
    }))
    const outgoing: OutgoingBody = { id: activity.id, text, digest }
    const ops = [putJson(paths.outgoing(body), outgoing), ...deliveries.map(holdDelivery)]
    return { ops, deliveries }
  }

  body(delivery: Delivery): OutgoingBody | undefined {
    return this.#tree.read<OutgoingBody>(paths.outgoing(delivery.body))
  }

  /** The operation that stores an attempt's outcome. */
  postpone(delivery: Delivery): Op {
    return putDelivery(delivery)
  }

  /** The operation that ends a delivery. */
  finish(delivery: Delivery): Op {
    return removeFile(pathOf(delivery))
  }

  removeBody(body: string): Op {
    return removeFile(paths.outgoing(body))
  }

  /** Every delivery, oldest first within a host. Read once, at start. */
  *all(): Generator<Delivery> {
    const held = Map.groupBy(this.#tree.queued.paths(), (path) => path.split('/')[1] ?? '')
    const folders = new Set([...this.#tree.list('queue'), ...held.keys()])
    for (const folder of [...folders].sort()) {
      const files = this.#tree.list(`queue/${folder}`).map((file) => `queue/${folder}/${file}`)
      if (files.length === 0) this.#tree.removeEmpty(`queue/${folder}`)
      for (const path of [...files, ...(held.get(folder) ?? [])].sort()) {
        const text = this.#tree.queued.get(path)
        const delivery = text ? JSON.parse(text) : this.#tree.readOnce(path)
        if (delivery) yield delivery as Delivery
      }
    }
  }

  /** Keys of all bodies, so that those without a delivery can be swept. */
  bodies(): string[] {
    return this.#tree.list('outgoing').map((file) => file.slice(0, -'.json'.length))
  }
}

const pathOf = (delivery: Delivery) => paths.delivery(new URL(delivery.inbox).host, delivery.name)

const holdDelivery = (delivery: Delivery): Op => ({
  kind: 'hold',
  path: pathOf(delivery),
  text: JSON.stringify(delivery),
  value: delivery,
})

const putDelivery = (delivery: Delivery) => putJson(pathOf(delivery), delivery)
