// Uploaded files: what is known of them in the database, their bytes below `uploads/`, under random names that nobody
// can guess and that hold nothing of what the person called them.

import { randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'

export interface Upload {
  /** Its name on the disk and in its address: 22 letters, digits, `-` and `_`. */
  name: string
  userId: number
  /** As the person called it; made safe by who shows it. */
  fileName: string
  mediaType: string
  bytes: number
  createdAt: number
}

export type UploadResult =
  | { ok: true; upload: Upload }
  | { ok: false; reason: 'too large' | 'no room' }

const NAME = /^[A-Za-z0-9_-]{22}$/
const COLUMNS =
  'name, user_id AS userId, file_name AS fileName, media_type AS mediaType, bytes, created_at AS createdAt'

export class Uploads {
  readonly #directory: string
  readonly #turn: Turn
  readonly #get
  readonly #list
  readonly #older
  readonly #bytes
  readonly #add
  readonly #remove
  /** Names of files that are just coming. */
  readonly #coming = new Set<string>()
  #isSweeping = false

  constructor(turn: Turn, directory: string) {
    this.#turn = turn
    this.#directory = join(directory, 'uploads')
    const select = `SELECT ${COLUMNS} FROM uploads WHERE`
    this.#get = turn.reading<[string], Upload>(`${select} name = ?`)
    this.#list = turn.reading<[number], Upload>(`${select} user_id = ? ORDER BY created_at DESC`)
    this.#older = turn.reading<[number, number], Upload>(`${select} created_at < ? LIMIT ?`)
    this.#bytes = turn.reading<[number | null], { bytes: number | null }>(
      'SELECT sum(bytes) AS bytes FROM uploads WHERE user_id = ifnull(?, user_id)',
    )
    this.#add = turn.writing<[string, number, string, string, number, number]>(
      'INSERT INTO uploads VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#remove = turn.writing<[string]>('DELETE FROM uploads WHERE name = ?')
  }

  /** Stores a file of at most `mostBytes` while it comes; on the disk, and known, when this resolves. */
  async write(
    about: Omit<Upload, 'name' | 'bytes'>,
    source: Readable,
    mostBytes: number,
  ): Promise<UploadResult> {
    const name = randomBytes(16).toString('base64url')
    const file = join(this.#directory, name)
    const temporary = `${file}.tmp`
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 })
    const counter = new Counter(mostBytes)
    this.#coming.add(name)
    try {
      await pipeline(source, counter, createWriteStream(temporary, { mode: 0o600, flags: 'wx' }))
      const handle = await open(temporary, 'r')
      try {
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(temporary, file)
      const upload = { ...about, name, bytes: counter.bytes }
      const { userId, fileName, mediaType, createdAt } = upload
      this.#add.run(name, userId, fileName, mediaType, upload.bytes, createdAt)
      this.#turn.commitTurn()
      if (this.#turn.failure !== undefined) throw new StoreUnavailable(this.#turn.failure)
      return { ok: true, upload }
    } catch (error) {
      rmSync(temporary, { force: true })
      rmSync(file, { force: true })
      if (counter.isExceeded) return { ok: false, reason: 'too large' }
      if (isCode(error, 'ENOSPC') || isCode(error, 'EDQUOT'))
        return { ok: false, reason: 'no room' }
      throw error
    } finally {
      this.#coming.delete(name)
    }
  }

  /** By the name in its address, of whomever: who has the address may read it. */
  get(name: string): Upload | undefined {
    return NAME.test(name) ? this.#get.get(name) : undefined
  }

  /** The bytes, or those from `start` to `end` (included). */
  read({ name }: Upload, range: { start?: number; end?: number } = {}): Readable {
    return createReadStream(join(this.#directory, name), range)
  }

  /** Hers, newest first. */
  list(userId: number): Upload[] {
    return this.#list.all(userId)
  }

  /** What hers take, or all. */
  bytes(userId?: number): number {
    return this.#bytes.get(userId ?? null)?.bytes ?? 0
  }

  remove(userId: number, name: string): boolean {
    const upload = this.get(name)
    if (upload?.userId !== userId) return false
    this.#removeWhole(upload)
    return true
  }

  /** Removes at most `limit` of those stored before a time; returns how many. */
  expire(before: number, limit: number): number {
    const old = this.#older.all(before, limit)
    for (const upload of old) this.#removeWhole(upload)
    return old.length
  }

  /** To be called when a person was removed: her files are nobody's. */
  noteOrphans(): void {
    this.#isSweeping = true
  }

  get isBehind(): boolean {
    return this.#isSweeping
  }

  /** Removes files that nothing is known of: of removed persons, or left by a crash. */
  step(): void {
    this.#isSweeping = false
    for (const file of listIfThere(this.#directory)) {
      const name = file.replace(/\.tmp$/, '')
      const isOurs = NAME.test(name) && !this.#coming.has(name)
      if (isOurs && !this.get(file)) rmSync(join(this.#directory, file), { force: true })
    }
  }

  #removeWhole({ name }: Upload): void {
    this.#remove.run(name)
    // Its file goes after the commit; should that fail, the row is still there.
    this.#isSweeping = true
  }
}

function listIfThere(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return []
    throw error
  }
}

const isCode = (error: unknown, code: string) =>
  error instanceof Error && 'code' in error && error.code === code

/** Lets at most so many bytes pass. */
class Counter extends Transform {
  readonly #most: number
  bytes = 0
  isExceeded = false

  constructor(most: number) {
    super()
    this.#most = most
  }

  override _transform(
    chunk: Buffer,
    _: string,
    done: (error?: Error, chunk?: Buffer) => void,
  ): void {
    this.bytes += chunk.length
    this.isExceeded = this.bytes > this.#most
    if (this.isExceeded) done(new Error(`more than ${this.#most} bytes`))
    else done(undefined, chunk)
  }
}
