// One process at a time may write the tree. The lock file names its holder so that a second process can say who has
// it, and so that what a crash or a copy of a live tree left behind is told from a living holder.

import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { makeDirectory } from './disk.ts'
import { paths } from './layout.ts'

interface Holder {
  pid: number
  /** Start time of that process, in clock ticks since boot: a pid alone may have been given away again. */
  startedAt: string
  bootId: string
  pidNamespace: string
  /** Device and inode of the lock file itself: those of a copy differ. */
  file: string
  /** Last sign of life, ms. */
  beatAt: number
  /** Random: inodes are given away again. */
  token: string
}

/** The tree is open in another process. */
export class StoreLocked extends Error {
  override name = 'StoreLocked'
  readonly pid: number
  /** Whether the holder was seen alive; otherwise it may be dead: try again after HEARTBEAT_STALE_MS. */
  readonly isCertain: boolean
  constructor(path: string, pid: number, isCertain: boolean) {
    const who = pid === 0 ? 'another process' : `process ${pid}`
    const hint = isCertain ? '' : ', which may be of another container and just have died'
    super(`${dirname(path)} is in use by ${who}${hint} (lock file ${path})`)
    this.pid = pid
    this.isCertain = isCertain
  }
}

export interface Lock {
  /** Call at least every 10 s. False when the lock is not ours any more: write nothing then. */
  beat(): boolean
  release(): void
}

/** How long a lock of another container (whose processes cannot be seen) is honoured after its last heartbeat. */
export const HEARTBEAT_STALE_MS = 20_000
const ASK_AGAIN_MS = 1_000
/** How long taking the lock may last: a `lock.new` that is older was left by a crash. */
const TAKING_MS = 5_000

/** Makes the directory if need be and takes the lock, or throws StoreLocked. */
export function takeLock(path: string, now: () => number): Lock {
  makeDirectory(dirname(path))
  const next = `${path}.new`
  const descriptor = openExclusively(next, path, now)
  const file = identity(fstatSync(descriptor))
  const token = randomBytes(8).toString('hex')
  const isOurs = () => quietly(() => readHolder(path).token) === token
  try {
    writeFileSync(descriptor, describeSelf(file, token, now()))
    const holder = livingHolder(path, now())
    if (holder) throw new StoreLocked(path, holder.pid, holder.isCertain)
    renameSync(next, path)
    if (!isOurs()) throw new StoreLocked(path, 0, false)
  } catch (error) {
    if (quietly(() => identity(statSync(next))) === file) rmSync(next)
    throw error
  } finally {
    closeSync(descriptor)
  }
  return {
    beat() {
      if (!isOurs()) return false
      writeFileSync(path, describeSelf(file, token, now()), { flag: 'r+' })
      return true
    },
    release() {
      if (isOurs()) rmSync(path)
    },
  }
}

/**
 * Opens what the lock protects; while its holder may be one that has just died, again each second, for as long as such
 * a lock counts.
 * @throws what `open` throws: StoreLocked when the holder is seen, or was heard of meanwhile.
 */
export async function whenUnlocked<T>(
  open: () => T,
  clock: Clock,
  say: (text: string) => void,
): Promise<T> {
  const until = clock.now() + HEARTBEAT_STALE_MS
  for (let attempt = 0; ; attempt++) {
    try {
      return open()
    } catch (error) {
      const mayBeDead = error instanceof StoreLocked && !error.isCertain
      if (!mayBeDead || clock.now() > until) throw error
      if (attempt === 0) say(`${error.message}: waiting up to ${HEARTBEAT_STALE_MS / 1_000} s`)
    }
    await new Promise<void>((resolve) => void clock.after(ASK_AGAIN_MS, resolve))
  }
}

/** Creates the file that only one process at a time has; what a crash left of it is removed. */
function openExclusively(next: string, path: string, now: () => number): number {
  for (let attempt = 0; ; attempt++) {
    try {
      return openSync(next, 'wx', 0o600)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const age = quietly(() => now() - statSync(next).mtimeMs) ?? 0
    if (attempt > 0 || age < TAKING_MS) throw new StoreLocked(path, 0, false)
    rmSync(next, { force: true })
  }
}

/** The process that holds the lock, or undefined when nobody living does. */
export function livingHolder(
  path: string,
  now: number,
): { pid: number; isCertain: boolean } | undefined {
  let holder: Holder
  try {
    holder = readHolder(path)
    if (holder.file !== identity(statSync(path)) || holder.bootId !== bootId()) return
  } catch {
    return // missing, or damaged by a power cut
  }
  if (holder.pidNamespace !== pidNamespace()) {
    const isFresh = now - holder.beatAt < HEARTBEAT_STALE_MS
    return isFresh ? { pid: holder.pid, isCertain: false } : undefined
  }
  const isAlive = startTime(holder.pid) === holder.startedAt
  return isAlive ? { pid: holder.pid, isCertain: true } : undefined
}

const readHolder = (path: string): Holder => JSON.parse(readFileSync(path, 'utf8'))

/** Always as long, so that one can be written over another. */
const describeSelf = (file: string, token: string, beatAt: number) => {
  const holder: Holder = {
    pid: process.pid,
    startedAt: startTime(process.pid) ?? '',
    bootId: bootId(),
    pidNamespace: pidNamespace(),
    file,
    beatAt,
    token,
  }
  return `${JSON.stringify(holder).padEnd(300)}\n`
}

/** Identifies this boot of the machine; empty where the kernel does not tell. */
export function bootId(): string {
  return quietly(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()) ?? ''
}

/**
 * Identifies this tree: a copy has another identity, a snapshot of the volume the same. From the file that is written
 * once: its inode and birth time.
 */
export function treeIdentity(directory: string): string {
  const { ino, birthtimeNs } = statSync(join(directory, paths.layout), { bigint: true })
  return `${ino}:${birthtimeNs}`
}

const pidNamespace = () => quietly(() => readlinkSync('/proc/self/ns/pid')) ?? ''

/**
 * Field 22 of /proc/PID/stat (see proc(5)); undefined when there is no such process, or only a zombie of it.
 * Where there is no /proc: whether the process is there.
 */
function startTime(pid: number): string | undefined {
  if (bootId() === '') return quietly(() => String(process.kill(pid, 0)))
  const stat = quietly(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  // The name before it is in parentheses and may contain anything.
  const [state = 'X', ...fields] = stat?.slice(stat.lastIndexOf(') ') + 2).split(' ') ?? []
  return state === 'Z' || state === 'X' ? undefined : fields[18]
}

const identity = ({ dev, ino }: { dev: number; ino: number }) => `${dev}:${ino}`

function quietly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
