// Putting another bouncer's lines into the history of a network. A line is taken once, however often the import is run:
// how far each source was read is noted in the same commit as its lines. What the bouncer itself has stored begins where
// it was first connected; lines of another bouncer from then on are the same ones again, and left out.

import { type Casemapping, casemappingOf, fold } from '../irc/casemapping.ts'
import type { NetworkRecord, NewMessage } from '../store/records.ts'
import type { Store } from '../store/store.ts'

export interface Counts {
  taken: number
  /** Stored by the bouncer itself already. */
  overlapping: number
  damaged: number
}

export type ImportedLine = Omit<NewMessage, 'networkId' | 'foldedTarget'>

/** Lines of one commit. */
const PART = 2_000
/** So many lines between two words about the progress. */
const PROGRESS = 50_000

/** A log's clock may have been wrong; what lies in the future would stand last for ever. */
const AHEAD_MS = 24 * 3_600_000

/** The disk takes no more; what was committed is kept, and the import can be run again. */
export class ImportStopped extends Error {
  override name = 'ImportStopped'
}

export class HistoryImport {
  readonly counts: Counts = { taken: 0, overlapping: 0, damaged: 0 }
  readonly #store: Store
  readonly #network: NetworkRecord
  readonly #print: (line: string) => void
  readonly #label: string
  readonly #casemapping: Casemapping
  /** Time of the oldest line that the bouncer stored itself. */
  readonly #until: number
  /** Newest line before the import began, also when it was interrupted: clients that had it are level. */
  readonly #level: number
  /** Later lines are left out. */
  readonly latest: number
  #pending = 0

  constructor(
    store: Store,
    network: NetworkRecord,
    { label, print, now }: { label: string; print(line: string): void; now: number },
  ) {
    this.#store = store
    this.#network = network
    this.#label = label
    this.latest = now + AHEAD_MS
    this.#print = print
    this.#casemapping = casemappingOf(network.casemapping)
    const noted = this.#readNote()
    this.#until = noted.until ?? this.#timeOfOwn(noted.newest ?? 0)
    this.#level = noted.level ?? store.messages.lastId(network.id)
  }

  /** How far a source was taken, as it was noted. */
  mark(source: string): string | undefined {
    return this.#store.properties.get(this.#key(source))
  }

  /**
   * Notes how far a source is taken, in the turn of its lines: before anything is awaited, because then the turn may be
   * committed. Commits when there are enough.
   */
  async note(source: string, mark: string): Promise<void> {
    this.#store.properties.set(this.#key(source), mark)
    this.#note(this.#level)
    if (this.#pending >= PART) await this.commit()
  }

  append(line: ImportedLine): void {
    if (line.time < 0 || line.time > this.latest) {
      this.counts.damaged += 1
      return
    }
    if (line.time >= this.#until) {
      this.counts.overlapping += 1
      return
    }
    const foldedTarget = fold(line.target, this.#casemapping)
    const { id: networkId } = this.#network
    if (this.#store.messages.append({ ...line, networkId, foldedTarget }).isNew) {
      this.counts.taken += 1
      if (this.counts.taken % PROGRESS === 0)
        this.#print(`${this.#label}: ${this.counts.taken} lines so far`)
    }
    this.#pending += 1
  }

  async commit(): Promise<void> {
    this.#pending = 0
    commitOrStop(this.#store)
    await new Promise<void>((resolve) => setImmediate(resolve))
  }

  /** Ends it: clients that were level stay so, and new ones begin behind what came in. */
  async end(): Promise<void> {
    const { receipts, messages } = this.#store
    const { id } = this.#network
    await this.commit()
    const newest = messages.lastId(id)
    const clients = receipts.list(id)
    for (const { client, messageId } of clients) {
      if (messageId >= this.#level) receipts.set(id, client, newest)
    }
    if (clients.length === 0) receipts.set(id, '', newest)
    receipts.flush()
    this.#note(undefined)
    commitOrStop(this.#store)
  }

  /** The first line behind those that were imported, if there is one, is the bouncer's own. */
  #timeOfOwn(newest: number): number {
    const [own] = this.#store.messages.afterId(this.#network.id, newest, 1)
    return own?.time ?? Infinity
  }

  /** Up to where all lines are imported ones, in the same commit as they: an import may be killed at any moment. */
  #note(level: number | undefined): void {
    const { properties, messages } = this.#store
    const { id } = this.#network
    const until = Number.isFinite(this.#until) ? this.#until : undefined
    properties.set(`imported ${id}`, JSON.stringify({ newest: messages.lastId(id), until, level }))
  }

  #readNote(): { newest?: number; until?: number; level?: number } {
    return JSON.parse(this.#store.properties.get(`imported ${this.#network.id}`) ?? '{}')
  }

  #key(source: string): string {
    return `imported ${this.#network.id} ${source}`
  }
}

/** Stores what was written; throws ImportStopped when that fails. */
export function commitOrStop(store: Store): void {
  store.commitTurn()
  if (store.failure !== undefined) throw new ImportStopped(store.failure)
}
