// Much of what is hostile at once, against the real process: slow clients, floods, hosts that never answer. Others are
// served meanwhile, deadlines hold, and memory stays flat.
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { heldMiB, MEASURABLE } from '../../support/heap.ts'
import { openScene, type Scene } from '../../support/hostile-scene.ts'
import { ask } from '../../support/http-post.ts'
import type { PeerActor } from '../../support/peer.ts'
import { openSocket, readAll } from '../../support/raw-socket.ts'
import { isReady, residentMiB, settle } from '../../support/vitals.ts'
import { waitFor } from '../../support/wait-for.ts'

let scene: Scene
let slow: Promise<Ended[]>

vi.setConfig({ testTimeout: 90_000 })

interface Ended {
  what: string
  seconds: number
  answer: string
}

beforeAll(async () => {
  scene = await openScene(MEASURABLE)
  slow = crawl()
})

afterAll(() => scene?.[Symbol.asyncDispose]())

/** Opens 50 connections of each kind that send a little every second, until the server ends them. */
async function crawl(): Promise<Ended[]> {
  const { host, pathname } = new URL(scene.inbox)
  const start = `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\n`
  const body = 'content-type: application/activity+json\r\ncontent-length: 100000\r\n\r\n'
  const kinds = [
    { what: 'headers', first: start, more: 'x: y\r\n' },
    { what: 'body', first: start + body, more: ' ' },
    { what: 'nothing', first: '', more: '' },
  ]
  const begun = performance.now()
  const crawlOne = async ({ what, first, more }: (typeof kinds)[number]): Promise<Ended> => {
    const socket = await openSocket(scene.server.url)
    socket.write(first)
    const drip = setInterval(() => socket.write(more), 1_000)
    const answer = await readAll(socket)
    clearInterval(drip)
    return { what, seconds: (performance.now() - begun) / 1000, answer }
  }
  return Promise.all(kinds.flatMap((kind) => Array.from({ length: 50 }, () => crawlOne(kind))))
}

/** Runs tasks, some at a time, and counts what they resolve to. */
async function tally<T>(
  count: number,
  width: number,
  task: (number: number) => Promise<T>,
): Promise<Map<T, number>> {
  const counts = new Map<T, number>()
  let next = 0
  const work = async () => {
    while (next < count) {
      const outcome = await task(next++)
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: width }, work))
  return counts
}

/** Notes what the server has in memory, in MiB; the result tells how much that has grown. */
async function measure() {
  const look = async () => ({
    held: await heldMiB(scene.server),
    resident: residentMiB(scene.server),
  })
  const before = await look()
  return async () => {
    const { held, resident } = await look()
    return { held: held - before.held, resident: resident - before.resident }
  }
}

const below = (limit: number) =>
  expect.toSatisfy((value: number) => value < limit, `below ${limit}`)

const post = async (actor: PeerActor, activity: object, keyId = actor.keyId) =>
  (await actor.post(scene.inbox, { ...activity }, { keyId })).status

test('4,000 refused requests keep no memory', async () => {
  const { inbox, mallory, hello } = scene
  const headers = { 'content-type': 'application/activity+json' }
  const attempts = [
    () => ask(inbox, { headers, body: JSON.stringify(hello()) }),
    () => mallory.post(inbox, hello(), { digestOf: 'x' }),
    () => mallory.post(inbox, hello(), { keyId: scene.vera.keyId }),
    () => mallory.post(inbox, hello(), { keyId: `${mallory.origin}/${Math.random()}#key` }),
    () => ask(`${scene.server.url}/${Math.random()}/s/${Math.random()}`),
  ] as const
  const flood = (count: number) =>
    tally(count, 16, async (number) => {
      const { status } = await (attempts[number % attempts.length] as (typeof attempts)[number])()
      return status >= 400 && status < 500
    })
  await flood(1_000)
  const grown = await measure()
  expect(await flood(4_000)).toEqual(new Map([[true, 4_000]]))
  expect(await grown()).toMatchObject({ held: below(8), resident: below(150) })
})

