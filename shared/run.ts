// Runs services until the process is told to end: management port first, then each service; closed in
// reverse.
import type { Clock } from './clock.ts'
import { exitCode } from './command-line.ts'
import { createLifecycle, type Host } from './lifecycle.ts'
import type { Log } from './log.ts'
import { startManagement } from './management.ts'
import { createMetrics } from './metrics.ts'
import { makePassword } from './password.ts'
import { type OwnerPassword, type RunningService, type Service, WrongSettings } from './service.ts'
import type { ServiceConfig } from './settings.ts'
import { giveBackSpareMemory } from './spare-memory.ts'

/** A service with what it is to run on. */
export type Planned = { service: Service; config: ServiceConfig<Service['settings']> }

export type RunOptions = {
  log: Log
  clock: Clock
  host: Host
  print(line: string): void
}

/** Under the 30 s that Kubernetes gives before it kills. */
const closingDeadlineMs = 25_000

/** Starts the services, at least one; resolves when all are ready. A failed start ends the process with 1, a setting that cannot be used with 78. */
export async function runServices(plan: readonly Planned[], options: RunOptions): Promise<void> {
  const { log, clock, host, print } = options
  const [first] = plan
  if (first === undefined) throw new Error('there is no service to run')
  const lifecycle = createLifecycle({ log, clock, host, deadlineMs: closingDeadlineMs })
  const metrics = createMetrics()
  addProcessMetrics(metrics)
  const running = new Map<string, RunningService>()
  const ownerPassword = firstPassword(first.config.ownerPassword, print)

  function notReady(): string[] {
    if (lifecycle.signal.aborted) return ['closing']
    return plan.flatMap(({ service: { name } }) => {
      const service = running.get(name)
      const reason = service === undefined ? 'starting' : service.notReady()
      return reason === undefined ? [] : [`${name}: ${reason}`]
    })
  }

  const keepSpareMemory = giveBackSpareMemory()
  lifecycle.onClose('spare memory', async () => keepSpareMemory())

  let starting = 'management'
  try {
    const { listen } = first.config.management
    const management = await startManagement({ listen, metrics, notReady })
    lifecycle.onClose('management', () => management.close())
    for (const { service, config } of plan) {
      const { name } = service
      starting = name
      const serving = await service.serve({
        config,
        log: log.child({ service: name }),
        clock,
        metrics,
        say: print,
        ownerPassword,
      })
      running.set(name, serving)
      lifecycle.onClose(name, () => serving.close())
      print(`${name.padEnd(12)}${serving.url}`)
    }
    print(`${'management'.padEnd(12)}${management.url}`)
    const services = [...running].map(([name, { url, listening }]) => [name, { url, listening }])
    log.info({ management: management.url, services: Object.fromEntries(services) }, 'ready')
  } catch (error) {
    const isWrong = error instanceof WrongSettings
    if (isWrong) log.fatal({ reason: error.message }, 'could not start')
    else log.fatal({ err: error }, 'could not start')
    print(`${starting} could not start: ${error instanceof Error ? error.message : String(error)}`)
    await lifecycle.close('could not start', isWrong ? exitCode.config : exitCode.failed)
  }
}

/** Shown as soon as it is asked for: a service that fails later must not take it along. */
function firstPassword(given: string | undefined, print: RunOptions['print']): () => OwnerPassword {
  let made: string | undefined
  return () => {
    if (given !== undefined) return { password: given, isMade: false }
    if (made === undefined) {
      made = makePassword()
      print(`The owner's first password: ${made}  (shown once)`)
    }
    return { password: made, isMade: true }
  }
}

function addProcessMetrics(metrics: ReturnType<typeof createMetrics>): void {
  metrics.gauge('process_resident_memory_bytes', 'Resident memory.', () =>
    process.memoryUsage.rss(),
  )
  metrics.gauge('process_cpu_seconds', 'User and system CPU time.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  metrics.gauge(
    'process_start_time_seconds',
    'When the process started.',
    () => performance.timeOrigin / 1000,
  )
}
