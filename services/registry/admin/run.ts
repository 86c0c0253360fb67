// A verb of the command line: asked of the running server, or done on the store when none runs.
import { join } from 'node:path'
import { exitCode } from '@fuchsbau/shared/command-line.ts'
import { type ControlAnswer, runVerb } from '@fuchsbau/shared/control.ts'
import { StoreLocked } from '@fuchsbau/shared/database/lock.ts'
import { StoreUnusable } from '@fuchsbau/shared/database/open.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import type { VerbOptions } from '@fuchsbau/shared/service.ts'
import { Counts } from '../counts.ts'
import { PolicyHolder } from '../policy-holder.ts'
import type { settings } from '../settings.ts'
import { checkStore } from '../store/check.ts'
import { openStore } from '../store/store.ts'
import { KeyRing } from '../token/key-ring.ts'
import { FileUnusable } from '../watched-file.ts'
import { Announcer } from '../webhook/announcer.ts'
import { operate } from './operate.ts'

type Options = VerbOptions<typeof settings>

/** Returns the exit code. */
export async function run(verb: string, options: Options): Promise<number> {
  const { config, warn } = options
  const directory = directoryOf(config)
  try {
    return await runVerb(directory, { ...options, verb }, (show) =>
      onStore(verb, options, directory, show),
    )
  } catch (error) {
    if (error instanceof StoreLocked) warn(`${error.message} It does not answer yet: try again.`)
    else if (error instanceof StoreUnusable || error instanceof FileUnusable) warn(error.message)
    else throw error
    return exitCode.failed
  }
}

/** `fsck`. */
export async function check({ config, print, warn }: Options): Promise<number> {
  const problems = checkStore(directoryOf(config))
  for (const problem of problems) warn(problem)
  if (problems.length === 0) print('The database and the keys are sound.')
  return problems.length === 0 ? exitCode.ok : exitCode.failed
}

const directoryOf = (config: Options['config']) => join(config.data, 'registry')

async function onStore(
  verb: string,
  { args, config, clock, log }: Options,
  directory: string,
  show: (answer: ControlAnswer) => number,
): Promise<number> {
  const { own } = config
  const store = openStore({ directory, clock, log })
  try {
    const policy = new PolicyHolder({ file: own.policy, adminGroup: own.adminGroup, clock, log })
    const keys = await KeyRing.open(directory, clock)
    const { webhooks: file, url, maxAccessTokenAge: maxAgeMs } = own
    const metrics = createMetrics()
    const { random } = Math
    const webhooks = new Announcer({ file, url, store, clock, log, metrics, random })
    const counts = new Counts(metrics)
    const on = { store, clock, log, auditLog: log, counts, policy, keys, webhooks, maxAgeMs }
    return show(await operate(on, verb, [...args]))
  } finally {
    store.close()
  }
}
