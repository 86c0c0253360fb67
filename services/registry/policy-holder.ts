// The policy that is in force: that of the operator's file, or the default.
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import type { Metrics } from '@fuchsbau/shared/metrics.ts'
import { defaultPolicy } from './policy/default.ts'
import { type Policy, parsePolicy } from './policy/policy.ts'
import { WatchedFile } from './watched-file.ts'

export interface PolicyOptions {
  /** Undefined: the default policy. */
  file: string | undefined
  adminGroup: string
  clock: Clock
  log: Log
  metrics?: Metrics
}

export class PolicyHolder {
  readonly #watched: WatchedFile<Policy> | undefined
  readonly #default: { policy: Policy; text: string }
  readonly #openedAt: number
  readonly file: string | undefined

  /** Throws FileUnusable when the first policy is bad. */
  constructor({ file, adminGroup, clock, log, metrics }: PolicyOptions) {
    this.file = file
    this.#openedAt = clock.now()
    this.#default = readDefault(adminGroup)
    if (file === undefined) return
    const read = countReads(metrics)
    this.#watched = new WatchedFile({
      path: file,
      parse(text) {
        const parsed = parsePolicy(text)
        return parsed.ok ? { ok: true, value: parsed.policy } : parsed
      },
      clock,
      onRead({ rules }) {
        read.used()
        log.info({ file, rules: rules.length }, 'the policy was read again')
      },
      onRefused(reason) {
        read.refused()
        log.error({ reason }, 'the new policy is not used: the old one stays in force')
      },
    })
    read.used()
  }

  get current(): Policy {
    return this.#watched?.current ?? this.#default.policy
  }

  /** As it was written. */
  get text(): string {
    return this.#watched?.text ?? this.#default.text
  }

  /** When the policy in force was read. */
  get loadedAt(): number {
    return this.#watched?.loadedAt ?? this.#openedAt
  }

  /** Why the newest file is not in force, and since when that is known; undefined when it is. */
  get problem(): WatchedFile<Policy>['problem'] {
    return this.#watched?.problem
  }

  /** Looks from time to time whether the file changed, until closed. */
  start(): void {
    this.#watched?.start()
  }

  /** Reads the file again. A bad one is told in the log, and the policy stays as it was. */
  reload(): void {
    this.#watched?.reload()
  }

  close(): void {
    this.#watched?.close()
  }
}

function readDefault(adminGroup: string): { policy: Policy; text: string } {
  const text = defaultPolicy(adminGroup)
  const parsed = parsePolicy(text)
  if (!parsed.ok) throw new Error(parsed.errors.join('; '))
  return { policy: parsed.policy, text }
}

function countReads(metrics: Metrics | undefined) {
  const counter = (outcome: string) =>
    metrics?.counter(
      'fuchsbau_registry_policy_reads_total',
      'Times that the file of the policy was read, by whether it is in force since.',
      { outcome },
    )
  const [used, refused] = [counter('used'), counter('refused')]
  return { used: () => used?.inc(), refused: () => refused?.inc() }
}
