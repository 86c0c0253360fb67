// Uploaded files: streamed to a temporary name, synced, renamed. Named by their content, so that a URL never changes.

import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync, readdirSync, statSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { makeDirectory, syncDirectory } from './disk.ts'
import { paths } from './layout.ts'

/** Kinds that browsers show and cannot run; SVG is left out, because it can hold scripts. */
export const MEDIA_TYPES: Readonly<Record<string, string>> = {
  avif: 'image/avif',
  gif: 'image/gif',
  jpg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  opus: 'audio/opus',
  mp4: 'video/mp4',
  webm: 'video/webm',
}

export type StoredFile =
  | { ok: true; file: string; mediaType: string }
  | { ok: false; message: string }

export class Media {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Stores a file; durable when this resolves. What it is, is read from its first bytes. */
  async write(user: string, source: Readable, isTruncated: () => boolean): Promise<StoredFile> {
    const temporary = join(
      this.#directory,
      paths.media(user, `.${randomBytes(8).toString('hex')}.tmp`),
    )
    makeDirectory(dirname(temporary))
    const hash = createHash('sha256')
    let head = Buffer.alloc(0)
    source.on('data', (chunk: Buffer) => {
      hash.update(chunk)
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk]).subarray(0, HEAD_BYTES)
    })
    try {
      await pipeline(source, createWriteStream(temporary, { mode: 0o600 }))
      const extension = isTruncated() ? undefined : extensionOf(head)
      if (isTruncated()) return { ok: false, message: 'The file is too large.' }
      if (!extension)
        return { ok: false, message: `Only these kinds of files can be attached: ${KINDS}.` }
      const file = `${hash.digest('base64url').slice(0, 22)}.${extension}`
      const handle = await open(temporary, 'r')
      try {
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(temporary, join(this.#directory, paths.media(user, file)))
      syncDirectory(dirname(temporary))
      return { ok: true, file, mediaType: MEDIA_TYPES[extension] as string }
    } finally {
      await rm(temporary, { force: true })
    }
  }

  /** Stores a small file under a name of the caller's choice; durable when this resolves. */
  async writeAs(user: string, stem: string, source: Readable): Promise<StoredFile> {
    const stored = await this.write(user, source, () => false)
    if (!stored.ok) return stored
    const file = `${stem}.${stored.file.split('.').pop()}`
    const directory = join(this.#directory, 'media', user)
    await rename(join(directory, stored.file), join(directory, file))
    syncDirectory(directory)
    return { ...stored, file }
  }

  /** File names in a user's folder. */
  names(user: string): string[] {
    const folder = join(this.#directory, 'media', user)
    return existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : []
  }

  async remove(user: string, file: string): Promise<void> {
    await rm(join(this.#directory, paths.media(user, file)), { force: true })
  }

  /** A stored file for reading; undefined when there is none of that name. */
  read(
    user: string,
    file: string,
  ): { size: number; mediaType: string; stream(): Readable } | undefined {
    const mediaType = MEDIA_TYPES[/^[\w-]+\.([a-z0-9]+)$/.exec(file)?.[1] ?? '']
    const path = join(this.#directory, paths.media(user, file))
    if (!mediaType || !existsSync(path)) return
    return { size: statSync(path).size, mediaType, stream: () => createReadStream(path) }
  }
}

const KINDS = Object.keys(MEDIA_TYPES).join(', ')
const HEAD_BYTES = 64

/** By the file's first bytes; what the browser says is not asked. */
function extensionOf(head: Buffer): string | undefined {
  const text = head.toString('latin1')
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png'
  if (text.startsWith('\xff\xd8\xff')) return 'jpg'
  if (/^GIF8[79]a/.test(text)) return 'gif'
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'webp'
  if (text.slice(4, 8) === 'ftyp') return /avi[fs]/.test(text.slice(8, 32)) ? 'avif' : 'mp4'
  if (text.startsWith('\x1a\x45\xdf\xa3')) return 'webm'
  if (text.startsWith('OggS')) return text.includes('OpusHead') ? 'opus' : 'ogg'
  if (text.startsWith('ID3') || (head[0] === 0xff && ((head[1] ?? 0) & 0xe0) === 0xe0)) return 'mp3'
  return
}
