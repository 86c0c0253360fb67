// What the restore drill wants of each service: work that goes on, and a look at what of it is missing.
import type { Ended } from './restore-pod.ts'
import type { Volume } from './restore-volume.ts'

/** A line each of what was acknowledged and is not there. */
export type Missing = readonly string[]

export interface Load extends AsyncDisposable {
  readonly name: string
  readonly volumes: readonly Volume[]
  start(): Promise<void>
  stop(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  /** What its own check says to the volumes while it is stopped. */
  check(): Promise<Ended>
  /** Works until it is ended; rejects when something is not as it should be. */
  work(): Promise<void>
  /** Whether there is enough to lose. */
  hasWorked(): boolean
  end(): void
  /** What is acknowledged by now is what counts. */
  remember(): void
  /** For the report: how much of what that is. */
  numbers(): Record<string, number>
  /** What of it the running service does not have. */
  missing(): Promise<Missing>
  /** Something new; resolves to a name for `has`. */
  addMore(): Promise<string>
  has(name: string): Promise<boolean>
  /** Takes away something that counts. */
  lose(): Promise<void>
  /** The file that is cut to a half to see whether `check` notices. */
  fileToDamage(): string
}

/** How a load does its work. Does a task again and again until it is over. What fails because of the end, when the service is killed, is no failure. */
export async function repeat(isOver: () => boolean, task: () => Promise<void>): Promise<void> {
  while (!isOver()) {
    try {
      await task()
    } catch (error) {
      if (!isOver()) throw error
    }
  }
}
