// Steps from one version of the tables to the next.
import { randomBytes } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { SEARCH, TABLES } from './schema.ts'

/** `FuBo`: tells our database from other files of SQLite. */
export const APPLICATION_ID = 0x4675426f

export const STEPS: readonly ((database: Database) => void)[] = [
  (database) => {
    database.exec(TABLES)
    // Letters, so that what follows is told from it by nothing but its length.
    const salt = [...randomBytes(4)].map((byte) => String.fromCharCode(97 + (byte % 26))).join('')
    database.prepare('INSERT INTO properties VALUES (?, ?)').run('msgid-prefix', `fb${salt}`)
  },
  (database) => {
    database.exec(SEARCH)
    // The index is made anew behind the commits, the oldest lines first: a million take about two minutes.
    database.exec("DELETE FROM properties WHERE name IN ('indexed', 'tidied')")
  },
]
