// `fuchsbau bouncer hold`: the holder as a process, until it is told to end.
import { exitCode } from '@fuchsbau/shared/command-line.ts'
import { createLifecycle } from '@fuchsbau/shared/lifecycle.ts'
import type { VerbOptions } from '@fuchsbau/shared/service.ts'
import type { settings } from '../settings.ts'
import { HolderUnusable, startHolder } from './holder.ts'

/** The networks have 3 s to take our QUIT. */
const CLOSING_MS = 10_000

type Options = VerbOptions<typeof settings>

/** Resolves when it cannot start; otherwise the process ends by its lifecycle. */
export async function runHolder(options: Options): Promise<number> {
  const { config, log, clock, print, warn } = options
  const { holder: path, quitMessage } = config.own
  if (path === undefined) {
    warn('bouncer.holder is not set: give the holder and the bouncer the same path, for example')
    warn('  FUCHSBAU_BOUNCER_HOLDER=/run/fuchsbau/holder.sock')
    return exitCode.config
  }
  try {
    const holder = await startHolder({ path, quitMessage, clock, log })
    const lifecycle = createLifecycle({ log, clock, host: process, deadlineMs: CLOSING_MS })
    lifecycle.onClose('holder', () => holder.close())
  } catch (error) {
    if (!(error instanceof HolderUnusable)) throw error
    warn(error.message)
    return exitCode.failed
  }
  log.info({ path }, 'ready')
  print(`Holding connections for the bouncer at ${path}. Control-C leaves the networks.`)
  return await new Promise<number>(() => undefined)
}
