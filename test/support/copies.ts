// The ways to copy a directory that people have: cp, tar, restic. What vanishes while they read is no failure.
import { execFile } from 'node:child_process'
import { makeTempData, removeTempData } from './temp-data.ts'

/** cp -a. */
export const cp = (from: string, to: string) => run('cp', ['-a', `${from}/.`, to])

/** tar to a file and from it. */
export async function tar(from: string, to: string): Promise<string> {
  const place = makeTempData('tar')
  try {
    const archive = `${place}/data.tar`
    const complaints = await run('tar', ['--create', `--file=${archive}`, '.'], from)
    await run('tar', ['--extract', `--file=${archive}`], to)
    return complaints
  } finally {
    removeTempData(place)
  }
}

/** A backup and its restoration by restic. */
export async function restic(from: string, to: string): Promise<string> {
  const place = makeTempData('restic')
  const env = { RESTIC_PASSWORD: 'secret', RESTIC_CACHE_DIR: `${place}/cache` }
  const call = (words: string[], directory?: string) =>
    run('restic', [`--repo=${place}/repository`, '--quiet', ...words], directory, env)
  try {
    await call(['init'])
    const complaints = await call(['backup', '.'], from)
    await call(['restore', 'latest', `--target=${to}`])
    return complaints
  } finally {
    removeTempData(place)
  }
}

const VANISHED =
  /No such file or directory|no such file or directory|changed as we read it|removed before we read it|socket ignored/

/** Resolves to what was complained of; rejects when that is more than what changed meanwhile. */
function run(
  file: string,
  args: string[],
  cwd?: string,
  env: Record<string, string> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      env: { ...process.env, ...env },
      maxBuffer: 64 * 1024 * 1024,
      ...(cwd ? { cwd } : {}),
    }
    execFile(file, args, options, (error, _stdout, stderr) => {
      const lines = stderr.split('\n').filter((line) => line !== '')
      const isGrave = lines.some(
        (line) => !VANISHED.test(line) && !/^(tar: Exiting|Warning)/.test(line),
      )
      if (error && (isGrave || lines.length === 0)) reject(new Error(`${error.message}\n${stderr}`))
      else resolve(stderr)
    })
  })
}
