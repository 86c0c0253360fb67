// The operator's file of webhooks, and the secrets that it names.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { readWatched } from '../store/watched-file.ts'
import { WatchedFile, type WatchedFileOptions } from '../watched-file.ts'
import { type Hook, parseHooks } from './hooks.ts'

type Options = Omit<WatchedFileOptions<readonly Hook[]>, 'parse'>
export type HookFile = WatchedFile<readonly Hook[]>

/** Paths in the file begin where it lies. Throws FileUnusable when it cannot be used. */
export function openHookFile(options: Options): HookFile {
  const files = {
    resolve: (path: string) => resolve(dirname(options.path), path),
    whyUnusable: (path: string) => {
      const secret = readHookSecret(path)
      return secret.ok ? undefined : secret.reason
    },
  }
  return new WatchedFile({ ...options, parse: (text) => parseHooks(text, files) })
}

/** Fewer could be guessed from one body and its signature. */
const MIN_BYTES = 16
const MAX_BYTES = 4_096

/** A secret as it stands in its file; one line end at its end is an editor's. */
export function readHookSecret(
  path: string,
): { ok: true; secret: KeyObject } | { ok: false; reason: string } {
  const read = readWatched(path)
  if (!read.ok) return read
  const bytes = Buffer.from(read.text.replace(/\r?\n$/, ''), 'utf8')
  if (bytes.length < MIN_BYTES || bytes.length > MAX_BYTES) {
    return { ok: false, reason: `it must have ${MIN_BYTES} to ${MAX_BYTES} bytes` }
  }
  return { ok: true, secret: createSecretKey(bytes) }
}
