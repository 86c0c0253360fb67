// The part of a source behind the nick.
import { parseSource } from '../irc/source.ts'
import { keptUserhost } from './crowd.ts'

/** `user@host` of `nick!user@host`; undefined when there is none, or one that is too long. */
export function userhostOf(source: string): string | undefined {
  const { user, host } = parseSource(source)
  return user && host ? keptUserhost(`${user}@${host}`) : undefined
}
