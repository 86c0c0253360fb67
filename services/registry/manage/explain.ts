// Which rule of the policy decides for somebody: asked by administrators, in the pages and on the command line.
import { type Decision, decide, type Identity } from '../policy/decide.ts'
import { linesOf, reasonOf } from '../policy/explain.ts'
import { RIGHTS } from '../policy/policy.ts'
import type { PolicyHolder } from '../policy-holder.ts'
import type { Store } from '../store/store.ts'
import { done, type Outcome, refused } from './outcome.ts'

export interface Asked {
  /** The name of a person, `robot:NAME` or `anonymous`. */
  who: string
  right: string
  /** Undefined for what is not done in a repository. */
  repository: string | undefined
}

export interface Explained extends Decision {
  /** `ann may not push in team/app.` */
  sentence: string
  /** Which rule decides. */
  reason: string
  /** That rule, as it is written. */
  lines: { line: number; text: string }[]
}

/** What the policy in force says. The limits of tokens are not looked at. */
export function explain(
  { store, policy }: { store: Store; policy: PolicyHolder },
  { who, right: word, repository }: Asked,
): Outcome<Explained> {
  const right = RIGHTS.find((known) => known === word)
  if (!right) return refused(`Say what for: ${RIGHTS.join(', ')}.`)
  const identity = identityNamed(store, who)
  if (!identity) {
    return refused(`There is nobody called ${who}: a person, robot:NAME or anonymous.`)
  }
  const decision = decide(policy.current, identity, right, repository)
  const where = repository === undefined ? '' : ` in ${repository}`
  return done({
    ...decision,
    sentence: `${who} ${decision.isAllowed ? 'may' : 'may not'} ${right}${where}.`,
    reason: reasonOf(decision, right, repository),
    lines: decision.rule ? linesOf(decision.rule, policy.text) : [],
  })
}

function identityNamed(store: Store, who: string): Identity | undefined {
  if (who === 'anonymous') return { kind: 'anonymous' }
  const robot = store.robots.named(who.replace(/^robot:/, ''))
  if (who.startsWith('robot:')) return robot && { kind: 'robot', name: robot.name }
  const person = store.people.named(who)
  if (!person) return
  const { name, groups, isOwner } = person
  return { kind: 'person', name, groups, isOwner }
}
