// The few ways in which the store changes the disk; tests put a failing one in their place.

import { spawn } from 'node:child_process'
import {
  closeSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

export interface Disk {
  /** Writes all bytes at this position, or throws; some of them may have been written then. */
  write(descriptor: number, bytes: Uint8Array, position: number): void
  truncate(descriptor: number, length: number): void
  /** Resolves when the file's data is on disk. */
  sync(descriptor: number): Promise<void>
  /** Makes everything on the file system of a directory durable, with one flush; false where that can't be had. */
  syncAll(directory: string): Promise<boolean>
  /** Writes a file whole: to a temporary name, then renamed, so that nobody, and no live copy, sees half of it. */
  writeFile(path: string, text: string): void
}

export const realDisk: Disk = {
  write(descriptor, bytes, position) {
    let written = 0
    while (written < bytes.length) {
      written += writeSync(descriptor, bytes, written, bytes.length - written, position + written)
    }
  },
  truncate: ftruncateSync,
  sync: (descriptor) =>
    new Promise((resolve, reject) => {
      fdatasync(descriptor, (error) => (error ? reject(error) : resolve()))
    }),
  // Node knows fsync only, and thousands of them flush the disk as often.
  syncAll: (directory) =>
    new Promise((resolve) => {
      const child = spawn('sync', ['-f', directory], { stdio: 'ignore' })
      child.on('error', () => resolve(false))
      child.on('close', (status) => resolve(status === 0))
    }),
  writeFile(path, text) {
    const temporary = `${path}.tmp`
    try {
      writePrivate(temporary, text)
      renameSync(temporary, path)
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    }
  },
}

function writePrivate(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    makeDirectory(dirname(file))
    writeFileSync(file, text, { mode: 0o600 })
  }
}

/** Makes a directory and its parents, for their owner only. */
export function makeDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
}

/** Makes renames and new names in a directory durable. */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
