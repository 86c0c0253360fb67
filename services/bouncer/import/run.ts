// The command line's `import`: opens the store, which no bouncer may have open meanwhile, and says how it went.

import { join } from 'node:path'
import { exitCode, UsageError } from '@fuchsbau/shared/command-line.ts'
import { StoreLocked } from '@fuchsbau/shared/database/lock.ts'
import { StoreUnusable } from '@fuchsbau/shared/database/open.ts'
import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import type { VerbOptions } from '@fuchsbau/shared/service.ts'
import type { settings } from '../settings.ts'
import { openStore, type Store } from '../store/store.ts'
import { ImportStopped } from './history.ts'
import { localTime } from './local-time.ts'
import { importSoju } from './soju.ts'
import { importZnc } from './znc.ts'

type Options = VerbOptions<typeof settings>

/** Returns the exit code. Throws UsageError. */
export async function runImport({
  args,
  config,
  log,
  clock,
  print,
  warn,
}: Options): Promise<number> {
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
