// The real program as a child process: started until it says that it is ready, ended by a signal, and never left behind.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { waitFor } from './wait-for.ts'

/** The command of the repository. */
export const launcher = join(import.meta.dirname, '../../fuchsbau.js')

/** What it is told by the owner's first password in tests. */
export const PASSWORD = 'correct horse battery staple'

/** The log line that says where it listens. */
export interface Ready {
  management: string
  services: Record<string, { listening: string }>
}

export interface ServiceProcess {
  pid(): number
  /** What it said, the last 16 million characters at least. */
  log(): string
  /** Resolves when it is ready; rejects with its log when it ends before. `env`: more of it, this time only. */
  start(env?: Record<string, string>): Promise<Ready>
  /** Sends the signal, and waits for the end. */
  end(signal: NodeJS.Signals): Promise<void>
}

const MOST_LOG = 16_000_000

/** A process that is not started yet. `readyMs`: how long it may take to be ready. */
export function serviceProcess(
  command: readonly [file: string, args: readonly string[]],
  { env, readyMs = 15_000 }: { env: NodeJS.ProcessEnv; readyMs?: number },
): ServiceProcess {
  const [file, args] = command
  let child: ChildProcess | undefined
  let output = ''
  return {
    pid: () => child?.pid ?? 0,
    log: () => output,
    async start(more = {}) {
      const starting = spawn(file, args, {
        env: { ...env, ...more },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      child = starting
      const killWithUs = () => starting.kill('SIGKILL')
      process.once('exit', killWithUs)
      starting.once('exit', () => process.off('exit', killWithUs))
      let fresh = ''
      let isReady = false
      const collect = (chunk: Buffer) => {
        if (!isReady) fresh += chunk
        output += chunk
        // Seldom: each time all of it is copied.
        if (output.length > 2 * MOST_LOG) output = output.slice(-MOST_LOG)
      }
      starting.stdout.on('data', collect)
      starting.stderr.on('data', collect)
      const findReady = () =>
        fresh.split('\n').find((text) => text.includes('"msg":"ready"') && text.endsWith('}'))
      await waitFor(() => hasEnded(starting) || findReady(), {
        what: 'the service to be ready',
        timeoutMs: readyMs,
        context: () => output,
      })
      const ready = findReady()
      if (!ready) throw new Error(`the service ended with ${starting.exitCode}:\n${output}`)
      isReady = true
      return JSON.parse(ready) as Ready
    },
    async end(signal) {
      const ending = child
      child = undefined
      if (!ending || hasEnded(ending)) return
      const exited = once(ending, 'exit')
      ending.kill(signal)
      await exited
    },
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) =>
  exitCode !== null || signalCode !== null
