// Random transactions, a random instant of death, and a disk on which everything that was not synced may be old, torn
// or missing: what recovery makes of it must be exactly the state after the last whole line of the journal.

import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import type { AcceptedActivity } from './accepted.ts'
import { derivation } from './derive.ts'
import type { Op } from './journal.ts'
import { hashId, isPending, paths } from './layout.ts'
import { readSegment } from './segment.ts'
import { afterCrash, faultyDisk, NOON, post, type TestStore, testStore } from './store.fixture.ts'
import type { Store } from './store.ts'

type Random = (below: number) => number

/** Mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): Random {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

/** What a tree holds, as plain maps. */
interface Model {
  files: Map<string, string>
  held: Map<string, string>
  seen: Set<string>
}

function apply(model: Model, ops: readonly Op[]): Model {
  const next = {
    files: new Map(model.files),
    held: new Map(model.held),
    seen: new Set(model.seen),
  }
  for (const op of ops) {
    if (op.kind === 'hold') {
      next.files.delete(op.path)
      next.held.set(op.path, op.text)
      if (isPending(op.path)) next.seen.add(hashId(JSON.parse(op.text).id))
      continue
    }
    next.held.delete(op.path)
    if (op.kind === 'put') next.files.set(op.path, op.text)
    else next.files.delete(op.path)
  }
  return next
}

/** Index → keys, as they follow from the files. */
function indexesOf({ files }: Model): Map<string, string[]> {
  const entries = [...files].flatMap(([path, text]) =>
    derivation.covers(path) ? derivation.entries(path, JSON.parse(text)) : [],
  )
  return new Map(
    [...Map.groupBy(entries, ({ index }) => index)].map(([index, group]) => [
      index,
      group.map(({ key }) => key).sort(),
    ]),
  )
}

/** One random transaction. */
function randomOps(store: Store, random: Random, at: number): Op[] {
  let next = 0
  const some = <T>(values: T[]) => values.filter(() => random(2) === 0)
  const activity = (i: number): AcceptedActivity => ({
    id: `https://peer.example/a/${i}`,
    signer: 'https://peer.example/users/alice',
    receivedAt: at,
    document: { n: random(1_000) },
    attempts: 0,
  })
  const actor = `https://peer.example/users/${random(4)}`
  const state = random(2) ? ('accepted' as const) : ('requested' as const)
  const kinds: (() => Op[])[] = [
    () => [
      store.objects.put(
        post(random(8), { at, home: some(['you', 'eve']), notify: some(['you']), local: 'you' }),
      ),
    ],
    () => [store.objects.bury(post(random(8)), at)],
    () => [
      store.relations.put('you', 'followers', { actor, activity: 'x', state, at, inbox: actor }),
    ],
    () => [store.relations.remove('you', 'followers', actor)],
    () => {
      const one = activity(at + next++)
      return [
        {
          kind: 'hold',
          path: `inbox/${hashId(one.id)}.json`,
          text: JSON.stringify(one),
          value: one,
        },
      ]
    },
    () => [
      store.accepted.finish(activity(at - 10 * random(10))),
      store.objects.put(post(random(8), { at })),
    ],
    () => [store.accepted.postpone(activity(at - 10 * random(10)))],
    () =>
      store.queue.enqueue('you', { id: `x${random(3)}` }, [{ inbox: `${actor}/inbox` }], at).ops,
  ]
  const count = 1 + random(3)
  return Array.from({ length: count }).flatMap(() => kinds[random(kinds.length)]?.() ?? [])
}

const segmentOf = (tree: TestStore) => {
  const directory = join(tree.directory, 'journal')
  return join(
    directory,
    readdirSync(directory)
      .filter((name) => name.endsWith('.log'))
      .at(-1) ?? '',
  )
}

/** Leaves each file as any of its versions, torn, or missing, and each index cut anywhere. */
function damage(tree: TestStore, versions: Map<string, string[]>, random: Random): void {
  for (const [path, texts] of versions) {
    const file = join(tree.directory, path)
    rmSync(file, { force: true })
    const text = texts[random(texts.length)] ?? ''
    const fate = random(4)
    if (fate === 0) continue
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, fate === 1 ? text.slice(0, random(text.length)) : text)
    if (random(5) === 0) writeFileSync(`${file}.tmp`, text.slice(0, 10))
  }
  for (const entry of readdirSync(join(tree.directory, 'index'), {
    recursive: true,
    withFileTypes: true,
  })) {
    if (!entry.isFile() || entry.name === 'complete' || random(3) === 0) continue
    const file = join(entry.parentPath, entry.name)
    const bytes = readFileSync(file)
    const end = random(bytes.length + 1)
    const hole = random(bytes.length + 1)
    const fate = random(3)
    if (fate === 0) truncateSync(file, end)
    else if (fate === 1) writeFileSync(file, bytes.fill(0, end))
    else writeFileSync(file, bytes.fill(0, Math.min(end, hole), Math.max(end, hole)))
  }
}

