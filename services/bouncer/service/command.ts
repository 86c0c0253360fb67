// What a command of BouncerServ is. The command line and *status run the same ones.
import type { Bouncer } from '../bouncer.ts'
import type { Authority } from '../manage/authority.ts'
import { type Refusal, refuse } from '../manage/outcome.ts'
import type { Network } from '../network.ts'
import type { User } from '../user.ts'

/** Who asks, and for whom. */
export interface Asking {
  bouncer: Bouncer
  by: Authority
  /** Whose networks and passwords are meant; absent on the command line, where a command is nobody's. */
  user: User | undefined
  /** The network that the client is on. */
  network: Network | undefined
  /** Whether the client has logged in by an app password. */
  isAppLogin: boolean
}

/** Asked about a person. */
export type PersonalAsking = Asking & { user: User }

/** Lines for the person who asked. */
export type Answer = readonly string[] | Refusal

export interface Command {
  /** Words, such as `network create`. */
  name: string
  /** What may be typed instead. */
  aliases?: readonly string[]
  /** What follows the name. */
  usage: string
  /** A sentence, then what the flags mean. */
  help: readonly [string, ...string[]]
  /** Whether only administrators may. */
  isAdmin?: boolean
  /**
   * Whether it gives or takes ways to log in or whole accounts, or deletes history. Not by an app password: those lie in
   * the files of programs, and whoever finds one must not come by more than it opens, nor destroy what it shows.
   */
  needsOwnLogin?: boolean
  handle(asking: Asking, words: readonly string[]): Answer | Promise<Answer>
}

/** A command about a person's own things. */
export function personal(
  handle: (asking: PersonalAsking, words: readonly string[]) => Answer | Promise<Answer>,
): Command['handle'] {
  return (asking, words) => {
    const { user } = asking
    return user ? handle({ ...asking, user }, words) : refuse('Say for which user.')
  }
}

/** Refused as the words are not what the command takes. */
export const MISUSED: Refusal = { ok: false, reason: 'misused' }

/** The network that is named, or the one that the client is on. */
export function networkOf(
  { user, network }: PersonalAsking,
  name: string | undefined,
): { ok: true; network: Network } | Refusal {
  if (name !== undefined) {
    const named = user.networkNamed(name)
    return named ? { ok: true, network: named } : unknownNetwork(user, name)
  }
  if (network) return { ok: true, network }
  const [only, ...others] = user.networks.values()
  if (only && others.length === 0) return { ok: true, network: only }
  return refuse(
    only
      ? `Say which network: ${namesOf(user)}.`
      : 'You have no network: add one with “network create -addr libera”.',
  )
}

function unknownNetwork(user: User, name: string): Refusal {
  const names = namesOf(user)
  return refuse(
    `You have no network ${name.slice(0, 50)}; there ${names === '' ? 'are none yet' : `are: ${names}`}.`,
  )
}

const namesOf = (user: User) =>
  [...user.networks.values()].map(({ record }) => record.name).join(', ')

/** Whether refused, as a type guard: answers that are not lists of lines. */
export const isRefusal = (answer: Answer): answer is Refusal => 'ok' in answer
