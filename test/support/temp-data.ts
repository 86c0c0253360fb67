// Temp directories of a test run, deleted when their owner says so, and at the latest when the process exits.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const DIRECTORIES = Symbol.for('fuchsbau temp data')

/** Makes an empty directory below the system's temp directory, named for `what`. */
export function makeTempData(what: string): string {
  const directory = mkdtempSync(join(tmpdir(), `fuchsbau-${what}-`))
  ofProcess().add(directory)
  return directory
}

/** Deletes a directory that `makeTempData` made, with all it holds. */
export function removeTempData(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
  ofProcess().delete(directory)
}

/** One set and one listener for the process: this module may be loaded anew for each file of tests. */
function ofProcess(): Set<string> {
  const known = process as { [DIRECTORIES]?: Set<string> }
  if (known[DIRECTORIES]) return known[DIRECTORIES]
  const directories = new Set<string>()
  known[DIRECTORIES] = directories
  process.on('exit', () => {
    for (const directory of directories) rmSync(directory, { recursive: true, force: true })
  })
  return directories
}
