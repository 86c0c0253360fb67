// Reads and writes auth files of people at their terminals.
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { writeFileAtomic } from '@fuchsbau/shared/atomic-file.ts'

const MAX_BYTES = 8 * 1024 * 1024

/** Undefined when it is not there. Throws in words when it cannot be read. */
export function readAuthFile(path: string): string | undefined {
  try {
    if (statSync(path).size > MAX_BYTES) throw new Error('it is larger than 8 MiB')
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw new Error(`${path} cannot be read: ${(error as Error).message}`)
  }
}

export function hasAuthFile(path: string): boolean {
  return existsSync(path)
}

/** Whole, for its owner only. A link stays one: what it leads to is written. */
export function writeAuthFile(path: string, text: string): void {
  const real = existsSync(path) ? realpathSync(path) : path
  writeFileAtomic(real, text, { mode: 0o600, directoryMode: 0o700, isDurable: true })
}
