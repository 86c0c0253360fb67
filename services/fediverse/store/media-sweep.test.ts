import { readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { SettableClock } from '@fuchsbau/shared/clock.ts'
import { beforeEach, describe, expect, test } from 'vitest'
import { hashId, paths } from './layout.ts'
import { MediaSweep } from './media-sweep.ts'
import { idOf, NOON, post, testStore } from './store.fixture.ts'
import type { Store } from './store.ts'
import type { User } from './users.ts'

const HOUR = 3_600_000
const own = { local: 'you', actor: 'https://us.example/you' }

let store: Store
let clock: SettableClock
let count = 0

beforeEach(async () => {
  const tree = testStore()
  clock = tree.clock
  store = tree.open()
  await putUser('you')
  return () => store.close()
})

const putUser = (name: string, more: Partial<User> = {}) =>
  store.commit([store.users.put({ name, bio: '', pinned: [], fields: [], ...more } as never)])

/** An uploaded file of this age, in hours. */
async function upload(age = 25, user = 'you', content = `sound ${++count}`): Promise<string> {
  const source = Readable.from([Buffer.from(`OggS${content}`)])
  const stored = await store.media.write(user, source, () => false)
  if (!stored.ok) throw new Error(stored.message)
  touch(paths.media(user, stored.file), age)
  return stored.file
}

function touch(path: string, age: number): void {
  const at = new Date(clock.now() - age * HOUR)
  utimesSync(join(store.directory, path), at, at)
}

const named = (id: string, file: string, more = {}) =>
  store.objects.put(
    post(id, {
      ...own,
      document: { attachment: [{ url: `https://us.example/you/s/${file}` }] },
      ...more,
    }),
  )

/** A whole round, after the wait before the first one; `during` runs between its first turns. */
async function sweep(during = async (_turn: number) => {}): Promise<string[]> {
  const swept = new MediaSweep(store.tree, clock)
  expect(swept.turn()).toEqual([])
  clock.advance(10 * 60_000)
  const removed: string[] = []
  for (let turn = 0; turn < 30; turn += 1) {
    removed.push(...swept.turn())
    await during(turn)
  }
  return removed
}

describe('uploads that nothing names', () => {
  test('are removed when they are older than a day', async () => {
    const [old, young] = [await upload(25), await upload(23)]
    expect(await sweep()).toEqual([paths.media('you', old)])
    expect(store.media.names('you')).toEqual([young])
  })

  test('stay when a post names them, whoever it is for and however it names them', async () => {
    const files = [await upload(), await upload(), await upload(), await upload()]
    const [attached = '', linked = '', boosted = '', private_ = ''] = files
    await putUser('vixen')
    await store.commit([
      named('a', attached),
      store.objects.put(post('b', { ...own, document: { content: `see /you/s/${linked}"` } })),
      store.objects.put(post('c', { local: 'vixen', document: { content: `/you/s/${boosted}` } })),
      named('d', private_, { audience: 'direct' }),
    ])
    expect(await sweep()).toEqual([])
    expect(store.media.names('you').sort()).toEqual(files.sort())
  })

  test('stay when a profile names them', async () => {
    const [avatar, header, inBio] = [await upload(), await upload(), await upload()]
    await putUser('you', { avatar, header, bio: `![](https://us.example/you/s/${inBio})` })
    expect(await sweep()).toEqual([])
  })

  test('are removed when their post was deleted', async () => {
    const file = await upload()
    await store.commit([named('a', file)])
    expect(await sweep()).toEqual([])
    await store.commit([store.objects.bury(post('a', own), NOON + 9)])
    expect(await sweep()).toEqual([paths.media('you', file)])
  })

  test('are found among many posts, in small turns', async () => {
    const [kept, gone] = [await upload(), await upload()]
    const ops = Array.from({ length: 1_500 }, (_, i) =>
      store.objects.put(post(i, { ...own, at: NOON + i })),
    )
    await store.commit([named('first', kept, { at: NOON - 1 }), ...ops])
    expect(await sweep()).toEqual([paths.media('you', gone)])
  })

  test('are removed in many turns, when they are many', async () => {
    for (let i = 0; i < 50; i += 1) await upload()
    const swept = new MediaSweep(store.tree, clock)
    clock.advance(HOUR)
    const turns = Array.from({ length: 20 }, () => swept.turn().length)
    expect(Math.max(...turns)).toBe(20)
    expect(store.media.names('you')).toEqual([])
  })
})

describe('what happens while they are looked for', () => {
  test('a post that names one saves it', async () => {
    const file = await upload()
    const publish = async (turn: number) => {
      if (turn === 0) await store.commit([named('late', file)])
    }
    expect(await sweep(publish)).toEqual([])
  })

  test('one that is uploaded again stays', async () => {
    await upload(25, 'you', 'same')
    const again = async (turn: number) => {
      if (turn === 0) await upload(0, 'you', 'same')
    }
    expect(await sweep(again)).toEqual([])
    expect(store.media.names('you')).toHaveLength(1)
  })

  test('a damaged file might name them: all stay', async () => {
    await upload()
    await store.commit([named('a', 'x.png')])
    const file = join(store.directory, paths.object(hashId(idOf('a'))))
    writeFileSync(file, readFileSync(file).subarray(0, 40))
    expect(await sweep()).toEqual([])
  })

  test('a file that is not there might name them: all stay', async () => {
    await upload()
    await store.commit([store.objects.put(post('a', own))])
    store.tree.setAside(paths.object(hashId(idOf('a'))))
    expect(await sweep()).toEqual([])
  })
})

test('emoji and files with other names are nobody’s to remove, unfinished uploads are', async () => {
  await upload(99, 'emoji')
  await upload(1)
  for (const name of ['imported.jpg', '.0123456789abcdef.tmp', '.fedcba9876543210.tmp']) {
    writeFileSync(join(store.directory, paths.media('you', name)), 'x')
    touch(paths.media('you', name), name.startsWith('.f') ? 1 : 99)
  }
  expect(await sweep()).toEqual([paths.media('you', '.0123456789abcdef.tmp')])
  expect(store.media.names('you')).toContain('imported.jpg')
  expect(store.media.names('emoji')).toHaveLength(1)
})
