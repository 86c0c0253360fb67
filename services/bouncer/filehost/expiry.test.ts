import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { addUser, NOON, testStore } from '../store/store.fixture.ts'
import { startUploadExpiry } from './expiry.ts'

const DAY = 86_400_000

async function uploaded(...ages: number[]) {
  const { store, clock, directory } = testStore()
  const { id: userId } = addUser(store)
  for (const days of ages) {
    const about = { userId, fileName: `${days} days`, mediaType: 'text/plain' }
    const source = Readable.from([Buffer.from('a')])
    await store.uploads.write({ ...about, createdAt: NOON - days * DAY }, source, 10)
  }
  const files = () => {
    const path = join(directory, 'uploads')
    return existsSync(path) ? readdirSync(path).length : 0
  }
  const left = () => store.uploads.list(userId).map(({ fileName }) => fileName)
  const onError = (error: unknown) => expect(error).toBeUndefined()
  return { store, clock, files, left, onError }
}

test('uploads are deleted when they are older than they are kept, file and all, also later on', async () => {
  const { store, clock, files, left, onError } = await uploaded(40, 31, 29)
  const stop = startUploadExpiry({ store, clock, keptMs: 30 * DAY, onError })
  clock.advance(120_000)
  store.commitTurn()
  clock.advance(120_000)
  expect(left()).toEqual(['29 days'])
  expect(files()).toBe(1)
  clock.advance(DAY)
  expect(left()).toEqual([])
  stop()
})

test('with 0 they are kept for ever', async () => {
  const { store, clock, left, onError } = await uploaded(40_000)
  const stop = startUploadExpiry({ store, clock, keptMs: 0, onError })
  clock.advance(DAY)
  expect(left()).toEqual(['40000 days'])
  stop()
})
