// The command line's `import`: from ZNC or soju into the store, while no bouncer has it open.

import { join } from 'node:path'
import { exitCode, UsageError } from '@fuchsbau/shared/command-line.ts'
import type { Verb, VerbOptions } from '@fuchsbau/shared/service.ts'
import type { settings } from '../settings.ts'
import { StoreUnusable } from '../store/database.ts'
import { StoreLocked } from '../store/lock.ts'
import { openStore, type Store } from '../store/store.ts'
import { StoreUnavailable } from '../store/turn.ts'
import { ImportStopped } from './history.ts'
import { localTime } from './local-time.ts'
import { importSoju } from './soju.ts'
import { importZnc } from './znc.ts'

type Options = VerbOptions<typeof settings>

export const importVerb: Verb<typeof settings> = {
  summary: 'Take over users, networks and history from ZNC or soju.',
  usage: 'znc DIR [--timezone ZONE] | soju FILE',
  help: `Stop the bouncer first. Nothing in DIR or FILE is changed.

\`znc DIR\` reads ZNC's data directory (~/.znc, /var/lib/znc): users with their passwords, networks, channels with keys,
perform, sasl, nickserv, cert and certauth, and the files of the log module. Their times are in the zone that the user had
set in ZNC, else in this machine's; --timezone says otherwise.

\`soju FILE\` reads soju's SQLite database (/var/lib/soju/main.db).

It says what it took, what it could not take, and why. Run it again at any time: what is here already stays as it is, and of
the history only what is new is taken.

Example:
  fuchsbau bouncer import znc /var/lib/znc --timezone Europe/Berlin`,
  run,
}

async function run({ args, config, log, clock, print, warn }: Options): Promise<number> {
  const { from, path, timezone } = readArguments(args)
  let store: Store | undefined
  try {
    store = openStore({ directory: join(config.data, 'bouncer'), clock, log })
    const options = { store, clock, print }
    const isDone =
      from === 'soju'
        ? await importSoju({ ...options, file: path })
        : await importZnc({ ...options, directory: path, ...(timezone && { timezone }) })
    return isDone ? exitCode.ok : exitCode.failed
  } catch (error) {
    const words = wordsOf(error)
    if (words === undefined) throw error
    warn(words)
    return exitCode.failed
  } finally {
    store?.close()
  }
}

function readArguments(args: readonly string[]) {
  const rest = [...args]
  const at = rest.indexOf('--timezone')
  const [, timezone] = at < 0 ? [] : rest.splice(at, 2)
  if (at >= 0 && (timezone === undefined || !localTime(timezone))) {
    throw new UsageError('--timezone takes a zone such as Europe/Berlin')
  }
  const [from, path] = rest
  if ((from !== 'znc' && from !== 'soju') || path === undefined || rest.length !== 2) {
    throw new UsageError('say where from: import znc DIR, or import soju FILE')
  }
  if (from === 'soju' && timezone !== undefined)
    throw new UsageError("soju's times have their zone")
  return { from, path, timezone }
}

function wordsOf(error: unknown): string | undefined {
  if (error instanceof StoreLocked) return `${error.message} Stop the bouncer, then import.`
  if (error instanceof StoreUnusable) return error.message
  if (error instanceof ImportStopped || error instanceof StoreUnavailable) {
    return `The import stopped: ${error.message}. What was taken is kept; run it again to go on.`
  }
  return
}
