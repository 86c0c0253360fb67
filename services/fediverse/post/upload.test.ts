import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Scene } from '../context.fixture.ts'
import { pictures } from './picture.fixture.ts'
import { keepUpload } from './upload.ts'

let scene: Scene

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
})
afterEach(() => scene.end())

const inPieces = (bytes: Buffer, size: number) =>
  Readable.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    ),
  )

async function kept(bytes: Buffer, size: number): Promise<Buffer> {
  const { context } = scene
  const stored = await keepUpload(context, 'you', inPieces(bytes, size), () => false)
  if (!stored.ok) throw new Error(stored.message)
  const found = context.store.media.read('you', stored.file)
  return found ? buffer(found.stream()) : Buffer.alloc(0)
}

test.each([1, 7, 100_000])(
  'a photo in pieces of %i bytes is kept without its place',
  async (size) => {
    const file = await kept(pictures.jpeg, size)
    expect(file.includes('SpyCam')).toBe(false)
    expect(file.subarray(0, 3)).toEqual(pictures.jpeg.subarray(0, 3))
  },
)

test.each([1, 5, 100_000])('what is no picture is kept as it is, in pieces of %i', async (size) => {
  const sound = Buffer.from(`OggS${'sound'.repeat(50)}`)
  expect(await kept(sound, size)).toEqual(sound)
})

test('a picture that is damaged or too large is refused in words, and nothing is kept', async () => {
  const { context } = scene
  const half = pictures.jpeg.subarray(0, 200)
  const damaged = await keepUpload(context, 'you', inPieces(half, 50), () => false)
  expect(damaged).toMatchObject({ ok: false, message: expect.stringContaining('damaged') })
  const cut = await keepUpload(context, 'you', inPieces(half, 50), () => true)
  expect(cut).toEqual({ ok: false, message: 'The file is too large.' })
  expect(context.store.media.names('you')).toEqual([])
})
