// The database file of the bouncer. A killed process loses nothing, a power cut at most the last second, because log-sync.ts
// syncs the log that often.
import {
  checkDatabase as check,
  type OpenDatabase,
  openDatabase as open,
  type Schema,
  fileSizes as sizes,
} from '@fuchsbau/shared/database/open.ts'
import type { Database } from 'better-sqlite3'
import { FEW_PAGES } from './free-pages.ts'
import { APPLICATION_ID, STEPS } from './migrations.ts'

const CACHE_KIB = 16 * 1024
/** In a flood the log is copied to the database when it has so many pages of 4 KiB; else see log-sync.ts. 8,000 hold everybody up
 * for 0.1 to 0.3 s. */
const CHECKPOINT_PAGES = 2000
/** And cut to that length after it was longer. */
const LOG_BYTES = 16 * 1024 * 1024

const SCHEMA: Schema = {
  name: 'bouncer',
  applicationId: APPLICATION_ID,
  steps: STEPS,
  pragmas: [
    `cache_size = -${CACHE_KIB}`,
    `wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
    `journal_size_limit = ${LOG_BYTES}`,
  ],
  atEnd: [`incremental_vacuum(${FEW_PAGES})`],
}

/** Takes the lock, opens or creates the file, and brings its tables up to date. Throws StoreLocked or StoreUnusable. */
export const openDatabase = (directory: string): OpenDatabase => open(directory, SCHEMA)

/** Bytes of the database and of its log. */
export const fileSizes = (directory: string) => sizes(directory, SCHEMA)

/** What is wrong with the database in a directory, for `fsck`, in words; also while a bouncer runs. */
export const checkDatabase = (directory: string) => check(directory, SCHEMA, countProblems)

/** What SQLite cannot know: that the counts of targets are those of their messages. */
function countProblems(database: Database): string[] {
  return database
    .prepare<[], { name: string; said: number; counted: number }>(
      `SELECT t.name, t.row_count AS said, count(m.id) AS counted
       FROM targets t LEFT JOIN messages m ON m.target_id = t.id
       GROUP BY t.id HAVING said <> counted`,
    )
    .all()
    .map(({ name, said, counted }) => `${name} has ${counted} messages, but counts ${said}`)
}
