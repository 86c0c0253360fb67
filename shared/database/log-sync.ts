// Has the write-ahead log on the disk about once a second while it changes, without holding anybody up: what a power
// cut can take at most. Then the log is copied into the database, if it is long: that waits for the disk, but not for
// long, as most is there already. And at once, for what must not be lost.

import { closeSync, fdatasyncSync, fsync, openSync, statSync } from 'node:fs'
import type Database from 'better-sqlite3'
import type { Clock, Timer } from '../clock.ts'
import type { Turn } from './turn.ts'
import { StoreUnavailable } from './unavailable.ts'

const EVERY_MS = 1000
/** Copied when so many commits were made since the last time: each has some ten pages of 4 KiB. */
const COPY_COMMITS = 200
/** A log of more bytes is emptied in a second without a commit. */
const LONG_BYTES = 4 * 1024 * 1024

/** Returns how to stop; then the log is synced by closing the database. An error of the disk fails the turn. */
export function syncInBackground(
  database: Database.Database,
  turn: Turn,
  clock: Clock,
): () => void {
  const file = logOf(database)
  let timer: Timer | undefined
  let descriptor: number | undefined
  let isStopped = false
  let isSyncing = false
  let synced = turn.commits
  let copied = turn.commits
  const close = () => {
    if (descriptor !== undefined) closeSync(descriptor)
    descriptor = undefined
  }
  const schedule = () => {
    if (!isStopped && !isSyncing && turn.commits !== synced) timer ??= clock.after(EVERY_MS, sync)
  }
  const sync = () => {
    timer = undefined
    const upTo = turn.commits
    // SQLite keeps the log for as long as it has the database open, and has no locks on it that closing would take.
    descriptor ??= openSync(file, 'r')
    isSyncing = true
    fsync(descriptor, (error) => {
      isSyncing = false
      if (isStopped) return close()
      if (error) return turn.fail(`the disk reports an error (${error.message})`)
      synced = upTo
      if (turn.commits === upTo && statSync(file).size > LONG_BYTES) copy('TRUNCATE')
      else if (turn.commits - copied >= COPY_COMMITS) copy('PASSIVE')
      return schedule()
    })
  }
  const copy = (mode: 'PASSIVE' | 'TRUNCATE') => {
    copied = turn.commits
    if (turn.isOpen) return
    try {
      turn.read(() => database.pragma(`wal_checkpoint(${mode})`))
    } catch (error) {
      // The listeners of failures know.
      if (!(error instanceof StoreUnavailable)) throw error
    }
  }
  const stopListening = turn.onSettled(schedule)
  return () => {
    isStopped = true
    stopListening()
    timer?.cancel()
    if (!isSyncing) close()
  }
}

/** Returns when what was committed is on the disk; throws the error of the disk. */
export function syncLog(database: Database.Database): void {
  const log = openSync(logOf(database), 'r')
  try {
    fdatasyncSync(log)
  } finally {
    closeSync(log)
  }
}

const logOf = ({ name }: Database.Database) => `${name}-wal`
