// The bouncer's holder, if it has one: under which keys connections are kept there, for how long, and the secret that says
// whether settings are the same without saying what they are.
import { randomBytes } from 'node:crypto'
import { HolderClient } from './hold/holder-client.ts'
import type { Store } from './store/store.ts'

export interface HoldingOptions {
  /** Path of the holder's Unix socket. */
  path: string
  /** How long connections are kept while the bouncer is away, ms. */
  keepMs: number
  /** What networks are told when nobody comes back. */
  quitMessage: string
}

export class Holding {
  readonly client: HolderClient
  readonly keepMs: number
  readonly quitMessage: string
  /** Names this bouncer, since a holder may have several. */
  readonly #bouncer: string
  readonly secret: string

  constructor({ path, keepMs, quitMessage }: HoldingOptions, store: Store) {
    this.client = new HolderClient(path)
    this.keepMs = keepMs
    this.quitMessage = quitMessage
    this.#bouncer = kept(store, 'holder-name')
    this.secret = kept(store, 'holder-secret')
  }

  keyOf(networkId: number): string {
    return `${this.#bouncer}-${networkId}`
  }

  /** Leaves what is kept of networks that are not these. */
  async sweep(networkIds: readonly number[]): Promise<void> {
    const keys = networkIds.map((id) => this.keyOf(id))
    await this.client.sweep(this.#bouncer, keys, 'the network was removed')
  }
}

function kept({ properties }: Store, name: string): string {
  const known = properties.get(name)
  if (known !== undefined) return known
  const made = randomBytes(32).toString('hex')
  properties.set(name, made)
  return made
}
