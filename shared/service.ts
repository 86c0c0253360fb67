// What a service is to the `fuchsbau` command: its name, its settings, how to serve, and its operator's verbs.
import type { Readable } from 'node:stream'
import type { Clock } from './clock.ts'
import type { Section } from './config.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { ServiceConfig } from './settings.ts'

/** A setting can be read, but not be used: the process ends as for any wrong setting. The message names it. */
export class WrongSettings extends Error {
  override name = 'WrongSettings'
}

export type OwnerPassword = {
  password: string
  /** Made just now, and shown to who started the command; otherwise it is a setting. */
  isMade: boolean
}

export type ServeOptions<S extends Section = Section> = {
  config: ServiceConfig<S>
  log: Log
  clock: Clock
  metrics: Metrics
  /** Shows lines to the person who started the command. */
  say(text: string): void
  /** Asked for by a service that has nobody yet: what its owner is to log in with. The same for all services. */
  ownerPassword(): OwnerPassword
}

export type RunningService = {
  /** The address that people open. */
  url: string
  /** Where it really listens, such as `http://127.0.0.1:3000`. */
  listening: string
  /** Why it is not ready, or `undefined` when it is. Cheap: asked at every probe. */
  notReady(): string | undefined
  /** Stops taking work, finishes what was accepted, and lets go of everything. */
  close(): Promise<void>
}

/**
 * Opens a service part by part. `open` says with `opened.defer` how each part is closed; that happens in reverse order, when a
 * later part cannot be opened, or when the service ends. A part that cannot be closed does not keep the others open.
 */
export async function openService(
  open: (opened: AsyncDisposableStack) => Promise<Omit<RunningService, 'close'>>,
): Promise<RunningService> {
  await using opened = new AsyncDisposableStack()
  const running = await open(opened)
  const kept = opened.move()
  return { ...running, close: () => kept.disposeAsync() }
}

export type VerbOptions<S extends Section = Section> = {
  /** What follows the verb. */
  args: string[]
  config: ServiceConfig<S>
  log: Log
  clock: Clock
  /** The environment of the process: what belongs to other programs, and where they are. */
  env: Readonly<Record<string, string | undefined>>
  input: Readable
  /** A line of the result, to stdout. */
  print(line: string): void
  /** A remark, to stderr. */
  warn(line: string): void
}

export type Verb<S extends Section = Section> = {
  /** One line. */
  summary: string
  /** What follows the verb, such as `NAME [--force]`. */
  usage: string
  /** Paragraphs and at least one example. */
  help: string
  /** Throws UsageError for wrong arguments; returns the exit code. */
  run(options: VerbOptions<S>): Promise<number>
}

export type Service<S extends Section = Section> = {
  name: string
  /** One line. */
  summary: string
  settings: S
  /** Resolves when it listens. Throws when it cannot start. */
  serve(options: ServeOptions<S>): Promise<RunningService>
  verbs: Readonly<Record<string, Verb<S>>>
}
