// Members that come again and again: one object in memory for each, however many channels somebody is in, and however many
// persons of this bouncer are there with her. Tables of members hold most of the bouncer's memory.
import type { Member } from './channel.ts'

/** More than that are not remembered: they begin anew. Each takes some 150 bytes. */
const MOST = 10_000

export class MemberPool {
  readonly #known = new Map<string, Member>()

  /** A member who is called so, as the object that came first. */
  one(nick: string, prefixes: string, userhost: string | undefined): Member {
    const key = prefixes + nick
    const known = this.#known.get(key)
    // A symbol may be the first letter of somebody else's nick.
    if (known?.nick === nick && known.userhost === userhost) return known
    if (this.#known.size >= MOST) this.#known.clear()
    const member = { nick, prefixes, userhost }
    this.#known.set(key, member)
    return member
  }
}
