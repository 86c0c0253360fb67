import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { addUser, NOON, testStore } from './store.fixture.ts'

const bytes = (count: number) => Readable.from([Buffer.alloc(count, 'a')])

function withUser() {
  const test = testStore()
  const user = addUser(test.store)
  const about = {
    userId: user.id,
    fileName: '../../etc/passwd',
    mediaType: 'text/plain',
    createdAt: NOON,
  }
  const files = () => {
    const directory = join(test.directory, 'uploads')
    return existsSync(directory) ? readdirSync(directory) : []
  }
  return { ...test, user, about, files }
}

test('a file is stored under a random name, and read whole or in part', async () => {
  const { store, about, files, directory, user } = withUser()
  const result = await store.uploads.write(about, bytes(1000), 1000)
  if (!result.ok) throw new Error(result.reason)
  const { upload } = result
  expect(upload).toEqual({ ...about, name: expect.stringMatching(/^[\w-]{22}$/), bytes: 1000 })
  expect(files()).toEqual([upload.name])
  expect(statSync(join(directory, 'uploads', upload.name)).mode & 0o777).toBe(0o600)
  expect(store.uploads.get(upload.name)).toEqual(upload)
  expect(await buffer(store.uploads.read(upload))).toHaveLength(1000)
  expect(await buffer(store.uploads.read(upload, { start: 990, end: 994 }))).toHaveLength(5)
  expect([store.uploads.bytes(user.id), store.uploads.bytes(99)]).toEqual([1000, 0])
  expect(store.uploads.get('../bouncer.db')).toBeUndefined()
})

test('a file that is too large, or breaks off, leaves nothing', async () => {
  const { store, about, files, user } = withUser()
  const tooLarge = await store.uploads.write(about, bytes(1001), 1000)
  expect(tooLarge).toEqual({ ok: false, reason: 'too large' })
  const broken = new Readable({ read() {} })
  broken.push('abc')
  const writing = store.uploads.write(about, broken, 1000)
  broken.destroy(new Error('gone'))
  await expect(writing).rejects.toThrow('gone')
  expect([files(), store.uploads.list(user.id)]).toEqual([[], []])
})

test('files go with their owner, by age, and when nothing is known of them', async () => {
  const { store, about, files, clock, user, directory } = withUser()
  const eve = addUser(store, 'eve')
  for (const [userId, createdAt] of [
    [user.id, 1],
    [user.id, 2],
    [eve.id, 3],
  ] as const) {
    await store.uploads.write({ ...about, userId, createdAt }, bytes(10), 10)
  }
  const settle = () => {
    store.commitTurn()
    clock.advance(50)
  }
  const [newest] = store.uploads.list(user.id)
  expect(store.uploads.remove(eve.id, newest?.name ?? '')).toBe(false)
  expect(store.uploads.expire(2, 10)).toBe(1)
  settle()
  expect(files()).toHaveLength(2)
  store.users.remove(eve.id)
  settle()
  expect(files()).toEqual([newest?.name])
  const lost = join(directory, 'uploads', 'x'.repeat(22))
  writeFileSync(lost, '')
  writeFileSync(`${lost}.tmp`, '')
  store.close()
  testStore(directory)
  expect(files()).toEqual([newest?.name])
})
