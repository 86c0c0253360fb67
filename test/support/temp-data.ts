// Temp directories of a test run, deleted when their owner says so, and at the latest when the process exits.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const directories = new Set<string>()

/** Makes an empty directory below the system's temp directory, named for `what`. */
export function makeTempData(what: string): string {
  if (!process.listeners('exit').includes(removeAll)) process.on('exit', removeAll)
  const directory = mkdtempSync(join(tmpdir(), `fuchsbau-${what}-`))
  directories.add(directory)
  return directory
}

/** Deletes a directory that `makeTempData` made, with all it holds. */
export function removeTempData(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
  directories.delete(directory)
}

function removeAll(): void {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
}
