// What clients are told of a network's connection: that it is gone, with why, and that it is there again.
import type { Network } from './network.ts'
import type { Ending } from './upstream/ending.ts'

export class Told {
  readonly #network: Network
  /** The reason that was told last; empty: none. */
  #reason = ''

  constructor(network: Network) {
    this.#network = network
  }

  connected(): void {
    const { record } = this.#network
    if (this.#reason !== '') this.#network.notice(`Connected to ${record.name} again`)
    this.#reason = ''
  }

  /** Each reason once, however often it is tried. */
  ended({ reason, kind }: Ending, wasConnected: boolean, unsent: number): void {
    const network = this.#network
    const { name } = network.record
    if (wasConnected) {
      const lines = unsent > 0 ? ` (not sent any more: ${unsent} of your lines)` : ''
      network.notice(`Disconnected from ${name}: ${reason}${lines}`)
      this.#reason = reason
    } else if (kind !== 'upgrade' && this.#reason !== reason) {
      network.notice(`Cannot connect to ${name}: ${reason}`)
      this.#reason = reason
    }
  }
}
