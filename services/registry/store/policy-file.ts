// The policy's file: read at the start and whenever it changes.
import { readFileSync, statSync } from 'node:fs'

const MAX_BYTES = 1024 * 1024

export type ReadFile = { ok: true; text: string; stamp: string } | { ok: false; reason: string }

/** What is in the file, and a stamp that changes when it is written. */
export function readPolicyFile(path: string): ReadFile {
  try {
    const stamp = stampOf(path)
    const bytes = readFileSync(path)
    if (bytes.length > MAX_BYTES) return { ok: false, reason: 'it is larger than 1 MiB' }
    return { ok: true, text: bytes.toString('utf8'), stamp: stamp ?? '' }
  } catch (error) {
    return { ok: false, reason: (error as NodeJS.ErrnoException).code ?? String(error) }
  }
}

/** Undefined when it is not there. A link that Kubernetes turns to another file has another inode. */
export function stampOf(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat && `${stat.ino} ${stat.size} ${stat.mtimeMs}`
}
