// Why a connection to a network ends: what we say as we end it, else what the network said first, else what the socket says.
import { ConnectionRefused, type Ending, type EndingKind, kindOfError } from './ending.ts'

/** How far the connection had come. */
export interface Reached {
  isOpen: boolean
  isRegistered: boolean
}

export class Cause {
  #reason: string | undefined
  #kind: EndingKind | undefined

  /** We end it, whatever the network has said before. */
  set(reason: string, kind?: EndingKind): void {
    this.#reason = reason
    this.#kind = kind
  }

  /** What the network says; the first word counts. */
  note(reason: string, kind = kindOfError(reason)): void {
    this.#reason ??= reason
    this.#kind ??= kind
  }

  /** The ending. `error`: of the socket. */
  ending(error: Error | undefined, { isOpen, isRegistered }: Reached): Ending {
    const kind = error instanceof ConnectionRefused ? error.kind : undefined
    return {
      reason: this.#reason ?? error?.message ?? 'the network closed the connection',
      kind: this.#kind ?? kind ?? (isRegistered ? 'lost' : isOpen ? 'refused' : 'unreachable'),
    }
  }
}
