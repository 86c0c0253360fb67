// `fuchsbau bouncer hold` as a real process, on a Unix socket in a temp directory.
import { join } from 'node:path'
import { launcher, serviceProcess } from './service-process.ts'
import { makeTempData, removeTempData } from './temp-data.ts'

export interface HolderProcess extends AsyncDisposable {
  /** What the bouncer is to be told, as an environment. */
  readonly env: Record<string, string>
  readonly path: string
  log(): string
  pid(): number
  start(): Promise<void>
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>
}

/** Starts it; resolves when it listens. */
export async function startHolder(): Promise<HolderProcess> {
  const directory = makeTempData('holder')
  const path = join(directory, 'holder.sock')
  const settings = { FUCHSBAU_BOUNCER_HOLDER: path }
  const env = { ...process.env, NODE_OPTIONS: '', FUCHSBAU_DATA: directory, ...settings }
  const child = serviceProcess([process.execPath, [launcher, 'bouncer', 'hold']], {
    env,
    readyMs: 30_000,
  })
  const holder: HolderProcess = {
    env: settings,
    path,
    log: child.log,
    pid: child.pid,
    async start() {
      await child.start()
    },
    stop: () => child.end('SIGTERM'),
    kill: () => child.end('SIGKILL'),
    async [Symbol.asyncDispose]() {
      await child.end('SIGKILL')
      removeTempData(directory)
    },
  }
  await holder.start()
  return holder
}
