// The turn: everything that is written during one turn of the event loop is one transaction. What a turn has shown to
// nobody yet is either stored whole at its end, or not at all.

import Database from 'better-sqlite3'
import { syncLog } from './log-sync.ts'
import { StoreUnavailable } from './unavailable.ts'

export interface Reading<P extends unknown[], R> {
  get(...parameters: P): R | undefined
  all(...parameters: P): R[]
}

export interface Writing<P extends unknown[]> {
  /** Number of rows changed, and the row number of the last one inserted. */
  run(...parameters: P): { changes: number; id: number }
}

export interface TurnHooks {
  /** Runs before each commit and may write: what is kept in memory until then. */
  beforeCommit(): void
  /** Runs after a roll-back: what is remembered of rows may be of rows that never were. */
  afterRollback(): void
}

/** What SQLite says when the disk or the file is the reason, and not the statement. */
const CAUSES: readonly [RegExp, string][] = [
  [/^SQLITE_FULL/, 'the disk is full'],
  [/^SQLITE_IOERR/, 'the disk reports an error'],
  [/^SQLITE_(READONLY|PERM|AUTH)/, 'the database cannot be written to'],
  [/^SQLITE_(CORRUPT|NOTADB|FORMAT)/, 'the database is damaged'],
  [/^SQLITE_CANTOPEN/, 'a file of the database cannot be opened'],
  [/^SQLITE_(BUSY|LOCKED|PROTOCOL)/, 'another process holds the database'],
  [/^SQLITE_NOMEM/, 'there is not enough memory'],
]
/** What a trial must be able to write before a store that was full counts as usable again. */
const TRIAL_BYTES = 256 * 1024

export class Turn {
  readonly #database: Database.Database
  readonly #begin: Database.Statement
  readonly #commit: Database.Statement
  readonly #rollback: Database.Statement
  readonly #hooks = new Set<Partial<TurnHooks>>()
  readonly #onCommitted = new Set<() => void>()
  readonly #onSettled = new Set<() => void>()
  readonly #onFailed = new Set<(reason: string) => void>()
  #end: NodeJS.Immediate | undefined
  #isOpen = false
  #mustLast = false
  #failure: string | undefined
  /** Commits that changed something, since the start. */
  commits = 0

  constructor(database: Database.Database) {
    this.#database = database
    this.#begin = database.prepare('BEGIN IMMEDIATE')
    this.#commit = database.prepare('COMMIT')
    this.#rollback = database.prepare('ROLLBACK')
  }

  /** Why nothing can be written now, in words; undefined while all is well. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** Whether something is written that is not committed yet. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** A statement that reads; it sees what the turn has written so far. */
  reading<P extends unknown[], R>(sql: string): Reading<P, R> {
    const statement = this.#database.prepare<P, R>(sql)
    return {
      get: (...parameters) => this.read(() => statement.get(...parameters)),
      all: (...parameters) => this.read(() => statement.all(...parameters)),
    }
  }

  /** A statement that writes, as part of the turn. */
  writing<P extends unknown[]>(sql: string): Writing<P> {
    const statement = this.#database.prepare<P>(sql)
    return {
      run: (...parameters) =>
        this.write(() => {
          const { changes, lastInsertRowid } = statement.run(...parameters)
          return { changes, id: Number(lastInsertRowid) }
        }),
    }
  }

  /** Runs what reads. Throws StoreUnavailable when the disk or the file is at fault, and fails the turn. */
  read<T>(action: () => T): T {
    try {
      return action()
    } catch (error) {
      throw this.#failed(error)
    }
  }

  /** Runs what writes; begins the turn's transaction if need be. Throws like `read`, also while the store has failed. */
  write<T>(action: () => T): T {
    if (this.#failure !== undefined) throw new StoreUnavailable(this.#failure)
    try {
      if (!this.#isOpen) {
        this.#begin.run()
        this.#isOpen = true
        this.endSoon()
      }
      return action()
    } catch (error) {
      throw this.#failed(error)
    }
  }

  /** Has the commit of this turn wait for the disk: no power cut takes what was written until then. */
  mustLast(): void {
    this.#mustLast = true
  }

  /** Has `commitTurn` run at the end of this turn of the event loop, also when nothing is written in it. */
  endSoon(): void {
    this.#end ??= setImmediate(() => this.commitTurn())
  }

  /**
   * Stores what was written since the last commit and calls the listeners; with nothing to store it only calls them.
   * After a failure in the same turn nobody is called: the listeners of failures were.
   */
  commitTurn(): void {
    clearImmediate(this.#end)
    this.#end = undefined
    if (this.#isOpen && !this.#commitNow()) return
    for (const listener of this.#onCommitted) listener()
    for (const listener of this.#onSettled) listener()
  }

  #commitNow(): boolean {
    try {
      for (const hook of this.#hooks) hook.beforeCommit?.()
      this.#commit.run()
      this.#isOpen = false
      this.commits++
      if (this.#mustLast) this.#sync()
      return true
    } catch (error) {
      const failure = this.#failed(error)
      if (failure instanceof StoreUnavailable) return false
      throw failure
    }
  }

  #sync(): void {
    this.#mustLast = false
    try {
      syncLog(this.#database)
    } catch (error) {
      throw this.fail(`the disk reports an error (${(error as Error).message})`)
    }
  }

  /** Calls back after every commit, and at the end of turns that asked for it by `endSoon`. Returns how to stop that. */
  onCommitted(listener: () => void): () => void {
    this.#onCommitted.add(listener)
    return () => this.#onCommitted.delete(listener)
  }

  /** The same behind the listeners of `onCommitted`, which somebody waits for: for what has time. */
  onSettled(listener: () => void): () => void {
    this.#onSettled.add(listener)
    return () => this.#onSettled.delete(listener)
  }

  /** Calls back, at once, when a turn's writes were rolled back. Returns how to stop that. */
  onFailed(listener: (reason: string) => void): () => void {
    this.#onFailed.add(listener)
    return () => this.#onFailed.delete(listener)
  }

  hook(hooks: Partial<TurnHooks>): void {
    this.#hooks.add(hooks)
  }

  /** Rolls the turn back and refuses writes until `tryAgain`. */
  fail(reason: string): StoreUnavailable {
    clearImmediate(this.#end)
    this.#end = undefined
    this.#isOpen = false
    this.#mustLast = false
    const isNew = this.#failure === undefined
    this.#failure = reason
    // SQLite has rolled back by itself after some of the errors.
    if (this.#database.inTransaction) this.#quietly(() => this.#rollback.run())
    for (const hook of this.#hooks) hook.afterRollback?.()
    if (isNew) for (const listener of this.#onFailed) listener(reason)
    return new StoreUnavailable(reason)
  }

  /** Whether writing is possible (again): tries it, with some room to spare. */
  tryAgain(): boolean {
    if (this.#failure === undefined) return true
    const isDone = this.#quietly(() => {
      this.#database.exec(`INSERT OR REPLACE INTO trial VALUES (1, zeroblob(${TRIAL_BYTES}))`)
      this.#database.exec('DELETE FROM trial')
    })
    if (isDone) this.#failure = undefined
    return isDone
  }

  #failed(error: unknown): unknown {
    if (!(error instanceof Database.SqliteError)) return error
    const { code, message } = error
    const words = CAUSES.find(([pattern]) => pattern.test(code))?.[1]
    return words === undefined ? error : this.fail(`${words} (${code}: ${message})`)
  }

  #quietly(action: () => void): boolean {
    try {
      action()
      return true
    } catch (error) {
      if (error instanceof Database.SqliteError) return false
      throw error
    }
  }
}
