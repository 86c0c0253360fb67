// Opens the data directory: lock, layout, recovery, and the modules that read and write it.

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { writeFileAtomic } from '@fuchsbau/shared/atomic-file.ts'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { Accepted } from './accepted.ts'
import { DERIVATION, derivation } from './derive.ts'
import { type Disk, makeDirectory } from './disk.ts'
import { bindTo } from './instance.ts'
import type { Op } from './journal.ts'
import { paths } from './layout.ts'
import { bootId, HEARTBEAT_STALE_MS, type Lock, takeLock, treeIdentity } from './lock.ts'
import { Media } from './media.ts'
import { Notices } from './notices.ts'
import { Objects } from './objects.ts'
import { Queue } from './queue.ts'
import { markClean, type Recovery, recover } from './recover.ts'
import { reindex } from './reindex.ts'
import { Relations } from './relations.ts'
import { Sessions } from './sessions.ts'
import { Tree } from './tree.ts'
import { upgradeLayout } from './upgrade.ts'
import { Users } from './users.ts'

export interface StoreOptions {
  directory: string
  clock: Clock
  /** The public address of the server; not told by fsck, which needs none. */
  boundTo?: string
  /** Longest time that a live copy may take, ms: how long the journal goes back. Default an hour. */
  retentionMs?: number
  /** The journal goes back less when it has more bytes than this. Default 512 MiB. */
  journalBytes?: number
  /** Writes are refused when less is free, bytes (or less than 10,000 files). Default 64 MiB. */
  minFreeBytes?: number
  /** How the disk is written; for tests. */
  disk?: Disk
}

export interface Store {
  readonly directory: string
  readonly clock: Clock
  readonly tree: Tree
  readonly objects: Objects
  readonly relations: Relations
  readonly users: Users
  readonly queue: Queue
  readonly accepted: Accepted
  readonly sessions: Sessions
  readonly notices: Notices
  readonly media: Media
  /** What opening found. */
  readonly recovery: Recovery
  /** One transaction; see Tree.commit. */
  commit(ops: readonly Op[]): Promise<void>
  /** One transaction that nobody waits for; see Tree.commitLazily. */
  commitLazily(ops: readonly Op[]): void
  /** Housekeeping: call about every 10 s. */
  maintain(): void
  close(): Promise<void>
}

/** Shorter than the time after which another container takes the lock. */
const BEAT_MS = HEARTBEAT_STALE_MS / 2

/**
 * Opens (or makes) the tree for one process.
 * @throws StoreLocked when another process has it, LayoutError when it is not ours to use.
 */
export function openStore(options: StoreOptions): Store {
  const directory = resolve(options.directory)
  const lock = takeLock(join(directory, paths.lock), () => options.clock.now())
  try {
    upgradeLayout(directory)
    if (options.boundTo) bindTo(directory, options.boundTo)
    return open({ ...options, directory }, lock)
  } catch (error) {
    lock.release()
    throw error
  }
}

function open(options: StoreOptions, lock: Lock): Store {
  const { directory, clock, disk } = options
  let beatAt = clock.now()
  const tree = new Tree({
    // A process that was paused for long may have lost the lock meanwhile.
    beforeWrite: () => {
      if (clock.now() - beatAt >= BEAT_MS) beat()
    },
    directory,
    clock,
    derive: derivation,
    retentionMs: options.retentionMs ?? 3_600_000,
    journalBytes: options.journalBytes ?? 512 * 1024 * 1024,
    minFreeBytes: options.minFreeBytes ?? 64 * 1024 * 1024,
    ...(disk ? { disk } : {}),
  })
  function beat(): void {
    beatAt = clock.now()
    if (!lock.beat()) tree.giveUp('the lock file is gone or another process has taken it')
  }
  const recovery = recover(tree, derivation)
  completeIndexes(tree, recovery)
  const accepted = new Accepted(tree, clock)
  let closed: Promise<void> | undefined
  const close = async () => {
    const isOrderly = await tree.close()
    if (isOrderly) {
      markIndexes(directory, 'synced')
      markClean(directory)
    }
    lock.release()
  }
  return {
    directory,
    clock,
    tree,
    objects: new Objects(tree),
    relations: new Relations(tree),
    users: new Users(tree),
    queue: new Queue(tree),
    accepted,
    sessions: new Sessions(tree, clock),
    notices: new Notices(tree),
    media: new Media(directory),
    recovery,
    commit: (ops) => tree.commit(ops),
    commitLazily: (ops) => tree.commitLazily(ops),
    maintain() {
      beat()
      accepted.forget()
      tree.maintain()
    },
    close() {
      closed ??= close()
      return closed
    },
  }
}

/**
 * Compares all indexes with the objects where nobody vouches for them: after a power cut, in a live copy (which has
 * another identity), after an upgrade, or when they were deleted.
 */
function completeIndexes(tree: Tree, recovery: Recovery): void {
  const { directory } = tree
  const boot = bootId()
  const marker = join(directory, paths.indexMarker)
  const [identity, state] = existsSync(marker) ? readFileSync(marker, 'utf8').trim().split(' ') : []
  const isVouchedFor = state === 'synced' || (state === boot && boot !== '')
  if (identity !== indexIdentity(directory) || !isVouchedFor) {
    rmSync(marker, { force: true })
    recovery.wasReindexed = true
    recovery.indexed += reindex(tree, derivation)
  }
  markIndexes(directory, boot)
}

/** Notes that the indexes are complete: on disk (`synced`), or only as long as the machine runs (its boot id). */
function markIndexes(directory: string, state: string): void {
  const marker = join(directory, paths.indexMarker)
  makeDirectory(dirname(marker))
  writeFileAtomic(marker, `${indexIdentity(directory)} ${state}\n`, { isDurable: true })
}

/** Which files the indexes follow from, and how. */
const indexIdentity = (directory: string) => `${DERIVATION}:${treeIdentity(directory)}`
