// What a network says of TLS (STS), for one keeper: the port that a plain connection is to be made anew on, and the policy
// that is remembered for all. https://ircv3.net/specs/extensions/sts
import type { Network } from './network.ts'
import { parseSts, type StsOffer, stsHost } from './upstream/sts.ts'
import type { Upstream } from './upstream/upstream.ts'

export class StsPolicy {
  readonly #network: Network
  /** Where TLS is, as the network said on a plain connection, until its owner changes it. */
  tlsPort: number | undefined
  #policy: { host: string; port: number; durationS: number; isPreload: boolean } | undefined

  constructor(network: Network) {
    this.#network = network
  }

  /** A connection is made: where its TLS is if it must have TLS although it is configured as plain. */
  begin(): number | undefined {
    const { record, bouncer } = this.#network
    this.#policy = undefined
    if (record.transport !== 'plain') return
    return bouncer.store.sts.get(stsHost(record), bouncer.clock.now())?.port ?? this.tlsPort
  }

  /** Of a plain connection the port counts, of one with TLS the duration. */
  note(upstream: Upstream, { port, durationS, isPreload }: StsOffer): void {
    const { record, bouncer } = this.#network
    if (!upstream.isTls) {
      if (port === undefined) return
      this.tlsPort = port
      upstream.fail('the network wants TLS (STS)', 'upgrade')
      return
    }
    // A certificate that only this person trusts binds nobody else.
    if (durationS === undefined || record.fingerprint !== '') return
    const ownPort = record.transport === 'plain' ? this.tlsPort : record.port
    const host = stsHost(record)
    const known = bouncer.store.sts.get(host, bouncer.clock.now())?.port
    this.#policy = { host, port: ownPort ?? known ?? record.port, durationS, isPreload }
    this.keep()
  }

  /** A connection of the process before us goes on. */
  goOn(upstream: Upstream, tlsPort: number | undefined): void {
    this.tlsPort = tlsPort
    const offer = upstream.registration.available.get('sts')
    if (upstream.isTls && offer !== undefined) this.note(upstream, parseSts(offer))
  }

  /** The time of a policy begins when it is told, and anew when the connection ends. */
  keep(): void {
    if (!this.#policy) return
    const { store, clock } = this.#network.bouncer
    const { host, port, durationS, isPreload } = this.#policy
    if (durationS === 0) store.sts.remove(host)
    else store.sts.set({ host, port, until: clock.now() + durationS * 1_000, isPreload })
  }
}
