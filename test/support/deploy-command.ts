// `fuchsbau deploy …` as a process, and the values of a lab for it.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { launcher } from './service-process.ts'
import { waitFor } from './wait-for.ts'

export interface Ran {
  code: number | null
  out: string
  err: string
}

export interface Running {
  child: ChildProcessWithoutNullStreams
  /** What it said until now, of both kinds. */
  said(): string
  /** Resolves when it has said this. */
  says(part: string): Promise<unknown>
  ended: Promise<Ran>
}

/** Starts it. `command`: another way to run a program, such as that of a front. */
export function startDeploy(
  args: readonly string[],
  command: (program: string, ...args: string[]) => [string, string[]] = (program, ...rest) => [
    program,
    rest,
  ],
): Running {
  return startProgram(...command(process.execPath, launcher, 'deploy', ...args))
}

/** The same of any program. */
export function startProgram(file: string, args: readonly string[]): Running {
  const child = spawn(file, args, { env: { ...process.env, NODE_OPTIONS: '' } })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text
  })
  // It may have ended, or asked enough.
  child.stdin.on('error', () => undefined)
  const said = () => out + err
  return {
    child,
    said,
    says: (part) => waitFor(() => said().includes(part), { what: part, context: said }),
    ended: once(child, 'close').then(([code]) => ({ code, out, err })),
  }
}

/** Runs it to its end, with this on its standard input. */
export async function runDeploy(args: readonly string[], input = ''): Promise<Ran> {
  const { child, ended } = startDeploy(args)
  child.stdin.end(input)
  return await ended
}

/** Every file of a directory, by its name. */
export function filesIn(directory: string): Record<string, string> {
  const names = readdirSync(directory).sort()
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
  )
}

/** The values of the example: a whole lab. */
export function exampleValues(): Record<string, string> {
  return valuesIn(join(import.meta.dirname, '../../deploy/example'))
}

/** The values in the settings file of an overlay. */
export function valuesIn(directory: string): Record<string, string> {
  return parse(readFileSync(join(directory, 'settings.yaml'), 'utf8')).data
}

/** `--set` for each. */
export function flagsOf(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value}`])
}
