// What the tests of the store share: trees in temporary directories, posts, and a disk that fails on demand.

import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type SettableClock, settableClock } from '@fuchsbau/shared/clock.ts'
import { onTestFinished } from 'vitest'
import { makeTempData, removeTempData } from '../../../test/support/temp-data.ts'
import { type Disk, realDisk } from './disk.ts'
import type { StoredObject } from './objects.ts'
import { openStore, type Store, type StoreOptions } from './store.ts'

/** 2026-01-01T12:00:00Z. */
export const NOON = 1_767_268_800_000

/** An empty directory that goes when the test is over. */
export function tempDirectory(): string {
  const directory = makeTempData('store')
  onTestFinished(() => removeTempData(directory))
  return directory
}

export interface TestStore {
  directory: string
  clock: SettableClock
  /** Opens the tree (again). */
  open(options?: Partial<StoreOptions>): Store
}

/** A tree in a temporary directory, with a clock that stands at noon. */
export function testStore(directory = join(tempDirectory(), 'data')): TestStore {
  const clock = settableClock(NOON)
  return {
    directory,
    clock,
    open: (options = {}) => openStore({ directory, clock, minFreeBytes: 0, ...options }),
  }
}

/** Opens the tree anew where it is, as after the death of the process that has it open; don't use that store again. */
export function afterCrash({ directory, open }: TestStore): Store {
  rmSync(join(directory, 'lock'))
  return open()
}

/** A live copy of the tree. */
export function copyOf(directory: string): TestStore {
  const copy = join(tempDirectory(), 'copy')
  cpSync(directory, copy, { recursive: true })
  return testStore(copy)
}

export const idOf = (i: number | string) => `https://peer.example/p/${i}`

/** A public post in the home timeline of `you`. */
export function post(i: number | string, more: Partial<StoredObject> = {}): StoredObject {
  return {
    id: idOf(i),
    kind: 'post',
    actor: 'https://peer.example/users/alice',
    at: NOON,
    audience: 'public',
    document: { type: 'Note', content: `Post ${i}` },
    home: ['you'],
    ...more,
  }
}

/** A disk that fails when told. */
export interface FaultyDisk extends Disk {
  /** Decides about each write: an error code to fail with (after `part` of the bytes), or nothing. */
  onWrite: ((path: string | number) => { code: string; part?: number } | undefined) | undefined
  /** Called instead of fdatasync. */
  onSync: (() => Promise<void>) | undefined
  writes: number
  syncs: number
}

export function faultyDisk(): FaultyDisk {
  const fail = (code: string) => Object.assign(new Error(`${code}: injected`), { code })
  const disk: FaultyDisk = {
    ...realDisk,
    onWrite: undefined,
    onSync: undefined,
    writes: 0,
    syncs: 0,
    write(descriptor, bytes, position) {
      disk.writes += 1
      const fault = disk.onWrite?.(descriptor)
      if (!fault) return realDisk.write(descriptor, bytes, position)
      if (fault.part) realDisk.write(descriptor, bytes.subarray(0, fault.part), position)
      throw fail(fault.code)
    },
    // Done file by file, so that it is quick and counts.
    syncAll: async () => false,
    sync(descriptor) {
      disk.syncs += 1
      return disk.onSync ? disk.onSync() : realDisk.sync(descriptor)
    },
    writeFile(path, text) {
      disk.writes += 1
      const fault = disk.onWrite?.(path)
      if (fault) throw fail(fault.code)
      realDisk.writeFile(path, text)
    },
  }
  return disk
}
