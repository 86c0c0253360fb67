// The servers that are measured, in one shape.
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { openStore } from '../../services/fediverse/store/store.ts'
import { startFuchsbau } from '../../test/support/fuchsbau.ts'
import { startSnac } from '../../test/support/snac.ts'
import { makeTempData, removeTempData } from '../../test/support/temp-data.ts'
import type { TlsFront } from '../../test/support/tls-front.ts'

/** A server that is measured. */
export interface Subject {
  name: string
  pid(): number
  /** Where it listens, plain HTTP. */
  origin: string
  /** Whether it keeps connections open between requests. */
  isKept: boolean
  /** Its public host, for the Host header. */
  host: string
  actor: string
  inboxPath: string
  /** What is asked for: name, path, Accept. */
  gets: [string, string, string][]
  /** Inbox activities that have taken effect so far. */
  effects(): Promise<number>
  publish(text: string): Promise<unknown>
  close(): Promise<void>
}

const activity = 'application/activity+json'
const getsOf = (host: string, user: string): Subject['gets'] => [
  ['WebFinger', `/.well-known/webfinger?resource=acct:${user}@${host}`, 'application/jrd+json'],
  ['actor', `/${user}`, activity],
  ['outbox', `/${user}/outbox`, activity],
  ['profile page', `/${user}`, 'text/html'],
]

/** Ours, as bundled, on a tree that holds so many objects. */
export async function startOurs({
  front,
  program,
  objects,
}: {
  front: TlsFront
  program: string
  objects: number
}): Promise<Subject> {
  const data = await makeTempData('bench')
  const host = 'fuchs.test'
  await fill(`${data}/fediverse`, objects)
  const server = await startFuchsbau({
    front,
    host,
    data,
    program,
  })
  return {
    name: `fuchsbau-${objects}`,
    pid: server.pid,
    origin: server.listening,
    isKept: true,
    host,
    actor: `https://${host}/you`,
    inboxPath: '/you/inbox',
    gets: getsOf(host, 'you'),
    async effects() {
      const text = await (await fetch(`${server.management}/metrics`)).text()
      const counts = text.matchAll(/effects_total\{outcome="(?:done|ignored|failed)"\} (\d+)/g)
      return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
    },
    publish: (text) => server.cli('note', text),
    async close() {
      await server[Symbol.asyncDispose]()
      await removeTempData(data)
    },
  }
}

/** Half own posts, half posts in the home timeline, over a year. */
async function fill(directory: string, objects: number): Promise<void> {
  const clock = settableClock(Date.now())
  const store = openStore({ directory, clock, retentionMs: 60_000 })
  const at = (i: number) => clock.now() - (objects - i) * Math.floor(31_536_000_000 / objects)
  const text = `<p>${'A line of some length. '.repeat(15)}</p>`
  for (let i = 0; i < objects; i++) {
    const actor = i % 2 === 0 ? 'https://fuchs.test/you' : `https://filled.test/u${i % 500}`
    const id = `${actor}/p/${i}`
    const document = {
      id,
      type: 'Note',
      attributedTo: actor,
      content: text,
      to: ['https://www.w3.org/ns/activitystreams#Public'],
      cc: [],
    }
    const local = i % 2 === 0 ? { local: 'you' } : {}
    store.objects.putCached({
      id,
      kind: 'post',
      actor,
      at: at(i),
      audience: 'public',
      home: ['you'],
      document,
      ...local,
    })
  }
  await store.close()
}

/** snac as Debian has it, its queues at their own pace. */
export async function startTheirs({ front }: { front: TlsFront }): Promise<Subject> {
  const host = 'snac.test'
  const settings = { disable_inbox_collection: true, dbglevel: 0, disable_cache: false }
  const snac = await startSnac({ front, host, users: ['you'], paced: false, settings })
  const you = snac.user('you')
  return {
    name: 'snac',
    pid: () => snac.pid ?? 0,
    origin: snac.upstream,
    isKept: false,
    host,
    actor: you.id,
    inboxPath: '/you/inbox',
    gets: getsOf(host, 'you'),
    effects: async () => you.files.timeline().length,
    publish: (text) => you.note(text),
    close: () => snac.close(),
  }
}
