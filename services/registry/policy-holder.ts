// The policy that is in force: read at the start, and again when its file changes. A bad file changes nothing.
import type { Clock, Timer } from '@fuchsbau/shared/clock.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import { WrongSettings } from '@fuchsbau/shared/service.ts'
import { defaultPolicy } from './policy/default.ts'
import { type Policy, parsePolicy } from './policy/policy.ts'
import { readPolicyFile, stampOf } from './store/policy-file.ts'

const LOOK_EVERY_MS = 2_000

/** The policy's file cannot be used; the message says where and why. */
export class PolicyUnusable extends WrongSettings {
  override name = 'PolicyUnusable'
}

export interface PolicyOptions {
  /** Undefined: the default policy. */
  file: string | undefined
  adminGroup: string
  clock: Clock
  log: Log
}

export class PolicyHolder {
  readonly #options: PolicyOptions
  #policy: Policy
  #text: string
  #stamp = ''
  #timer: Timer | undefined
  #loadedAt: number
  /** Why the newest file is not in force, and since when that is known; undefined when it is. */
  problem: { reason: string; at: number } | undefined

  /** Throws PolicyUnusable when the first policy is bad: nobody would know what is in force. */
  constructor(options: PolicyOptions) {
    this.#options = options
    const { policy, text } = this.#read()
    this.#policy = policy
    this.#text = text
    this.#loadedAt = options.clock.now()
  }

  /** When the policy in force was read. */
  get loadedAt(): number {
    return this.#loadedAt
  }

  get current(): Policy {
    return this.#policy
  }

  /** As it was written. */
  get text(): string {
    return this.#text
  }

  get file(): string | undefined {
    return this.#options.file
  }

  /** Looks from time to time whether the file changed, until closed. */
  start(): void {
    const { file, clock } = this.#options
    if (file === undefined) return
    this.#timer = clock.after(LOOK_EVERY_MS, () => {
      if (stampOf(file) !== this.#stamp) this.reload()
      this.start()
    })
  }

  /** Reads the file again. A bad one is told in the log, and the policy stays as it was. */
  reload(): void {
    const { log, file, clock } = this.#options
    if (file === undefined) return
    try {
      const { policy, text } = this.#read()
      this.#policy = policy
      this.#text = text
      this.#loadedAt = clock.now()
      this.problem = undefined
      log.info({ file, rules: policy.rules.length }, 'the policy was read again')
    } catch (error) {
      if (!(error instanceof PolicyUnusable)) throw error
      this.problem = { reason: error.message, at: clock.now() }
      log.error({ reason: error.message }, 'the new policy is not used: the old one stays in force')
    }
  }

  close(): void {
    this.#timer?.cancel()
  }

  #read(): { policy: Policy; text: string } {
    const { file, adminGroup } = this.#options
    if (file === undefined) {
      const text = defaultPolicy(adminGroup)
      const parsed = parsePolicy(text)
      if (!parsed.ok) throw new PolicyUnusable(parsed.errors.join('; '))
      return { policy: parsed.policy, text }
    }
    const read = readPolicyFile(file)
    // A file that is bad is not read again and again.
    this.#stamp = read.ok ? read.stamp : stampOf(file)
    if (!read.ok) throw new PolicyUnusable(`${file} cannot be read: ${read.reason}`)
    const parsed = parsePolicy(read.text)
    if (!parsed.ok) throw new PolicyUnusable(`${file}: ${parsed.errors.join('; ')}`)
    return { policy: parsed.policy, text: read.text }
  }
}
