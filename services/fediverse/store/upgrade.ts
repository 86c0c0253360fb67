// Steps an older tree up to today's layout, one version at a time, and refuses a newer one.

import { closeSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isTemporary, writeFileAtomic } from '@fuchsbau/shared/atomic-file.ts'
import { makeDirectory, syncDirectory } from './disk.ts'
import { LAYOUT_VERSION, paths } from './layout.ts'
import { findLast, openSegments, textOf } from './recover.ts'

/**
 * Brings a tree from version `from` to `from + 1`. It finds an empty journal; the indexes are rebuilt afterwards.
 * Must be safe to repeat after a crash.
 */
export interface UpgradeStep {
  from: number
  run(directory: string): void
}

/** None yet: version 1 is the first. */
const STEPS: readonly UpgradeStep[] = []

/** What may lie in an empty data directory: our own first traces, and what a fresh volume has. */
const IGNORED: readonly string[] = [paths.lock, `${paths.lock}.new`, 'lost+found']

/** The directory is not a tree that this program can use; the message says why and what to do. */
export class LayoutError extends Error {
  override name = 'LayoutError'
}

/**
 * Makes a new tree, or upgrades the one that is there; the version is written after each step.
 * @throws LayoutError for a foreign directory or a newer layout.
 */
export function upgradeLayout(
  directory: string,
  steps: readonly UpgradeStep[] = STEPS,
  target = LAYOUT_VERSION,
): void {
  const file = join(directory, paths.layout)
  if (!existsSync(file)) {
    const isForeign = (name: string) => !IGNORED.includes(name) && !isTemporary(name)
    if (readdirSync(directory).some(isForeign)) {
      throw new LayoutError(
        `${directory} is not empty and has no ${paths.layout}: it is not a data directory of this service. ` +
          'Choose an empty directory.',
      )
    }
    writeVersion(file, target)
    return
  }
  let version = readVersion(file)
  if (version > target) {
    throw new LayoutError(
      `${directory} has layout version ${version}, and this program knows versions up to ${target}. ` +
        'Run a newer fuchsbau.',
    )
  }
  if (version < target) settle(directory)
  for (; version < target; version++) {
    const step = steps.find(({ from }) => from === version)
    if (!step) throw new LayoutError(`no way from layout version ${version} to ${target}`)
    step.run(directory)
    writeVersion(file, version + 1)
  }
}

/** Puts the whole journal into the files and empties it: a replay after a step would bring old files back. */
function settle(directory: string): void {
  rmSync(join(directory, paths.indexMarker), { force: true })
  const journal = join(directory, paths.journal)
  if (!existsSync(journal)) return
  const segments = openSegments(journal)
  const { last } = findLast(segments, ignore, ignore)
  for (const [path, op] of last) {
    const text = textOf(op)
    const file = join(directory, path)
    makeDirectory(dirname(file))
    if (text === undefined) rmSync(file, { force: true })
    else writeFileAtomic(file, text, { isDurable: true })
  }
  for (const { path, descriptor } of segments) {
    closeSync(descriptor)
    rmSync(path)
  }
  syncDirectory(journal)
}

const ignore = () => {}

function readVersion(file: string): number {
  try {
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: unknown }
    if (Number.isInteger(version)) return version as number
  } catch {
    // told below
  }
  throw new LayoutError(`${file} is damaged: it should say {"version":${LAYOUT_VERSION}}`)
}

const writeVersion = (file: string, version: number) =>
  writeFileAtomic(file, `${JSON.stringify({ version })}\n`, { mode: 0o600, isDurable: true })
