// The end of the process: what was opened is closed in reverse order, within a deadline, and an error that
// nobody caught ends it at once.
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'

/** The part of `process` that is needed. */
export type Host = {
  on(event: string, listener: (error: unknown) => void): unknown
  exit(code: number): void
}

export type LifecycleOptions = {
  log: Log
  clock: Clock
  host: Host
  /** For all closing together; after it the process ends with exit code 1. */
  deadlineMs: number
}

export type Lifecycle = {
  /** Adds something to close; the last added is closed first. */
  onClose(name: string, close: () => Promise<void>): void
  /** Aborted when closing begins. */
  signal: AbortSignal
  /** Closes everything and then exits with `code`; a second call does nothing. */
  close(reason: string, code?: number): Promise<void>
}

/** Control-C reaches a process twice where npm hands it on: what comes so soon after the first is the same. */
const sameSignalMs = 500

/** Listens for SIGTERM and SIGINT (a second one, a while later, exits at once) and for uncaught errors. */
export function createLifecycle({ log, clock, host, deadlineMs }: LifecycleOptions): Lifecycle {
  const steps: { name: string; close: () => Promise<void> }[] = []
  const closing = new AbortController()
  let closingAt = 0

  async function close(reason: string, code = 0): Promise<void> {
    if (closing.signal.aborted) return
    log.info({ reason }, 'closing')
    closingAt = clock.now()
    closing.abort()
    const timer = clock.after(deadlineMs, () => {
      log.error({ waitingFor: steps.at(-1)?.name, deadlineMs }, 'closing took too long')
      host.exit(1)
    })
    const failures = await closeAll()
    timer.cancel()
    log.info('closed')
    host.exit(failures > 0 ? 1 : code)
  }

  /** How many steps failed. A failed one does not keep the others from closing. */
  async function closeAll(): Promise<number> {
    let failures = 0
    for (let step = steps.at(-1); step !== undefined; step = steps.at(-1)) {
      try {
        await step.close()
      } catch (error) {
        failures += 1
        log.error({ err: error, step: step.name }, 'closing failed')
      }
      steps.splice(steps.indexOf(step), 1)
    }
    return failures
  }

  for (const [name, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    host.on(name, () => {
      if (!closing.signal.aborted) void close(name)
      else if (clock.now() - closingAt > sameSignalMs) host.exit(128 + number)
    })
  }
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    host.on(event, (error: unknown) => {
      log.fatal({ err: error }, 'uncaught error')
      host.exit(1)
    })
  }
  return {
    onClose: (name, step) => void steps.push({ name, close: step }),
    signal: closing.signal,
    close,
  }
}
