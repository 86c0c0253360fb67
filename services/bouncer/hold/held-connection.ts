// One connection to a network in the holder: forwarded to its bouncer while that is there, kept when it has said so, and
// left with QUIT otherwise.
import type { Socket } from 'node:net'
import type { Clock, Timer } from '@fuchsbau/shared/clock.ts'
import { formatMessage, message } from '../irc/message.ts'
import { dataFrames, type Frame, frame, heldFrames } from './frames.ts'
import type { Guest } from './guest.ts'
import { KeptLines } from './kept-lines.ts'
import { MOST_KEPT_MS, readRequest } from './messages.ts'

/** Lines of one network that are kept; and of all, with their states. */
export const MOST_HELD_BYTES = 4 * 1024 * 1024
export const MOST_HELD_OF_ALL_BYTES = 64 * 1024 * 1024

/** For the network to close its side behind our QUIT. */
const GOODBYE_MS = 2_000

/** What a connection needs of the holder. */
export interface House {
  readonly clock: Clock
  /** What networks are told when the bouncer is gone without a word. */
  readonly quitMessage: string
  /** Memory of all that is kept now. */
  heldBytes(): number
  note(held: HeldConnection, what: string, reason?: string): void
  forget(held: HeldConnection): void
}

export class HeldConnection {
  readonly key: string
  /** Of the network, for the log. */
  readonly host: string
  readonly #house: House
  readonly #network: Socket
  #guest: Guest | undefined
  #isPaused = false
  /** The bouncer's, for the one that comes after it. */
  #state = Buffer.alloc(0)
  #kept: KeptLines | undefined
  #quitMessage: string
  #timer: Timer | undefined
  /** The network has closed the connection, or it was left: with these words. */
  #ending: { reason: string | undefined } | undefined

