// A file of the operator that is in force: read at the start, and again when it changes. A bad one changes nothing.
import type { Clock, Timer } from '@fuchsbau/shared/clock.ts'
import { WrongSettings } from '@fuchsbau/shared/service.ts'
import { readWatched, stampOf } from './store/watched-file.ts'

const LOOK_EVERY_MS = 1_000

/** The file cannot be used; the message says where and why. */
export class FileUnusable extends WrongSettings {
  override name = 'FileUnusable'
}

export interface WatchedFileOptions<T> {
  path: string
  /** What it says, or what is wrong with it. */
  parse(text: string): { ok: true; value: T } | { ok: false; errors: string[] }
  clock: Clock
  /** A new one is in force. Not called for the first. */
  onRead(value: T): void
  /** A new one is bad, and the old one stays in force. */
  onRefused(reason: string): void
}

export class WatchedFile<T> {
  readonly #options: WatchedFileOptions<T>
  #value: T
  #text = ''
  /** Of the file that was read, and of the file at the last look. */
  #stamp = ''
  #seen = ''
  #timer: Timer | undefined
  /** When the one in force was read. */
  loadedAt = 0
  /** Why the newest file is not in force, and since when that is known; undefined when it is. */
  problem: { reason: string; at: number } | undefined

  /** Throws FileUnusable when the first one is bad: nobody would know what is in force. */
  constructor(options: WatchedFileOptions<T>) {
    this.#options = options
    this.#value = this.#read()
  }

  get current(): T {
    return this.#value
  }

  /** As it was written. */
  get text(): string {
    return this.#text
  }

  /** Looks from time to time whether it changed, until closed. */
  start(): void {
    const { path, clock } = this.#options
    this.#timer = clock.after(LOOK_EVERY_MS, () => {
      const stamp = stampOf(path)
      // Half a policy may lack what it denies: one that is still being written is looked at again.
      if (stamp !== this.#stamp && stamp === this.#seen) this.reload()
      this.#seen = stamp
      this.start()
    })
  }

  /** Reads it again. */
  reload(): void {
    const { onRead, onRefused } = this.#options
    try {
      this.#value = this.#read()
      this.problem = undefined
      onRead(this.#value)
    } catch (error) {
      if (!(error instanceof FileUnusable)) throw error
      this.problem = { reason: error.message, at: this.#options.clock.now() }
      onRefused(error.message)
    }
  }

  close(): void {
    this.#timer?.cancel()
  }

  #read(): T {
    const { path, parse, clock } = this.#options
    const read = readWatched(path)
    // A file that is bad is not read again and again.
    this.#stamp = read.ok ? read.stamp : stampOf(path)
    if (!read.ok) throw new FileUnusable(`${path} cannot be read: ${read.reason}`)
    const parsed = parse(read.text)
    if (!parsed.ok) throw new FileUnusable(`${path}: ${parsed.errors.join('; ')}`)
    this.#text = read.text
    this.loadedAt = clock.now()
    return parsed.value
  }
}
