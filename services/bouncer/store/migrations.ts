// Steps from one version of the tables to the next. `user_version` says how many of them a database has behind it.

import { randomBytes } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { SEARCH, TABLES } from './schema.ts'

/** `FuBo`: tells our database from other files of SQLite. */
export const APPLICATION_ID = 0x4675426f

type Step = (database: Database) => void

const STEPS: readonly Step[] = [
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

/** What is at fault with a database that must not be opened, in words; undefined when it can be. */
export function whyUnusable(database: Database): string | undefined {
  const version = Number(database.pragma('user_version', { simple: true }))
  if (version > STEPS.length) {
    return `was written by a newer Fuchsbau (version ${version} of the tables, this one knows ${STEPS.length})`
  }
  const isOurs = database.pragma('application_id', { simple: true }) === APPLICATION_ID
  const tables = database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get()
  return isOurs || tables === 0 ? undefined : 'is the database of another program'
}

/** Brings the tables up to date, each step whole or not at all. */
export function migrate(database: Database): void {
  const version = Number(database.pragma('user_version', { simple: true }))
  STEPS.slice(version).forEach((step, index) => {
    database.transaction(() => {
      step(database)
      database.pragma(`application_id = ${APPLICATION_ID}`)
      database.pragma(`user_version = ${version + index + 1}`)
    })()
  })
}