  constructor(house: House, network: Socket, { key, host }: { key: string; host: string }) {
    this.key = key
    this.host = host
    this.#house = house
    this.#network = network
    this.#quitMessage = house.quitMessage
    let failure: Error | undefined
    network.on('error', (error) => {
      failure = error
    })
    network.on('data', (bytes) => this.#heard(bytes))
    network.on('drain', () => this.#guest?.resume())
    network.on('close', () => this.#closed(failure))
  }

  /** Whether it waits for a bouncer. */
  get isKept(): boolean {
    return this.#kept !== undefined && this.#guest === undefined
  }

  /** Whether the connection to the network has ended. */
  get isOver(): boolean {
    return this.#network.destroyed
  }

  /** Memory of what is kept, about. */
  get heldBytes(): number {
    return this.#kept ? this.#kept.bytes + this.#state.length : 0
  }

  /** The bouncer that opened it, or that resumes it. */
  attach(guest: Guest): void {
    this.#timer?.cancel()
    this.#guest = guest
    guest.listen({
      onFrame: (frame) => this.#asked(frame),
      onDrain: () => this.#flow(),
      onGone: () => this.#gone(),
    })
    if (this.#kept) this.#giveBack(guest, this.#kept)
    else guest.tell({ is: 'open' })
    if (this.#ending) this.#tellEnding()
    else this.#flow()
  }

  #giveBack(guest: Guest, kept: KeptLines): void {
    guest.send(frame('state', this.#state))
    guest.tell({ is: 'resumed' })
    for (const held of kept.take()) for (const each of heldFrames(held)) guest.send(each)
    guest.tell({ is: 'live' })
    this.#house.note(this, 'resumed')
    this.#kept = undefined
    this.#state = Buffer.alloc(0)
    this.#isPaused = false
    this.#quitMessage = this.#house.quitMessage
  }

  /** Says QUIT, and ends; what was kept is forgotten. */
  leave(reason: string, quitMessage = this.#quitMessage): void {
    this.#timer?.cancel()
    this.#kept = undefined
    this.#quit(reason, quitMessage)
    if (!this.#guest) this.#house.forget(this)
  }

  #quit(reason: string, quitMessage: string): void {
    if (this.#ending) return
    this.#house.note(this, 'left', reason)
    this.#ending = { reason }
    this.#network.resume()
    this.#network.end(`${formatMessage(message('QUIT', quitMessage))}\r\n`)
    const timer = this.#house.clock.after(GOODBYE_MS, () => this.#network.destroy())
    this.#network.once('close', () => timer.cancel())
  }

  #heard(bytes: Buffer): void {
    if (this.#kept) {
      if (this.#ending) return
      this.#kept.add(bytes)
      const isFull =
        this.heldBytes - this.#state.length > MOST_HELD_BYTES ||
        this.#house.heldBytes() > MOST_HELD_OF_ALL_BYTES
      // What came until here is still given to a bouncer that comes back.
      if (isFull) this.#quit('more came than is kept while the bouncer is away', this.#quitMessage)
      return
    }
    const guest = this.#guest
    if (!guest) return
    let hasRoom = true
    for (const each of dataFrames(bytes)) hasRoom = guest.send(each) && hasRoom
    if (!hasRoom) this.#network.pause()
  }

  /** Reads from the network, unless the bouncer has asked not to. */
  #flow(): void {
    if (this.#isPaused && !this.#kept) this.#network.pause()
    else this.#network.resume()
  }

  #asked({ type, payload }: Frame): void {
    if (type === 'data') {
      if (!this.#network.writable) return
      if (!this.#network.write(payload)) this.#guest?.pause()
      return
    }
    if (type === 'state') {
      this.#state = Buffer.from(payload)
      return
    }
    const request = type === 'control' ? readRequest(payload) : undefined
    switch (request?.do) {
      case 'pause':
        this.#isPaused = true
        this.#flow()
        this.#guest?.tell({ is: 'paused' })
        break
      case 'continue':
        this.#isPaused = false
        this.#flow()
        break
      case 'keep':
        this.#keep(request)
        break
      case 'quit':
        this.leave('the bouncer wants so', request.message)
        break
      case 'end':
        this.#network.end()
        break
      case 'destroy':
        this.#network.destroy()
        break
      default:
        this.#guest?.destroy()
    }
  }

  #keep({ ms, message: quitMessage, partial }: { ms: number; message: string; partial: string }) {
    if (this.#ending || this.#kept) return
    const { clock } = this.#house
    if (this.#house.heldBytes() + this.#state.length > MOST_HELD_OF_ALL_BYTES) {
      this.#guest?.tell({ is: 'not-kept', reason: 'the holder keeps as much as it can' })
      return
    }
    this.#quitMessage = quitMessage
    this.#kept = new KeptLines(Buffer.from(partial, 'latin1'), clock, (line) =>
      this.#network.write(`${line}\r\n`, 'latin1'),
    )
    const most = Math.min(Math.max(ms, 0), MOST_KEPT_MS)
    this.#timer = clock.after(most, () => this.leave('no bouncer has come back in time'))
    this.#house.note(this, 'kept')
    this.#guest?.tell({ is: 'kept' })
    this.#flow()
  }

  /** The bouncer is gone. What it has not asked to keep is left: nobody knows its state. */
  #gone(): void {
    this.#guest = undefined
    if (!this.#kept) this.leave('the bouncer has gone without a word')
  }

  /** The network is gone. What is kept waits for the bouncer, which is to know the last lines. */
  #closed(failure: Error | undefined): void {
    if (!this.#ending) {
      this.#ending = { reason: failure?.message }
      this.#house.note(this, 'closed', failure?.message)
    }
    this.#tellEnding()
    if (!this.#kept) this.#house.forget(this)
  }

  #tellEnding(): void {
    if (!this.#guest || !this.#network.destroyed) return
    const { reason } = this.#ending ?? {}
    this.#guest.tell({ is: 'closed', ...(reason !== undefined && { reason }) })
    this.#guest.end()
    // It may wait for the network to read: for its own end to be seen.
    this.#guest.resume()
  }
}
