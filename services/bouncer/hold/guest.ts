// A bouncer at the holder's door: frames in and out of its Unix socket, with backpressure both ways.
import type { Socket } from 'node:net'
import { type Frame, FrameReader } from './frames.ts'
import { control, type Reply } from './messages.ts'

export interface GuestEvents {
  onFrame(frame: Frame): void
  /** What waited has been taken. */
  onDrain(): void
  /** It is gone. Called once. */
  onGone(): void
}

export class Guest {
  readonly #socket: Socket
  #events: GuestEvents | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    const reader = new FrameReader()
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => this.#events?.onGone())
    socket.on('drain', () => this.#events?.onDrain())
    socket.on('data', (bytes) => {
      try {
        reader.add(bytes)
        for (let frame = reader.next(); frame; frame = reader.next()) this.#events?.onFrame(frame)
      } catch {
        // No frame of ours: nothing behind it can be read.
        socket.destroy()
      }
    })
  }

  /** Who hears what it says from now on. */
  listen(events: GuestEvents): void {
    this.#events = events
  }

  get isGone(): boolean {
    return this.#socket.destroyed
  }

  /** False when it takes no more now: `onDrain` follows. */
  send(frame: Buffer): boolean {
    return this.#socket.writable && this.#socket.write(frame)
  }

  tell(reply: Reply): void {
    this.send(control(reply))
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Ends behind what was said. */
  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
