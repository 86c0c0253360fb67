// The only place of `deploy` that reads and writes files.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '@fuchsbau/shared/atomic-file.ts'

/** Its text; undefined when there is none of this name. */
export function readFile(directory: string, name: string): string | undefined {
  try {
    return readFileSync(join(directory, name), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
}

/** Writes a file whole, for everybody to read; makes the directory. */
export function writeFile(directory: string, name: string, text: string): void {
  writeFileAtomic(join(directory, name), text, { mode: 0o644, directoryMode: 0o755 })
}

/** What somebody gives as a value: the text of a file after an @. Throws when it cannot be read. */
export function given(text: string): string {
  if (!text.startsWith('@')) return text.trim()
  try {
    return readFileSync(text.slice(1), 'utf8').trim()
  } catch (error) {
    throw new Error(`${text.slice(1)} cannot be read: ${(error as NodeJS.ErrnoException).code}`)
  }
}