/** Compares a tree with a model: files, what is held, and every index. */
function check(store: Store, model: Model, promised: Iterable<string>): void {
  for (const path of promised) expect(store.tree.readText(path), path).toBe(model.files.get(path))
  const { held, queued } = store.tree
  expect([...held.paths(), ...queued.paths()].sort()).toEqual([...model.held.keys()].sort())
  for (const [path, text] of model.held) expect(held.get(path) ?? queued.get(path)).toBe(text)
  const expected = indexesOf(model)
  for (const name of new Set([...expected.keys(), ...store.tree.index.names()])) {
    const found = [...store.tree.index.newest(name)]
    expect(store.tree.index.count(name), `count of ${name}`).toBe(found.length)
    const times = found.map(({ at }) => at)
    expect(times).toEqual(times.toSorted((a, b) => b - a))
    const keys = found.map(({ key }) => key).sort()
    if (!name.startsWith('seen/')) expect(keys, name).toEqual(expected.get(name) ?? [])
    else expect(keys.filter((key) => model.seen.has(key))).toEqual([...model.seen].sort())
  }
}

/** The model of what a tree has in its files. */
function modelOf(store: Store, paths: Iterable<string>, model: Model): Model {
  const files = new Map<string, string>()
  for (const path of paths) {
    if (store.tree.readOnce(path) !== undefined) files.set(path, store.tree.readText(path) ?? '')
  }
  return { ...model, files }
}

/** Runs random transactions; what the tree and the model are after each. */
async function run(tree: TestStore, random: Random, disk = faultyDisk()) {
  const store = tree.open({ disk })
  const models: Model[] = [{ files: new Map(), held: new Map(), seen: new Set() }]
  const ends = [0]
  const versions = new Map<string, string[]>()
  for (let i = 0; i < 40; i++) {
    const ops = randomOps(store, random, NOON + i * 10)
    if (random(5) === 0) store.commitLazily(ops)
    else await store.commit(ops)
    models.push(apply(models.at(-1) as Model, ops))
    ends.push(readFileSync(segmentOf(tree)).indexOf('\n\0') + 1)
    for (const op of ops) {
      const texts = versions.get(op.path) ?? []
      if (op.kind === 'put') texts.push(op.text)
      if (op.kind !== 'hold') versions.set(op.path, texts)
    }
  }
  check(store, models.at(-1) as Model, versions.keys())
  return { store, models, ends, versions }
}

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1)

test.each(SEEDS)('seed %i: a process that dies at any write loses nothing', async (seed) => {
  const random = randomOf(seed)
  const tree = testStore()
  const disk = faultyDisk()
  const { store, models, versions } = await run(tree, random, disk)
  let left = random(8)
  disk.onWrite = () => (left-- > 0 ? undefined : { code: 'EIO', part: random(60) })
  const ops = randomOps(store, random, NOON + 1_000)
  let model = models.at(-1) as Model
  try {
    store.commitLazily(ops)
    model = apply(model, ops)
  } catch {
    // not even in the journal: nothing of it may be seen
  }
  for (const { path } of ops) versions.set(path, [])
  const recovered = afterCrash(tree)
  expect(recovered.recovery.wasReindexed).toBe(false)
  check(recovered, model, versions.keys())
  const again = afterCrash(tree)
  expect(again.recovery.indexed).toBe(0)
  check(again, model, versions.keys())
  disk.onWrite = undefined
  for (const one of [again, recovered, store]) await one.close() // frees descriptors
})

test.each(SEEDS)('seed %i: a power cut loses nothing that was on disk', async (seed) => {
  const random = randomOf(seed)
  const tree = testStore()
  const { store, models, ends, versions } = await run(tree, random)
  const end = random((ends.at(-1) ?? 0) + 1)
  truncateSync(segmentOf(tree), end)
  damage(tree, versions, random)
  const last = ends.findLastIndex((lineEnd) => lineEnd <= end)
  const survivor = models[last] as Model
  expect([...readSegment(segmentOf(tree))].filter(({ ops }) => ops)).toHaveLength(last)
  const marker = join(tree.directory, paths.indexMarker)
  writeFileSync(marker, readFileSync(marker, 'utf8').replace(/ .*/, ' an-earlier-boot'))

  const recovered = afterCrash(tree)
  expect(recovered.recovery.wasReindexed).toBe(true)
  // A file whose only transactions were lost may be there in any form; it was never promised.
  const promised = [...versions.keys()].filter((path) => survivor.files.has(path))
  const model = modelOf(recovered, versions.keys(), survivor)
  check(recovered, survivor.files.size === model.files.size ? survivor : model, promised)
  for (const path of promised) expect(model.files.get(path)).toBe(survivor.files.get(path))
  const again = afterCrash(tree)
  expect(again.recovery).toMatchObject({ indexed: 0, wasReindexed: false })
  check(again, model, promised)
  for (const one of [again, recovered, store]) await one.close() // frees descriptors
})
