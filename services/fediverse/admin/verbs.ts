// The command line's verbs of this service: asked of the running server, or done on the tree when none runs.

import { exitCode } from '@fuchsbau/shared/command-line.ts'
import { runVerb } from '@fuchsbau/shared/control.ts'
import { makePassword } from '@fuchsbau/shared/password.ts'
import type { Verb, VerbOptions } from '@fuchsbau/shared/service.ts'
import { createUser } from '../account/create.ts'
import { type Core, dataDirectory, openCore } from '../core.ts'
import type { settings } from '../settings.ts'
import { fsck } from '../store/fsck.ts'
import { StoreLocked } from '../store/lock.ts'
import { operate } from './operate.ts'
import { readArgs } from './operation.ts'
import { OPERATIONS } from './operations.ts'

type Options = VerbOptions<typeof settings>

export const verbs: Record<string, Verb<typeof settings>> = {
  init: {
    summary: 'Make the data directory and the owner.',
    usage: '',
    help: `Prints the owner's password, once. \`serve\` does the same at its first start.

Example:
  FUCHSBAU_FEDIVERSE_URL=https://example.org fuchsbau fediverse init`,
    run: init,
  },
  ...Object.fromEntries(
    Object.entries(OPERATIONS).map(([name, { summary, usage, help }]) => [
      name,
      { summary, usage, help, run: (options: Options) => runOperation(name, options) },
    ]),
  ),
  fsck: {
    summary: 'Check the tree of files, and mend it.',
    usage: '[--repair]',
    help: `Reads every object and compares the indexes with them. With --repair every index is made anew, leftovers are
removed and damaged files are put aside. Stop the server first.

Example:
  fuchsbau fediverse fsck --repair`,
    run: check,
  },
}

async function init({ config, log, clock, print, warn }: Options): Promise<number> {
  return withCore({ config, log, clock, warn }, async ({ context }) => {
    const { owner } = config.own
    if (context.store.users.get(owner)) {
      print(`${context.urls.handle(owner)} is there already; nothing was changed.`)
      return exitCode.ok
    }
    const password = config.ownerPassword ?? makePassword()
    await createUser(context, owner, password)
    print(`${context.urls.handle(owner)}  ${context.urls.actor(owner)}`)
    if (!config.ownerPassword) print(`Password (shown once): ${password}`)
    return exitCode.ok
  })
}

async function runOperation(name: string, options: Options): Promise<number> {
  const { config } = options
  const args = [...options.args]
  if (OPERATIONS[name]?.takesInput?.(args)) args.push(await readBase64(options.input))
  return runVerb(dataDirectory(config), { ...options, verb: name, args }, (show) =>
    withCore(options, async ({ context }) =>
      show(await operate({ context, owner: config.own.owner }, name, args)),
    ),
  )
}

const MAX_INPUT_BYTES = 512 * 1024

async function readBase64(input: Options['input']): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of input) {
    chunks.push(chunk as Buffer)
    size += (chunk as Buffer).length
    if (size > MAX_INPUT_BYTES) break // too large for any verb, which says so
  }
  return Buffer.concat(chunks).toString('base64')
}

async function check({ args, config, print, warn }: Options): Promise<number> {
  const { values } = readArgs(args, { repair: { type: 'boolean', default: false } } as const, 0)
  try {
    const report = await fsck(dataDirectory(config), {
      repair: values.repair,
      onProgress: (files: number) => warn(`${files} files read …`),
    })
    for (const line of report.lines) print(line)
    return report.isSound || values.repair ? exitCode.ok : exitCode.failed
  } catch (error) {
    if (!(error instanceof StoreLocked)) throw error
    warn(`${error.message}. Stop the server, then check.`)
    return exitCode.failed
  }
}

async function withCore(
  { config, log, clock, warn }: Pick<Options, 'config' | 'log' | 'clock' | 'warn'>,
  use: (core: Core) => Promise<number>,
): Promise<number> {
  let core: Core
  try {
    core = openCore(config, log, clock)
  } catch (error) {
    if (!(error instanceof StoreLocked)) throw error
    warn(
      `${error.message}, but it does not answer on its control socket. Stop it, or wait until it is ready.`,
    )
    return exitCode.failed
  }
  try {
    return await use(core)
  } finally {
    await core.close()
  }
}
