// Room that deletions left in the database is given back to the file system, when it is more than a thirtieth of it.

import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import type Database from 'better-sqlite3'
import type { Chore } from './background.ts'

/** Pages of 4 KiB. So few are left for what comes next, until the database is closed. */
export const FEW_PAGES = 128
const SHARE = 30
/** About 3 ms of work. */
const STEP = 64

export function freePages(database: Database.Database, turn: Turn): Chore {
  const count = database.prepare('PRAGMA freelist_count').pluck()
  const all = database.prepare('PRAGMA page_count').pluck()
  return {
    get isBehind() {
      const free = Number(turn.read(() => count.get()))
      return free > FEW_PAGES && free > Number(turn.read(() => all.get())) / SHARE
    },
    step() {
      turn.write(() => database.exec(`PRAGMA incremental_vacuum(${STEP})`))
    },
  }
}
