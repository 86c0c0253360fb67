// A verb of the command line: asked of the running server, or done on the store when none runs.
import { join } from 'node:path'
import { exitCode } from '@fuchsbau/shared/command-line.ts'
import { runVerb } from '@fuchsbau/shared/control.ts'
import { StoreLocked } from '@fuchsbau/shared/database/lock.ts'
import { StoreUnusable } from '@fuchsbau/shared/database/open.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import type { VerbOptions } from '@fuchsbau/shared/service.ts'
import { Bouncer, limitsOf } from '../bouncer.ts'
import type { settings } from '../settings.ts'
import { checkDatabase } from '../store/database.ts'
import { openStore } from '../store/store.ts'
import { operate } from './operate.ts'

type Options = VerbOptions<typeof settings>

/** Returns the exit code. */
export async function run(verb: string, options: Options): Promise<number> {
  return await runVerb(directoryOf(options.config), { ...options, verb }, (show) =>
    withStore(options, async (bouncer) => show(await operate(bouncer, verb, [...options.args]))),
  )
}

/** `fsck`. */
export async function check({ config, print, warn }: Options): Promise<number> {
  const problems = checkDatabase(directoryOf(config))
  for (const problem of problems) warn(problem)
  if (problems.length === 0) print('The database is sound.')
  return problems.length === 0 ? exitCode.ok : exitCode.failed
}

const directoryOf = (config: Options['config']) => join(config.data, 'bouncer')

async function withStore(
  { config, clock, log, warn }: Options,
  use: (bouncer: Bouncer) => Promise<number>,
): Promise<number> {
  const { own } = config
  let store: ReturnType<typeof openStore>
  try {
    store = openStore({ directory: directoryOf(config), clock, log })
  } catch (error) {
    if (error instanceof StoreLocked) warn(`${error.message} It does not answer yet: try again.`)
    else if (error instanceof StoreUnusable) warn(error.message)
    else throw error
    return exitCode.failed
  }
  const limits = limitsOf(own)
  const metrics = createMetrics()
  const bouncer = new Bouncer({ store, clock, log, metrics, serverName: own.hostname, limits })
  // Nothing is connected from here.
  bouncer.isClosing = true
  try {
    return await use(bouncer)
  } finally {
    await bouncer.close('')
    store.close()
  }
}
