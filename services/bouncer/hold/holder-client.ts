// What the bouncer asks of its holder: to open a connection, to give back one that it kept, to leave those that are not wanted.
import { once } from 'node:events'
import { createConnection } from 'node:net'
import { ConnectionRefused } from '../upstream/ending.ts'
import type { SocketOptions } from '../upstream/socket.ts'
import { HeldSocket } from './held-socket.ts'
import { PROTOCOL } from './messages.ts'

/** For opening, the holder has a deadline of its own. */
const OPEN_MS = 60_000

export class HolderClient {
  readonly #path: string

  /** `path`: of its Unix socket. */
  constructor(path: string) {
    this.#path = path
  }

  /** Opens a connection; rejects with a reason for a person, as one that is opened here does. */
  async open(key: string, options: SocketOptions, signal: AbortSignal): Promise<HeldSocket> {
    const held = await this.#connect()
    // What is more is the record's: passwords and names are not the holder's affair.
    const { host, port, transport, fingerprint, socks, certificate, privateKey } = options
    const { bindAddress, isTlsForced = false } = options
    const needed = { host, port, transport, fingerprint, socks, certificate, privateKey }
    const reply = await held.ask(
      { do: 'open', v: PROTOCOL, key, options: { ...needed, bindAddress, isTlsForced } },
      ['open', 'refused'],
      AbortSignal.any([signal, AbortSignal.timeout(OPEN_MS)]),
    )
    if (reply.is !== 'refused') return held
    held.letGo()
    if (reply.kind) throw new ConnectionRefused(reply.reason, reply.kind)
    throw new Error(reply.reason)
  }

  /** What it keeps under this key, with `state` and `held`; undefined when that is nothing, or there is no holder. */
  async resume(key: string): Promise<HeldSocket | undefined> {
    try {
      const held = await this.#connect()
      const reply = await held.ask({ do: 'resume', v: PROTOCOL, key }, [
        'live',
        'unknown',
        'refused',
      ])
      if (reply.is === 'live') return held
      held.letGo()
    } catch {
      // Connecting anew will say what is wrong.
    }
    return
  }

  /** Leaves all that is kept for this bouncer but what is under these keys. */
  async sweep(bouncer: string, keys: string[], message: string): Promise<void> {
    try {
      const held = await this.#connect()
      await held.ask({ do: 'sweep', v: PROTOCOL, bouncer, keys, message }, ['swept', 'refused'])
      held.letGo()
    } catch {
      // Without a holder nothing is kept.
    }
  }

  async #connect(): Promise<HeldSocket> {
    const unix = createConnection({ path: this.#path })
    try {
      await once(unix, 'connect')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      const reason = `no holder answers at ${this.#path} (${code}): start it with “fuchsbau bouncer hold”`
      throw new ConnectionRefused(reason, 'unreachable')
    }
    const held = new HeldSocket(unix)
    // Who asks hears of it by the answer that does not come.
    held.on('error', () => {})
    return held
  }
}
