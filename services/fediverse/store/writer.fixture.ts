// A process that writes to a store as fast as it can until it is killed, and says on its standard output what it was
// promised: `accepted N`, `done N`, `queued N`, `delivered N`. Arguments: directory, first number.

import { systemClock } from '@fuchsbau/shared/clock.ts'
import type { AcceptedActivity } from './accepted.ts'
import { hashId, indexes } from './layout.ts'
import type { Delivery } from './queue.ts'
import { openStore, type Store } from './store.ts'

const WRITERS = 16
const clock = systemClock()

export const objectId = (n: number) => `https://peer.example/p/${n}`
export const activityId = (n: number) => `https://peer.example/a/${n}`
export const inboxOf = (n: number) => `https://host${n % 7}.example/inbox/${n}`

const say = (text: string) => process.stdout.write(`${text}\n`)

function activity(n: number): AcceptedActivity {
  return {
    id: activityId(n),
    signer: 'https://peer.example/users/alice',
    receivedAt: clock.now(),
    document: { type: 'Create', n, content: 'x'.repeat(800) },
    attempts: 0,
  }
}

async function takeEffect(store: Store, accepted: AcceptedActivity): Promise<void> {
  const n = Number(accepted.document['n'])
  const end = store.accepted.finish(accepted)
  if (store.objects.get(objectId(n))) return store.commit([end])
  const object = store.objects.put({
    id: objectId(n),
    kind: 'post',
    actor: accepted.signer,
    at: clock.now(),
    audience: 'public',
    document: accepted.document,
    home: ['you'],
    inReplyTo: objectId(n % 50),
  })
  const { ops, deliveries } = store.queue.enqueue(
    'you',
    { id: `https://us.example/accept/${n}` },
    n % 5 === 0 ? [{ inbox: inboxOf(n) }] : [],
    clock.now(),
  )
  await store.commit([object, end, ...ops])
  say(`done ${n}`)
  for (const delivery of deliveries) await deliver(store, delivery, n)
}

async function deliver(store: Store, delivery: Delivery, n: number): Promise<void> {
  say(`queued ${n}`)
  if (n % 15 === 0) await store.commit([store.queue.postpone({ ...delivery, attempts: 1 })])
  if (n % 10 !== 0) return
  say(`delivered ${n}`) // the peer has it before the end is on disk
  await store.commit([store.queue.finish(delivery), store.queue.removeBody(delivery.body)])
}

async function run(directory: string, first: number): Promise<void> {
  const store = openStore({ directory, clock, minFreeBytes: 0 })
  for (const { id } of store.accepted.pending()) {
    const accepted = store.accepted.find(id)
    if (accepted) await takeEffect(store, accepted)
  }
  let next = first
  const write = async () => {
    for (;;) {
      const n = next++
      const accepted = activity(n)
      await store.accepted.accept(accepted)
      say(`accepted ${n}`)
      if (n % 11 === 0) {
        await store.commit([store.accepted.postpone({ ...accepted, attempts: 1 })])
        continue
      }
      await takeEffect(store, accepted)
      if (n % 13 === 0) await store.commit([store.objects.bury(bodyOf(n), clock.now())])
    }
  }
  const bodyOf = (n: number) => ({ id: objectId(n), actor: 'https://peer.example/users/alice' })
  await Promise.all(Array.from({ length: WRITERS }, write))
}

/** What was promised, as the lines of a writer say. */
export interface Promised {
  accepted: number[]
  done: number[]
  queued: number[]
  delivered: number[]
}

export function parsePromises(output: string): Promised {
  const promised: Promised = { accepted: [], done: [], queued: [], delivered: [] }
  for (const line of output.slice(0, output.lastIndexOf('\n')).split('\n')) {
    const [kind, n] = line.split(' ')
    promised[kind as keyof Promised]?.push(Number(n))
  }
  return promised
}

/** What a store does not hold of it, in words. */
export function broken(store: Store, promised: Promised): string[] {
  const pending = new Set(store.accepted.pending().map(({ id }) => id))
  const delivered = new Set(promised.delivered)
  const queued = new Set([...store.queue.all()].map(({ inbox }) => inbox))
  const home = [...store.tree.index.newest(indexes.home('you'))].map(({ key }) => key)
  const inHome = new Set(home)
  const isThere = (n: number) => store.objects.get(objectId(n)) !== undefined
  const isListed = (n: number) =>
    store.objects.get(objectId(n))?.kind === 'tombstone' || inHome.has(hashId(objectId(n)))
  return [
    ...promised.accepted
      .filter((n) => !isThere(n) && !pending.has(activityId(n)))
      .map((n) => `accepted ${n} is lost`),
    ...promised.accepted
      .filter((n) => !store.accepted.isSeen(activityId(n)))
      .map((n) => `accepted ${n} is not remembered`),
    ...promised.done.filter((n) => !isThere(n)).map((n) => `object ${n} is lost`),
    ...promised.done.filter((n) => !isListed(n)).map((n) => `object ${n} is not in the timeline`),
    ...promised.queued
      .filter((n) => !delivered.has(n) && !queued.has(inboxOf(n)))
      .map((n) => `delivery ${n} is lost`),
    ...(home.length === inHome.size ? [] : ['an entry is in the timeline twice']),
    ...home
      .filter((key) => store.objects.byKey(key)?.kind !== 'post')
      .map((key) => `${key} is in the timeline for nothing`),
  ]
}

const [, script, directory, first] = process.argv
if (script === import.meta.filename && directory) await run(directory, Number(first))
