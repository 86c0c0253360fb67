// One process at a time has the store open. The lock is SQLite's own on a database that holds nothing: the system takes
// it away with the process, however that ends, so nothing is ever left over.

import Database from 'better-sqlite3'

/** The store is open in another process. */
export class StoreLocked extends Error {
  override name = 'StoreLocked'
}

/** Takes the lock at once, or throws StoreLocked; returns how to give it back. */
export function takeLock(file: string): () => void {
  const database = new Database(file, { timeout: 0 })
  try {
    database.pragma('journal_mode = MEMORY')
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      throw new StoreLocked(`The data is in use by another process (lock: ${file}).`)
    }
    throw error
  }
  return () => database.close()
}
