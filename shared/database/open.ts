// A SQLite database of ours: one process at a time has it open, its files are for its owner only, its tables are of a known
// version. Commits go to the write-ahead log without waiting for the disk, unless the schema asks otherwise.
import { closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { takeLock } from './lock.ts'

/** The file is not one of ours, of a newer version, or damaged. */
export class StoreUnusable extends Error {
  override name = 'StoreUnusable'
}

export interface Schema {
  /** Of the files: NAME.db, NAME.lock. */
  name: string
  /** Tells it from other files of SQLite. */
  applicationId: number
  /** From one version of the tables to the next; `user_version` says how many a database has behind it. Only ever added to. */
  steps: readonly ((database: Database.Database) => void)[]
  /** Beside those that every database has. */
  pragmas: readonly string[]
  /** Before an orderly end. */
  atEnd?: readonly string[]
}

/** Other programs (a backup) may read; they hold us up for so long at most. */
const BUSY_MS = 5000

export interface OpenDatabase {
  database: Database.Database
  /** Copies the log to the database, closes it and gives the lock back. */
  close(): void
}

/**
 * Takes the lock, opens or creates the file for its owner only, and brings its tables up to date. Throws StoreLocked when
 * another process has it, StoreUnusable with a sentence for the operator.
 */
export function openDatabase(directory: string, schema: Schema): OpenDatabase {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const file = fileOf(directory, schema)
  const lockFile = join(directory, `${schema.name}.lock`)
  createPrivate(lockFile)
  const unlock = takeLock(lockFile)
  let database: Database.Database | undefined
  try {
    createPrivate(file)
    database = new Database(file, { timeout: BUSY_MS })
    prepare(database, file, schema)
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
        for (const pragma of schema.atEnd ?? []) opened.exec(`PRAGMA ${pragma}`)
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

function prepare(database: Database.Database, file: string, schema: Schema): void {
  const reason = wordsOfFailure(() => {
    database.pragma('schema_version')
    return whyUnusable(database, schema)
  })
  if (reason !== undefined) throw new StoreUnusable(`${file} ${reason}.`)
  database.pragma('auto_vacuum = INCREMENTAL') // of a new database: free pages can be given back
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = NORMAL')
  database.pragma('foreign_keys = ON')
  database.pragma('temp_store = MEMORY')
  database.pragma('trusted_schema = OFF')
  for (const pragma of schema.pragmas) database.pragma(pragma)
  migrate(database, schema)
}

/** What is at fault with a database that must not be opened, in words; undefined when it can be. */
function whyUnusable(
  database: Database.Database,
  { steps, applicationId }: Schema,
): string | undefined {
  const version = Number(database.pragma('user_version', { simple: true }))
  if (version > steps.length) {
    return `was written by a newer Fuchsbau (version ${version} of the tables, this one knows ${steps.length})`
  }
  const isOurs = database.pragma('application_id', { simple: true }) === applicationId
  const tables = database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get()
  return isOurs || tables === 0 ? undefined : 'is the database of another program'
}

/** Brings the tables up to date, each step whole or not at all. */
export function migrate(
  database: Database.Database,
  { steps, applicationId }: Pick<Schema, 'steps' | 'applicationId'>,
): void {
  const version = Number(database.pragma('user_version', { simple: true }))
  steps.slice(version).forEach((step, index) => {
    database.transaction(() => {
      step(database)
      database.pragma(`application_id = ${applicationId}`)
      database.pragma(`user_version = ${version + index + 1}`)
    })()
  })
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

function fileOf(directory: string, { name }: Pick<Schema, 'name'>): string {
  return join(directory, `${name}.db`)
}

/** Bytes of the database and of its log. */
export function fileSizes(
  directory: string,
  schema: Pick<Schema, 'name'>,
): { databaseBytes: number; logBytes: number } {
  const bytes = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0
  const file = fileOf(directory, schema)
  return { databaseBytes: bytes(file), logBytes: bytes(`${file}-wal`) }
}

/**
 * What is wrong with the database in a directory, in SQLite's words; also while a process has it open. `more` finds what
 * SQLite cannot know.
 */
export function checkDatabase(
  directory: string,
  schema: Schema,
  more: (database: Database.Database) => string[] = () => [],
): string[] {
  const file = fileOf(directory, schema)
  if (!existsSync(file)) return [`${file} does not exist.`]
  const problems: string[] = []
  const reason = wordsOfFailure(() => {
    const database = new Database(file, { fileMustExist: true, timeout: BUSY_MS })
    try {
      const unusable = whyUnusable(database, schema)
      if (unusable !== undefined) return unusable
      const rows = database.prepare('PRAGMA integrity_check').pluck().all().map(String)
      problems.push(...rows.filter((row) => row !== 'ok'))
      const broken = database.prepare('PRAGMA foreign_key_check').all()
      if (broken.length > 0) problems.push(`${broken.length} rows refer to rows that are missing`)
      problems.push(...more(database))
    } finally {
      database.close()
    }
    return
  })
  return reason === undefined ? problems : [`${file} ${reason}.`, ...problems]
}
