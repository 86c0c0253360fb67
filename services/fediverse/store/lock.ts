// One process at a time may write the tree. The lock file names its holder so that a second process can say who has
// it, and so that what a crash or a copy of a live tree left behind is told from a living holder.

import { mkdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

interface Holder {
  pid: number
  /** Start time of that process, in clock ticks since boot: a pid alone may have been given away again. */
  startedAt: string
  bootId: string
  pidNamespace: string
  /** Device and inode of the lock file itself: those of a copy differ. */
  file: string
}

/** The tree is open in another process. */
export class StoreLocked extends Error {
  override name = 'StoreLocked'
  readonly pid: number
  constructor(path: string, pid: number) {
    super(`${path}: this data directory is in use by process ${pid}`)
    this.pid = pid
  }
}

/** How long a lock of another container (whose processes cannot be seen) is honoured after its last heartbeat. */
export const HEARTBEAT_STALE_MS = 20_000

/**
 * Makes the directory if need be and takes the lock, or throws StoreLocked. Call `beat` at least every 10 s and `release` at the end.
 */
export function takeLock(path: string, now: () => number): { beat(): void; release(): void } {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(path, '', { flag: 'wx', mode: 0o600 })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const holder = livingHolder(path, now())
      if (holder) throw new StoreLocked(path, holder)
      rmSync(path, { force: true })
      continue
    }
    const own = JSON.stringify(describeSelf(path))
    const write = () => writeFileSync(path, own, { flag: 'r+' })
    write()
    return { beat: write, release: () => rmSync(path, { force: true }) }
  }
  throw new StoreLocked(path, 0)
}

/** The pid of the process that holds the lock, or undefined when nobody living does. */
export function livingHolder(path: string, now: number): number | undefined {
  let holder: Holder
  try {
    holder = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return // missing, or written half by a process that died at that very moment
  }
  if (holder.file !== identity(path) || holder.bootId !== bootId()) return
  if (holder.pidNamespace !== pidNamespace()) {
    return now - statSync(path).mtimeMs < HEARTBEAT_STALE_MS ? holder.pid : undefined
  }
  return startTime(holder.pid) === holder.startedAt ? holder.pid : undefined
}

const describeSelf = (path: string): Holder => ({
  pid: process.pid,
  startedAt: startTime(process.pid) ?? '',
  bootId: bootId(),
  pidNamespace: pidNamespace(),
  file: identity(path),
})

/** Identifies this boot of the machine; empty where the kernel does not tell. */
export function bootId(): string {
  return quietly(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()) ?? ''
}

const pidNamespace = () => quietly(() => readlinkSync('/proc/self/ns/pid')) ?? ''

/** Field 22 of /proc/PID/stat (see proc(5)); undefined when there is no such process. */
const startTime = (pid: number) =>
  quietly(() => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19])

function identity(path: string): string {
  const { dev, ino } = statSync(path)
  return `${dev}:${ino}`
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
