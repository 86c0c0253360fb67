// `policy explain CLAIM=VALUE…`: what a CI job with such an ID token would get.
import { entriesOf, matchClaims } from '../login/id-tokens.ts'
import type { PolicyHolder } from '../policy-holder.ts'
import type { Store } from '../store/store.ts'

/** Whether a word is a claim; names of people hold no equals sign. */
export const isClaim = (word: string) => /^[\w.-]+=/.test(word)

export function explainExchange(
  { store, policy }: { store: Store; policy: PolicyHolder },
  words: readonly string[],
): string[] {
  const claims = Object.fromEntries(
    words.map((word): [string, string] => {
      const at = word.indexOf('=')
      return [word.slice(0, at), word.slice(at + 1)]
    }),
  )
  const ofIssuer = entriesOf({ policy }, claims['iss'])
  if (ofIssuer.length === 0) {
    return [`The policy trusts no issuer ${claims['iss'] ?? ''}: give iss, aud, sub and the like.`]
  }
  const matched = matchClaims({ policy }, claims, undefined)
  if (!matched.ok) return ['This job gets nothing. Of the entries for its issuer:', matched.reason]
  const { line, robot, actions, repositories, lifetimeMs } = matched.entry
  const where = repositories.map(({ text }) => text).join(' ')
  return [
    `This job gets a token of robot:${robot} for ${lifetimeMs / 60_000} minutes, by the entry in line ${line}:`,
    `${actions.join(', ')} in ${where}, as far as the rules allow it to robot:${robot}.`,
    ...(store.robots.named(robot)?.isEnabled
      ? []
      : [`There is no such robot yet, or it is disabled: fuchsbau registry robot create ${robot}`]),
  ]
}

/** By which entries jobs get tokens of a robot. */
export function entriesFor({ policy }: { policy: PolicyHolder }, robot: string): string[] {
  const lines = policy.current.exchange
    .filter((entry) => entry.robot === robot)
    .map(({ line, issuer }) => `line ${line} (${issuer})`)
  return lines.length === 0 ? [] : [`CI jobs get tokens of it by ${lines.join(', ')}.`]
}
