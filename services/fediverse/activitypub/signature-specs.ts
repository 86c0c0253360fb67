// Double-knocking: which signature specification each host took last, so that a request to it is seldom
// made twice. https://swicg.github.io/activitypub-http-signature/#how-to-upgrade-supported-versions
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { BoundedMap } from './bounded-map.ts'
import type { SignatureSpec } from './received-signature.ts'

interface Memory {
  spec: SignatureSpec
  /** Until when a refusal by this host is taken as final: it has just refused both. */
  settledUntil: number
}

const settledMs = 3_600_000

/** Remembers for at most `maxHosts` hosts (2,000 by default), the least recently used forgotten first. */
export class SignatureSpecs {
  readonly #clock: Clock
  readonly #memories: BoundedMap<Memory>

  constructor(clock: Clock, maxHosts = 2000) {
    this.#clock = clock
    this.#memories = new BoundedMap(maxHosts)
  }

  /** The specifications to try with a host, in order: cavage first with one we do not know. */
  order(host: string): readonly SignatureSpec[] {
    const memory = this.#memories.get(host)
    if (memory === undefined) return ['cavage', 'rfc9421']
    if (this.#clock.now() < memory.settledUntil) return [memory.spec]
    return memory.spec === 'cavage' ? ['cavage', 'rfc9421'] : ['rfc9421', 'cavage']
  }

  /** The host took this specification: it is tried first from now on. */
  accepted(host: string, spec: SignatureSpec): void {
    const memory = this.#memories.get(host)
    if (memory?.spec === spec && memory.settledUntil === 0) return
    this.#memories.set(host, { spec, settledUntil: 0 })
  }

  /** The host refused both: for an hour one attempt with the first of them is enough. */
  refusedBoth(host: string): void {
    const spec = this.#memories.get(host)?.spec ?? 'cavage'
    this.#memories.set(host, { spec, settledUntil: this.#clock.now() + settledMs })
  }
}
