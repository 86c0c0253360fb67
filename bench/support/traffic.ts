// What is done to a measured server: followers, signed posts to its inbox, fan-outs. Each waits until the effect is there,
// for a minute at most, so that what is dropped never counts as cheap.
import { setTimeout as pause } from 'node:timers/promises'
import { waitFor } from '../../test/support/wait-for.ts'
import type { LoadHost, SignedPost } from './load-host.ts'
import { type Cost, costOf, repeat, send } from './measure.ts'
import type { Subject } from './subject.ts'

/** Of everything: posts to the inbox, followers. */
export const many = 1_000

const timeoutMs = 60_000
/** snac sends some 28 a second. */
const slowTimeoutMs = 150_000
const context = 'https://www.w3.org/ns/activitystreams'

/** A server and the host that talks to it. */
export interface Scene {
  subject: Subject
  load: LoadHost
}

/** GETs of one path, all answered 200; few at a time where each has its own connection, or they are turned away. */
export function getMany({ subject }: Scene, path: string, accept: string): Promise<Cost> {
  const [count, atOnce] = subject.isKept ? [2 * many, 16] : [many, 4]
  const one = () => expect(send(subject, 'GET', path, { host: subject.host, accept }), 200)
  return costOf(subject.pid(), count, () => repeat(count, one, atOnce))
}

/** Notes of one actor that mention the user, ids beginning with `prefix`. */
export function signNotes({ subject, load }: Scene, prefix: string): SignedPost[] {
  const { host, inboxPath: path, actor: us } = subject
  const actor = prefix.slice(0, prefix.indexOf('/n/'))
  return Array.from({ length: many }, (_, i) => {
    const id = `${prefix}${i}`
    const object = {
      id,
      type: 'Note',
      attributedTo: actor,
      to: [us],
      cc: [],
      published: new Date().toISOString(),
      content: `<p>${'A line of some length. '.repeat(15)}${i}</p>`,
      tag: [{ type: 'Mention', href: us, name: `@you@${host}` }],
    }
    const create = { id: `${id}/c`, type: 'Create', actor, to: [us], cc: [], object }
    return load.post(actor, { host, path }, { '@context': context, ...create })
  })
}

/** Posts to the inbox, all answered 202. */
export function postAll(
  { subject }: Scene,
  posts: readonly SignedPost[],
  atOnce?: number,
): Promise<void> {
  const one = (i: number) => {
    const { headers = {}, body } = posts[i] ?? {}
    return expect(send(subject, 'POST', subject.inboxPath, headers, body), 202)
  }
  return repeat(posts.length, one, atOnce)
}

/** What posts to the inbox cost, and how many of those answered 202 had an effect. */
export interface InboxCost extends Cost {
  effects: number
}

/**
 * Signed Creates, from the first request until the last has taken effect. snac names its queue's files after the
 * microsecond, so that two of a burst may be one: what it loses does not count, and more than a twentieth is an error.
 */
export async function inboxCreates(scene: Scene, round: number): Promise<InboxCost> {
  const { subject } = scene
  const posts = signNotes(scene, `https://load.test/author/n/${subject.name}-${round}-`)
  let effects = 0
  const { cpuMs, wallMs } = await costOf(subject.pid(), 1, async () => {
    const before = await subject.effects()
    await postAll(scene, posts)
    effects = await settled(async () => (await subject.effects()) - before, {
      everyMs: 100,
      quietMs: 7_000,
    })
  })
  if (effects < 0.95 * many)
    throw new Error(`${effects} Creates had an effect at ${subject.name}\n${subject.log()}`)
  return { cpuMs: cpuMs / effects, wallMs, effects }
}

/** Makes the followers; resolves when each has its Accept. */
export async function follow({ subject, load }: Scene): Promise<void> {
  const { host, inboxPath: path, actor: object } = subject
  load.reset()
  const posts = Array.from({ length: many }, (_, i) => {
    const actor = `https://load.test/f${i}`
    const activity = { '@context': context, id: `${actor}/follow`, type: 'Follow', actor, object }
    return load.post(actor, { host, path }, activity)
  })
  await postAll({ subject, load }, posts, 1) // one by one, so that snac loses none
  await reach(subject, 'followers', subject.followers, { everyMs: 500 })
  await reach(subject, 'Accepts', load.reached)
}

/** One post, from the request to publish it until every follower's inbox has it. */
export function fanOut({ subject, load }: Scene, text: string): Promise<Cost> {
  load.reset()
  return costOf(subject.pid(), many, async () => {
    await subject.publish(text)
    await reach(subject, 'inboxes reached', load.reached)
  })
}

/** A count when it has reached `many`, or has not changed for `quietMs`. */
export async function settled(
  count: () => Promise<number>,
  { everyMs, quietMs }: { everyMs: number; quietMs: number },
): Promise<number> {
  let last = await count()
  let changed = performance.now()
  while (last < many && performance.now() - changed < quietMs) {
    await pause(everyMs)
    const now = await count()
    if (now !== last) changed = performance.now()
    last = now
  }
  return last
}

/** Waits until a count is `many`. */
async function reach(
  subject: Subject,
  what: string,
  count: () => number | Promise<number>,
  { everyMs = 5 } = {},
): Promise<void> {
  let last = 0
  await waitFor(
    async () => {
      last = await count()
      return last >= many
    },
    {
      what: `${many} ${what} of ${subject.name}`,
      timeoutMs: subject.isSlow ? slowTimeoutMs : timeoutMs,
      everyMs,
      context: () => `there were ${last}\n${subject.log()}`,
    },
  )
}

async function expect(sent: Promise<number>, status: number): Promise<void> {
  const answered = await sent
  if (answered !== status) throw new Error(`answered ${answered}, not ${status}`)
}
