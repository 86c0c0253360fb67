// Writes a file whole: to a temporary name in the same directory, then renamed. Whoever reads the name
// sees the old content or the new, never a part.
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

export type WriteOptions = {
  /** Permissions of the new file; the default is for its owner only. */
  mode?: number
  /** Makes missing directories with these permissions; without it they must exist. */
  directoryMode?: number
  /** Returns only when the content and its name are on disk. */
  isDurable?: boolean
}

/**
 * Replaces or creates `path`, synchronously. Throws the system's error and then leaves
 * the old file as it was. A crash can leave a temporary file behind: see `isTemporary`.
 */
export function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  { mode = 0o600, directoryMode, isDurable = false }: WriteOptions = {},
): void {
  const directory = dirname(path)
  const made =
    directoryMode === undefined
      ? undefined
      : mkdirSync(directory, { recursive: true, mode: directoryMode })
  const temporary = join(directory, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    writeNew(temporary, data, mode, isDurable)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  if (!isDurable) return
  syncDirectory(directory)
  for (let parent = directory; made !== undefined && parent !== dirname(made); ) {
    parent = dirname(parent)
    syncDirectory(parent)
  }
}

/** Whether a file of this name was left by a `writeFileAtomic` that did not finish, and may be deleted. */
export function isTemporary(name: string): boolean {
  return /^\..+\.[0-9a-f]{12}\.tmp$/.test(name)
}

function writeNew(path: string, data: string | Uint8Array, mode: number, isDurable: boolean): void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  const file = openSync(path, 'wx', mode)
  try {
    let written = 0
    while (written < bytes.length) written += writeSync(file, bytes, written)
    if (isDurable) fdatasyncSync(file)
  } finally {
    closeSync(file)
  }
}

function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
