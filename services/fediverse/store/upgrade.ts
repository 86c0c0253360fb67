// Steps an older tree up to today's layout, one version at a time, and refuses a newer one.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '@fuchsbau/shared/atomic-file.ts'
import { LAYOUT_VERSION, paths } from './layout.ts'

/** Brings a tree from version `from` to `from + 1`. Must be safe to repeat after a crash. */
export interface UpgradeStep {
  from: number
  run(directory: string): void
}

/** None yet: version 1 is the first. */
const STEPS: readonly UpgradeStep[] = []

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
    const others = readdirSync(directory).filter((name) => name !== paths.lock)
    if (others.length > 0) {
      throw new LayoutError(
        `${directory} is not empty and has no ${paths.layout}: it is not a data directory of this service. ` +
          'Choose an empty directory.',
      )
    }
    writeVersion(file, target)
    return
  }
  for (let version = readVersion(file); version !== target; version = readVersion(file)) {
    const step = steps.find(({ from }) => from === version)
    if (!step) {
      throw new LayoutError(
        `${directory} has layout version ${version}, and this program knows versions up to ${target}. ` +
          'Run a newer fuchsbau.',
      )
    }
    step.run(directory)
    writeVersion(file, version + 1)
  }
}

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
