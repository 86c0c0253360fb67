// Opens the data directory: lock, layout, recovery, and the modules that read and write it.

import { join } from 'node:path'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { Accepted } from './accepted.ts'
import { derivation } from './derive.ts'
import type { Op } from './journal.ts'
import { paths } from './layout.ts'
import { takeLock } from './lock.ts'
import { Objects } from './objects.ts'
import { Queue } from './queue.ts'
import { markClean, type Recovery, recover } from './recover.ts'
import { Relations } from './relations.ts'
import { Tree } from './tree.ts'
import { upgradeLayout } from './upgrade.ts'
import { Users } from './users.ts'

export interface StoreOptions {
  directory: string
  clock: Clock
  /** How long closed journal segments are kept, ms; a live copy must not take longer. Default an hour. */
  retentionMs?: number
  /** Writes are refused when less is free, bytes. Default 64 MiB. */
  minFreeBytes?: number
}

export interface Store {
  readonly directory: string
  readonly tree: Tree
  readonly objects: Objects
  readonly relations: Relations
  readonly users: Users
  readonly queue: Queue
  readonly accepted: Accepted
  /** What opening found. */
  readonly recovery: Recovery
  /** One transaction; see Tree.commit. */
  commit(ops: readonly Op[]): Promise<void>
  /** Housekeeping: call about every 10 s. */
  maintain(): void
  close(): Promise<void>
}

/**
 * Opens (or makes) the tree for one process.
 * @throws StoreLocked when another process has it, LayoutError when it is not ours to use.
 */
export function openStore(options: StoreOptions): Store {
  const { directory, clock } = options
  const lock = takeLock(join(directory, paths.lock), () => clock.now())
  try {
    upgradeLayout(directory)
    return open(options, lock)
  } catch (error) {
    lock.release()
    throw error
  }
}

function open(options: StoreOptions, lock: ReturnType<typeof takeLock>): Store {
  const { directory, clock } = options
  const tree = new Tree({
    directory,
    clock,
    derive: derivation,
    retentionMs: options.retentionMs ?? 3_600_000,
    minFreeBytes: options.minFreeBytes ?? 64 * 1024 * 1024,
  })
  const recovery = recover(tree, derivation)
  const accepted = new Accepted(tree, clock)
  return {
    directory,
    tree,
    objects: new Objects(tree),
    relations: new Relations(tree),
    users: new Users(tree),
    queue: new Queue(tree),
    accepted,
    recovery,
    commit: (ops) => tree.commit(ops),
    maintain() {
      lock.beat()
      accepted.forget()
      tree.maintain()
    },
    async close() {
      await tree.close()
      if (!tree.unavailable()) markClean(directory)
      lock.release()
    },
  }
}
