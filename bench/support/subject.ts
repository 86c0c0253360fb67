// The servers that are measured, in one shape.
import { existsSync, globSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { askControl } from '@fuchsbau/shared/control.ts'
import { paths } from '../../services/fediverse/store/layout.ts'
import { segmentNumbers, segmentPath } from '../../services/fediverse/store/segment.ts'
import { openStore } from '../../services/fediverse/store/store.ts'
import { startFuchsbau } from '../../test/support/fuchsbau.ts'
import { trixieTree } from '../../test/support/peers.ts'
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
  /** Delivers so slowly that a fan-out is measured once, without a warm-up. */
  isSlow: boolean
  /** Received posts that have taken effect since it started, cheaply; only a difference of two means something. */
  effects(): Promise<number>
  /** Followers it knows, cheaply. */
  followers(): Promise<number>
  /** Stored posts whose id begins so, among the newest 1,000 at least. */
  stored(prefix: string): Promise<number>
  /** Resolves when it is stored and queued, or sooner when the server is killed. */
  publish(text: string): Promise<unknown>
  /** SIGKILL; resolves when it answers again. */
  crash(): Promise<void>
  /** The end of its log. */
  log(): string
  close(): Promise<void>
}

/** A line of snac's index files: an MD5 in hexadecimal. */
const snacRecordBytes = 33

const activity = 'application/activity+json'
const getsOf = (host: string, user: string): Subject['gets'] => [
  ['WebFinger', `/.well-known/webfinger?resource=acct:${user}@${host}`, 'application/jrd+json'],
  ['actor', `/${user}`, activity],
  ['outbox', `/${user}/outbox`, activity],
  ['profile page', `/${user}`, 'text/html'],
]

/** Ours, as bundled, on a tree that holds so many objects. */
export async function startOurs({
  front: real,
  program,
  objects,
}: {
  front: TlsFront
  program: string
  objects: number
}): Promise<Subject> {
  const data = makeTempData('bench')
  const host = 'fuchs.test'
  await fill(`${data}/fediverse`, objects)
  // Each `route` rewrites the file of names, and a look-up at that instant finds none: once is enough.
  let routed: string | undefined
  const front: TlsFront = { ...real, route: (...to) => (routed ??= real.route(...to)) }
  const server = await startFuchsbau({ front, host, data, program })
  const ask = (verb: string, ...args: string[]) =>
    askControl(join(data, 'fediverse', paths.controlSocket), verb, args)
  return {
    name: `fuchsbau-${objects}`,
    pid: server.pid,
    get origin() {
      return server.listening
    },
    isKept: true,
    host,
    actor: `https://${host}/you`,
    inboxPath: '/you/inbox',
    gets: getsOf(host, 'you'),
    isSlow: false,
    async effects() {
      const text = await (await fetch(`${server.management}/metrics`)).text()
      return Number(/effects_total\{outcome="done"\} (\d+)/.exec(text)?.[1] ?? 0)
    },
    async followers() {
      const headers = { accept: activity, host }
      const answer = await fetch(`https://${host}/you/followers`, { headers })
      return ((await answer.json()) as { totalItems: number }).totalItems
    },
    async stored(prefix) {
      const { lines } = await ask('show', 'notifications', '--json', '--limit', '1000')
      return lines.filter((line) => JSON.parse(line).id.startsWith(prefix)).length
    },
    publish: (text) => ask('note', text),
    async crash() {
      await server.kill()
      await server.start()
    },
    log: () => server.log().slice(-2_000),
    // The tree goes at the end of the run: for half a minute ext4 walks around inodes that were freed, one by one, which
    // made the next subject's Creates up to 0.7 ms dearer.
    async close() {
      await server[Symbol.asyncDispose]()
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
  // As hours later: the journal's segments are retired, and a start after a crash does not read them all again.
  const journal = join(directory, paths.journal)
  for (const number of segmentNumbers(journal)) rmSync(segmentPath(journal, number))
}

/**
 * snac as Debian has it: its queues at their own pace, and all of Debian's certificates to trust besides the tests'
 * own, for it reads them at each delivery.
 */
export async function startTheirs({ front: real }: { front: TlsFront }): Promise<Subject> {
  const host = 'snac.test'
  const debians = readFileSync(join(trixieTree(), 'etc/ssl/certs/ca-certificates.crt'), 'utf8')
  const file = join(makeTempData('bench-ca'), 'certificates.pem')
  writeFileSync(file, `${debians}${real.ca.pem}`)
  const front = { ...real, ca: { ...real.ca, file } }
  const settings = { disable_inbox_collection: true, dbglevel: 0, disable_cache: false }
  const snac = await startSnac({ front, host, users: ['you'], paced: false, settings })
  const { id, password, files } = snac.user('you')
  // By the command line, and not delivered: 40 deliveries to itself would keep all its threads busy for minutes.
  await snac.stop()
  const text = 'A line of some length. '.repeat(15)
  for (let i = 0; i < 40; i++) await snac.cli('note', 'you', `${text}${i}`)
  for (const queued of globSync(join(snac.directory, '{,user/you/}queue/*.json'))) rmSync(queued)
  await snac.start()
  const entries = async (index: string) => {
    const file = join(snac.directory, 'user/you', index)
    return existsSync(file) ? statSync(file).size / snacRecordBytes : 0
  }
  // Not `snac.user(…).note`: that looks for the new post among all the others.
  const publish = (content: string) =>
    fetch(`${snac.upstream}/you/admin/note`, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        authorization: `Basic ${btoa(`you:${password}`)}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ content }).toString(),
    })
  return {
    name: 'snac',
    pid: () => snac.pid ?? 0,
    origin: snac.upstream,
    isKept: false,
    host,
    actor: id,
    inboxPath: '/you/inbox',
    gets: getsOf(host, 'you'),
    isSlow: true,
    effects: () => entries('private.idx'),
    followers: () => entries('followers.idx'),
    stored: async (prefix) => {
      const ids = new Set(files.timeline().map((post) => String(post['id'])))
      return [...ids].filter((each) => each.startsWith(prefix)).length
    },
    publish,
    async crash() {
      process.kill(snac.pid ?? 0, 'SIGKILL')
      await snac.stop()
      await snac.start()
    },
    log: snac.log,
    async close() {
      await snac.close()
      removeTempData(dirname(file))
    },
  }
}
