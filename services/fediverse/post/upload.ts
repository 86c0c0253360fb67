// Taking an uploaded file: pictures are kept without their metadata, anything else as it comes.

import { Readable } from 'node:stream'
import type { Context } from '../context.ts'
import type { StoredFile } from '../store/media.ts'
import { cleanPicture, isPicture, PICTURE_HEAD_BYTES } from './picture.ts'

/** Pictures are cleaned in memory, as a whole. */
const MAX_PICTURE_BYTES = 64 * 1024 * 1024

/** Stores what a person sends; durable when this resolves. Reads `source` to its end unless that fails. */
export async function keepUpload(
  { store }: Context,
  user: string,
  source: Readable,
  isTruncated: () => boolean,
): Promise<StoredFile> {
  const rest: AsyncIterator<Buffer> = source[Symbol.asyncIterator]()
  const head = await readUpTo(rest, PICTURE_HEAD_BYTES)
  if (!isPicture(head)) return store.media.write(user, joined(head, rest), isTruncated)
  const tail = await readUpTo(rest, MAX_PICTURE_BYTES)
  const isWhole = await readAway(rest)
  if (!isWhole || isTruncated()) return { ok: false, message: 'The file is too large.' }
  const cleaned = cleanPicture(Buffer.concat([head, tail]))
  if (!cleaned.ok) return cleaned
  return store.media.write(user, Readable.from([cleaned.bytes]), isTruncated)
}

/** Reads until there are so many bytes, or no more. */
async function readUpTo(chunks: AsyncIterator<Buffer>, bytes: number): Promise<Buffer> {
  const read: Buffer[] = []
  for (let length = 0; length < bytes; ) {
    const { value, done } = await chunks.next()
    if (done) break
    read.push(value)
    length += value.length
  }
  return Buffer.concat(read)
}

/** Reads the rest for nothing; true when there was none. */
async function readAway(chunks: AsyncIterator<Buffer>): Promise<boolean> {
  let isNone = true
  while (!(await chunks.next()).done) isNone = false
  return isNone
}

function joined(head: Buffer, rest: AsyncIterator<Buffer>): Readable {
  async function* all() {
    yield head
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  }
  return Readable.from(all())
}
