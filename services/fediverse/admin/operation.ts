// What an operator's verb is: one table for the command line, whether the server runs (asked by its socket) or not.

import { parseArgs } from 'node:util'
import type { DeliveryEngine } from '../activitypub/delivery.ts'
import { type Context, VerbError } from '../context.ts'
import type { User } from '../store/users.ts'

export interface OperationParts {
  context: Context
  /** Absent while no server runs. */
  delivery?: DeliveryEngine
  /** User for whom a verb acts unless `--as` names another. */
  owner: string
}

export interface Operation {
  summary: string
  usage: string
  help: string
  /** Whether standard input, as base64, becomes the last word: of `emoji add`. */
  takesInput?(args: string[]): boolean
  /** Answers with lines for the person. @throws VerbError or a parseArgs error in words. */
  run(parts: OperationParts, args: string[]): Promise<string[]>
}

/** Options that several verbs share. */
const AS = { as: { type: 'string' } } as const

type Options = NonNullable<Parameters<typeof parseArgs>[0]>['options']

/** Splits a verb's words; unknown options and a wrong number of words are told with the usage. */
export function readArgs<const O extends NonNullable<Options>>(
  args: string[],
  options: O,
  min: number,
  max = min,
) {
  const parsed = parseArgs({
    args,
    options: { ...AS, ...options },
    allowPositionals: true,
    strict: true,
  })
  const { length } = parsed.positionals
  if (length < min || length > max)
    throw new VerbError(`${length < min ? 'Too few' : 'Too many'} words; see --help.`)
  return parsed
}

/** The user who acts. */
export function actingUser({ context, owner }: OperationParts, as: unknown): User {
  const name = typeof as === 'string' ? as : owner
  const user = context.store.users.get(name)
  if (!user)
    throw new VerbError(
      `There is no user ${name}. Make one with: fuchsbau fediverse user add ${name}`,
    )
  return user
}

/** Said where a verb sends something and no server runs to send it. */
export function sentLater({ delivery }: OperationParts): string[] {
  return delivery ? [] : ['It is queued and goes out when the server runs.']
}
