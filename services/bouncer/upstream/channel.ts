// A channel as the network tells it: topic, modes, members.
import { type Casemapping, FoldedMap } from '../irc/casemapping.ts'

export interface Member {
  nick: string
  /** Prefix symbols, highest first, such as `@+`. */
  prefixes: string
  /** `user@host` when it is known. */
  userhost?: string
}

export interface Topic {
  text: string
  /** Who set it, and when (seconds since 1970), when the network said so. */
  by?: string
  at?: string
}

export class UpstreamChannel {
  readonly name: string
  readonly members: FoldedMap<Member>
  topic: Topic | undefined
  /** Modes of the channel itself, letter → parameter. */
  readonly modes = new Map<string, string | undefined>()
  createdAt: string | undefined
  /** Whether the list of members has come whole. */
  isReady = false

  constructor(name: string, casemapping: Casemapping) {
    this.name = name
    this.members = new FoldedMap(casemapping)
  }
}
