// The database file: opening and checking. Commits go to the write-ahead log without waiting for the disk: a killed
// process loses nothing, a power cut at most the last second, because log-sync.ts syncs the log that often.

import { closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { FEW_PAGES } from './free-pages.ts'
import { takeLock } from './lock.ts'
import { migrate, whyUnusable } from './migrations.ts'

/** The file is not one of ours, of a newer version, or damaged. */
export class StoreUnusable extends Error {
  override name = 'StoreUnusable'
}

export const FILE = 'bouncer.db'
const LOCK_FILE = 'bouncer.lock'
/** Other programs (a backup) may read; they hold us up for so long at most. */
const BUSY_MS = 5000
const CACHE_KIB = 16 * 1024
/** In a flood the log is copied to the database when it has so many pages of 4 KiB; else see log-sync.ts. */
const CHECKPOINT_PAGES = 8000
/** And cut to that length after it was longer. */
const LOG_BYTES = 16 * 1024 * 1024

export interface OpenDatabase {
  database: Database.Database
  /** Copies the log to the database, closes it and gives the lock back. */
  close(): void
}

/** Takes the lock, opens or creates the file for its owner only, and brings its tables up to date. */
export function openDatabase(directory: string): OpenDatabase {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const file = join(directory, FILE)
  createPrivate(join(directory, LOCK_FILE))
  const unlock = takeLock(join(directory, LOCK_FILE))
  let database: Database.Database | undefined
  try {
    createPrivate(file)
    database = new Database(file, { timeout: BUSY_MS })
    prepare(database, file)
  } catch (error) {
    database?.close()
    unlock()
    throw error
  }
  const opened = database
  return {
    database,
    close() {
      if (opened.inTransaction) opened.exec('ROLLBACK')
      try {
        opened.exec(`PRAGMA incremental_vacuum(${FEW_PAGES})`)
        opened.pragma('optimize')
        opened.pragma('wal_checkpoint(TRUNCATE)')
      } catch (error) {
        // On a full disk the log stays as it is and is read at the next start.
        if (!(error instanceof Database.SqliteError)) throw error
      }
      opened.close()
      unlock()
    },
  }
}

function prepare(database: Database.Database, file: string): void {
  const check = () => {
    database.pragma('schema_version')
    return whyUnusable(database)
  }
  const reason = wordsOfFailure(check)
  if (reason !== undefined) throw new StoreUnusable(`${file} ${reason}.`)
  database.pragma('auto_vacuum = INCREMENTAL') // of a new database: see free-pages.ts
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = NORMAL')
  database.pragma('foreign_keys = ON')
  database.pragma(`cache_size = -${CACHE_KIB}`)
  database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  database.pragma(`journal_size_limit = ${LOG_BYTES}`)
  database.pragma('temp_store = MEMORY')
  database.pragma('trusted_schema = OFF')
  migrate(database)
}

function wordsOfFailure(check: () => string | undefined): string | undefined {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error
    return `cannot be read (${error.code}: ${error.message})`
  }
}

/** SQLite gives its other files the mode of the database. Never opens a file that SQLite has open: closing it would
 * take SQLite's locks away. */
function createPrivate(file: string): void {
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600))
}

/** Bytes of the database and of its log. */
export function fileSizes(directory: string): { databaseBytes: number; logBytes: number } {
  const bytes = (name: string) =>
    statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0
  return { databaseBytes: bytes(FILE), logBytes: bytes(`${FILE}-wal`) }
}

/** What is wrong with the database in a directory, for `fsck`, in SQLite's words; also while a bouncer runs. */
export function checkDatabase(directory: string): string[] {
  const file = join(directory, FILE)
  if (!existsSync(file)) return [`${file} does not exist.`]
  const problems: string[] = []
  const reason = wordsOfFailure(() => {
    const database = new Database(file, { fileMustExist: true, timeout: BUSY_MS })
    try {
      const unusable = whyUnusable(database)
      if (unusable !== undefined) return unusable
      const rows = database.prepare('PRAGMA integrity_check').pluck().all().map(String)
      problems.push(...rows.filter((row) => row !== 'ok'))
      const broken = database.prepare('PRAGMA foreign_key_check').all()
      if (broken.length > 0) problems.push(`${broken.length} rows refer to rows that are missing`)
      problems.push(...countProblems(database))
    } finally {
      database.close()
    }
    return
  })
  return reason === undefined ? problems : [`${file} ${reason}.`, ...problems]
}

/** What SQLite cannot know: that the counts of targets are those of their messages. */
function countProblems(database: Database.Database): string[] {
  return database
    .prepare<[], { name: string; said: number; counted: number }>(
      `SELECT t.name, t.row_count AS said, count(m.id) AS counted
       FROM targets t LEFT JOIN messages m ON m.target_id = t.id
       GROUP BY t.id HAVING said <> counted`,
    )
    .all()
    .map(({ name, said, counted }) => `${name} has ${counted} messages, but counts ${said}`)
}
