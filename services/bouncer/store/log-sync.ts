// Has the write-ahead log on the disk about once a second while it changes, without holding anybody up: what a power
// cut can take at most.

import { closeSync, fsync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Timer } from '@fuchsbau/shared/clock.ts'
import { FILE } from './database.ts'
import type { Turn } from './turn.ts'

const EVERY_MS = 1000

/** Returns how to stop; then the log is synced by closing the database. An error of the disk fails the turn. */
export function syncInBackground(turn: Turn, directory: string, clock: Clock): () => void {
  let timer: Timer | undefined
  let descriptor: number | undefined
  let isStopped = false
  let isSyncing = false
  let synced = turn.commits
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
    descriptor ??= openSync(join(directory, `${FILE}-wal`), 'r')
    isSyncing = true
    fsync(descriptor, (error) => {
      isSyncing = false
      if (isStopped) return close()
      if (error) return turn.fail(`the disk reports an error (${error.message})`)
      synced = upTo
      return schedule()
    })
  }
  const stopListening = turn.onCommitted(schedule)
  return () => {
    isStopped = true
    stopListening()
    timer?.cancel()
    if (!isSyncing) close()
  }
}