test('2,000 signers are told apart, and their keys kept in bounds', async () => {
  const { peer, us } = scene
  const signers = Array.from({ length: 2_000 }, (_, number) => peer.actor(`signer${number}`))
  const grown = await measure()
  const statuses = await tally(signers.length, 16, async (number) => {
    const signer = signers[number] as PeerActor
    const other = signers[(number + 1) % signers.length] as PeerActor
    expect(await post(signer, other.activity('Like', scene.ourPost))).toBe(401)
    return post(signer, signer.create(`from ${number}`, [us]))
  })
  expect(statuses).toEqual(new Map([[202, 2_000]]))
  await settle(scene.server)
  expect(await grown()).toMatchObject({ held: below(40), resident: below(200) })
  const shown = await scene.server.cli('show', 'notifications', '--limit', '1000')
  expect(shown.filter((line) => line.includes('from '))).toHaveLength(1_000)
})

test('activities about what cannot be fetched now wait on the disk, not in memory', async () => {
  const { vera, us } = scene
  const filler = 'x'.repeat(250_000)
  const nowhere = (number: number) => ({ id: `http://127.0.0.1:1/${number}` })
  const flood = (count: number) =>
    tally(count, 16, (number) => post(vera, { ...vera.create('x', [us], nowhere(number)), filler }))
  await flood(20)
  await settle(scene.server)
  const grown = await measure()
  expect(await flood(160)).toEqual(new Map([[202, 160]]))
  await settle(scene.server)
  expect(await grown()).toMatchObject({ held: below(8), resident: below(300) })
})

test('activities about what never answers do not keep others out', async () => {
  const { mallory, vera, us } = scene
  await using silent = await startSilent()
  const filler = 'x'.repeat(900_000)
  const grown = await measure()
  const statuses = await tally(120, 16, (number) =>
    post(mallory, { ...mallory.create('x', [us], { id: `${silent.origin}/${number}` }), filler }),
  )
  expect(statuses).toEqual(new Map([[202, 120]]))
  expect(await grown()).toMatchObject({ held: below(50), resident: below(300) })
  expect(await post(vera, vera.create('not kept out', [us]))).toBe(202)
  await waitFor(
    async () => (await scene.server.cli('show', 'notifications')).join().includes('not kept out'),
    { what: 'what others send to have its effect', context: scene.server.log },
  )
})

test('keys that never come hold few bodies in memory, and do not keep others out', async () => {
  const { mallory, vera, us } = scene
  const silent = await Promise.all(Array.from({ length: 8 }, startSilent))
  const grown = await measure()
  const filler = 'x'.repeat(900_000)
  const flood = tally(200, 200, (number) => {
    const keyId = `${silent[number % 8]?.origin}/${number}#key`
    return post(mallory, { ...mallory.create('x', [us]), filler }, keyId)
  })
  const isAsked = () => silent.every(({ count }) => count > 0)
  await waitFor(isAsked, { what: 'all hosts to be asked for keys' })
  expect(await post(vera, vera.create('x', [us]))).toBe(202)
  expect(await grown()).toMatchObject({ held: below(120), resident: below(400) })
  const statuses = await flood
  expect((statuses.get(401) ?? 0) + (statuses.get(503) ?? 0)).toBe(200)
  expect(statuses.get(503)).toBeGreaterThan(0)
  for (const host of silent) await host[Symbol.asyncDispose]()
})

test('slow clients are cut off at the deadlines', async () => {
  const ended = Map.groupBy(await slow, ({ what }) => what)
  const expected = { headers: 15, body: 30, nothing: 15 }
  for (const [what, seconds] of Object.entries(expected)) {
    for (const one of ended.get(what) ?? []) {
      expect(one.answer, what).toMatch(/^HTTP\/1\.1 408 /)
      expect(one.seconds, what).toBeGreaterThan(seconds - 2)
      expect(one.seconds, what).toBeLessThan(seconds + 15)
    }
  }
  expect(await isReady(scene.server)).toBe(true)
})

/** A host that takes connections and says nothing. */
async function startSilent() {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  return {
    origin: `http://127.0.0.1:${port}`,
    get count() {
      return sockets.size
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
