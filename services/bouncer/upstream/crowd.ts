// How many people of all channels are kept track of: a network that somebody runs only to fill our memory must not end the
// process, which is everybody's.
import type { UpstreamChannel } from './channel.ts'

/** Members of all channels of a connection together: each takes some 30 to 150 bytes. */
export const MOST_MEMBERS_OF_ALL = 200_000
/** Networks allow 30 or so, and 64 for hosts. */
const MAX_NICK = 200
const MAX_USERHOST = 300

export class Crowd {
  /** So many more are taken before they are counted again. */
  #room = 0

  /** Whether one more member may be kept. */
  takes(nick: string, channels: Iterable<Pick<UpstreamChannel, 'members'>>): boolean {
    if (nick.length > MAX_NICK) return false
    if (this.#room <= 0) {
      this.#room = MOST_MEMBERS_OF_ALL
      for (const { members } of channels) this.#room -= members.size
    }
    if (this.#room <= 0) return false
    this.#room -= 1
    return true
  }
}

/** `user@host` as it is kept; undefined when nothing has such a one. */
export function keptUserhost(userhost: string | undefined): string | undefined {
  return userhost !== undefined && userhost.length <= MAX_USERHOST ? userhost : undefined
}
