// The holder: opens connections to networks for a bouncer, on a Unix socket, and keeps them while the bouncer is replaced.
// It knows no person and no history, and loads next to nothing.
import { once } from 'node:events'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { isSocket, makePrivate, removeSocket } from '@fuchsbau/shared/control-socket.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import { ConnectionRefused } from '../upstream/ending.ts'
import { socketOpener } from '../upstream/socket.ts'
import { Guest } from './guest.ts'
import { HeldConnection, type House } from './held-connection.ts'
import { PROTOCOL, type Request, readRequest } from './messages.ts'

/** A guest says what it wants within so long. */
const FIRST_WORD_MS = 10_000
/** The networks have so long to take our QUIT. */
const QUIT_MS = 3_000

export interface HolderOptions {
  /** Of the Unix socket. */
  path: string
  /** What networks are told when the bouncer is gone without a word, or the holder is stopped. */
  quitMessage: string
  clock: Clock
  log: Log
}

/** It cannot listen; the message is for the operator. */
export class HolderUnusable extends Error {
  override name = 'HolderUnusable'
}

export interface Holder {
  /** Says QUIT on all networks, and ends. */
  close(): Promise<void>
}

/** Resolves when it listens; throws HolderUnusable. */
export async function startHolder(options: HolderOptions): Promise<Holder> {
  const house = new Rooms(options)
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    house.receive(new Guest(socket))
  })
  await listen(server, options.path)
  server.on('error', (err) => options.log.error({ err }, 'the socket of the holder'))
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await house.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** Takes the place of a socket whose holder was killed, of nothing else. */
async function listen(server: Server, path: string): Promise<void> {
  if (await isAnswered(path)) {
    throw new HolderUnusable(`Another holder listens at ${path} already: stop that one first.`)
  }
  if (isSocket(path)) removeSocket(path)
  server.listen({ path, readableAll: false, writableAll: false })
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reason = LISTEN_ERRORS[code ?? ''] ?? (error as Error).message
    throw new HolderUnusable(`Cannot listen at ${path}: ${reason}.`, { cause: error })
  }
  makePrivate(path)
}

const LISTEN_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write to that directory',
  EADDRINUSE: 'there is something else of this name',
  ENOENT: 'there is no such directory',
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = createConnection({ path })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** All connections. */
class Rooms implements House {
  readonly clock: Clock
  readonly quitMessage: string
  readonly #log: Log
  readonly #connections = new Set<HeldConnection>()

  constructor({ clock, quitMessage, log }: HolderOptions) {
    this.clock = clock
    this.quitMessage = quitMessage
    this.#log = log
  }

  heldBytes(): number {
    let sum = 0
    for (const { heldBytes } of this.#connections) sum += heldBytes
    return sum
  }

  note({ host }: HeldConnection, what: string, reason?: string): void {
    this.#log.info({ host, ...(reason !== undefined && { reason }) }, what)
  }

  forget(held: HeldConnection): void {
    this.#connections.delete(held)
  }

  /** Hears what a guest wants. */
  receive(guest: Guest): void {
    const timer = this.clock.after(FIRST_WORD_MS, () => guest.destroy())
    guest.listen({
      onFrame: ({ type, payload }) => {
        timer.cancel()
        const request = type === 'control' ? readRequest(payload) : undefined
        if (request) this.#serve(guest, request)
        else guest.destroy()
      },
      onDrain: () => {},
      onGone: () => timer.cancel(),
    })
  }

  async close(): Promise<void> {
    const connections = [...this.#connections]
    for (const held of connections) held.leave('the holder is stopped', this.quitMessage)
    const until = this.clock.now() + QUIT_MS
    while (connections.some(({ isOver }) => !isOver) && this.clock.now() < until) {
      await new Promise<void>((resolve) => this.clock.after(20, resolve))
    }
  }

  #serve(guest: Guest, request: Request): void {
    if ('v' in request && request.v !== PROTOCOL) {
      const reason = `the holder speaks version ${PROTOCOL} of its protocol and the bouncer ${request.v}: restart the holder`
      guest.tell({ is: 'refused', reason, kind: 'unreachable' })
      guest.end()
    } else if (request.do === 'open') void this.#open(guest, request)
    else if (request.do === 'resume') this.#resume(guest, request.key)
    else if (request.do === 'sweep') this.#sweep(guest, request)
    else guest.destroy()
  }

  async #open(guest: Guest, { key, options }: Request & { do: 'open' }): Promise<void> {
    this.#kept(key)?.leave('the bouncer connects anew')
    const abort = new AbortController()
    // Nothing but the end is expected until it is open.
    guest.listen({
      onFrame: () => guest.destroy(),
      onDrain: () => {},
      onGone: () => abort.abort(),
    })
    try {
      const network = await socketOpener(options)(abort.signal)
      if (guest.isGone) {
        network.destroy()
        return
      }
      const held = new HeldConnection(this, network, { key, host: options.host })
      this.#connections.add(held)
      this.note(held, 'opened')
      held.attach(guest)
    } catch (error) {
      const { message: reason } = error as Error
      const kind = error instanceof ConnectionRefused ? error.kind : undefined
      guest.tell({ is: 'refused', reason, ...(kind && { kind }) })
      guest.end()
    }
  }

  #resume(guest: Guest, key: string): void {
    const held = this.#kept(key)
    if (held) held.attach(guest)
    else {
      guest.tell({ is: 'unknown' })
      guest.end()
    }
  }

  #sweep(guest: Guest, { bouncer, keys, message }: Request & { do: 'sweep' }): void {
    const wanted = new Set(keys)
    const gone = [...this.#connections].filter(
      ({ isKept, key }) => isKept && key.startsWith(`${bouncer}-`) && !wanted.has(key),
    )
    for (const held of gone) held.leave('the bouncer has no such network any more', message)
    guest.tell({ is: 'swept', left: gone.length })
    guest.end()
  }

  #kept(key: string): HeldConnection | undefined {
    return [...this.#connections].find((held) => held.isKept && held.key === key)
  }
}
