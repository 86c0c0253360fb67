// A channel as the network tells it: topic, modes, members.
import { type Casemapping, FoldedMap } from '../irc/casemapping.ts'

/** More channels or members are not kept track of: nobody is in so many, and no channel has so many. */
export const MAX_CHANNELS = 1_000
export const MAX_CHANNEL_NAME = 200
export const MAX_MEMBERS = 50_000

/** Never changed, since it is shared: see member-pool.ts. */
export interface Member {
  readonly nick: string
  /** Prefix symbols, highest first, such as `@+`. */
  readonly prefixes: string
  /** `user@host` when it is known. */
  readonly userhost: string | undefined
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
  /** When we joined it, ms, by the network's clock. */
  readonly joinedAt: number
  /** Whether the list of members has come whole. */
  isReady = false

  constructor(name: string, casemapping: Casemapping, joinedAt: number) {
    this.name = name
    this.joinedAt = joinedAt
    this.members = new FoldedMap(casemapping)
  }
}
