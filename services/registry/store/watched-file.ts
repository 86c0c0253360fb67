// Files of the operator that are read while we run: the policy, the webhooks and their secrets.
import { readFileSync, statSync } from 'node:fs'

const MAX_BYTES = 256 * 1024

export type ReadFile = { ok: true; text: string; stamp: string } | { ok: false; reason: string }

/** What is in a file, and a stamp that changes when it is written. */
export function readWatched(path: string): ReadFile {
  try {
    const stamp = stampOf(path)
    const stat = statSync(path)
    if (!stat.isFile()) return { ok: false, reason: 'it is no file' }
    if (stat.size > MAX_BYTES) return { ok: false, reason: 'it is larger than 256 KiB' }
    return { ok: true, text: readFileSync(path, 'utf8'), stamp }
  } catch (error) {
    return { ok: false, reason: (error as NodeJS.ErrnoException).code ?? String(error) }
  }
}

/** Empty when it is not there, or cannot be seen. A link that Kubernetes turns to another file has another inode. */
export function stampOf(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path)
    return `${ino} ${size} ${mtimeMs}`
  } catch {
    return ''
  }
}
