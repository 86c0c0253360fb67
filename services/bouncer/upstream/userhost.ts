// The part of a source behind the nick.
import { parseSource } from '../irc/source.ts'

/** `user@host` of `nick!user@host`; undefined when there is none. */
export function userhostOf(source: string): string | undefined {
  const { user, host } = parseSource(source)
  return user && host ? `${user}@${host}` : undefined
}
