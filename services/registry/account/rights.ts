// What a caller may do now: the policy, and the limits of the credential that she came by. Both must allow it.

import { decide } from '../policy/decide.ts'
import { reasonOf } from '../policy/explain.ts'
import { parseGlob } from '../policy/glob.ts'
import type { Policy, Right } from '../policy/policy.ts'
import { ACTIONS, type Action, type Scope } from '../scope.ts'
import type { Caller } from './caller.ts'
import { identityOf } from './caller.ts'

export type Verdict = { isAllowed: true } | Denial

export interface Denial {
  isAllowed: false
  /** A sentence for who asked. */
  why: string
  /** Of the policy, where a rule denies it. */
  line?: number | undefined
  /** It is the limits of her token, and not the policy. */
  isByLimits?: boolean
}

/** Whether she may, and if not, why. */
export function verdict(
  policy: Policy,
  caller: Caller,
  right: Right,
  repository?: string,
): Verdict {
  if (!isWithinLimits(caller, right, repository)) {
    const where = repository === undefined ? '' : ` in ${repository}`
    return { isAllowed: false, why: `This token is not for ${right}${where}.`, isByLimits: true }
  }
  const decision = decide(policy, identityOf(caller), right, repository)
  if (decision.isAllowed) return { isAllowed: true }
  const why = reasonOf(decision, right, repository)
  return { isAllowed: false, why, line: decision.rule?.line }
}

/** What she can do about it, in a sentence. It tells her nothing of what there is. */
export function whatNext(
  { url, contact }: { url: string; contact: string },
  { account }: Caller,
  { isByLimits = false }: Denial,
): string {
  if (!isByLimits) return `If you need it, ask ${contact}.`
  return account.kind === 'person'
    ? `Make one that is for it: ${url}/tokens.`
    : `Ask ${contact} for one that is.`
}

/** Limits speak of repositories: a token that has some is for nothing else. */
function isWithinLimits({ limits }: Caller, right: Right, repository: string | undefined): boolean {
  if (!limits) return true
  if (right === 'admin') return false
  if (right === 'catalog') return limits.some(({ actions }) => actions.includes('pull'))
  return limits.some(
    ({ repositories, actions }) =>
      actions.includes(right) &&
      repository !== undefined &&
      repositories.some((text) => {
        const parsed = parseGlob(text)
        return parsed.ok && parsed.glob.matches(repository, { groups: [] })
      }),
  )
}

/** Of what is asked for, what she may: less, never an error. */
export function allowed(policy: Policy, caller: Caller, scopes: readonly Scope[]): Scope[] {
  return scopes.flatMap((scope): Scope[] => {
    if (scope.type === 'catalog') {
      return verdict(policy, caller, 'catalog').isAllowed ? [scope] : []
    }
    const may = (action: Action) => verdict(policy, caller, action, scope.name).isAllowed
    const actions = withOverwrite(scope.actions).filter(may)
    return actions.length > 0 ? [{ ...scope, actions }] : []
  })
}

/** Clients know no word for it: who asks to push gets it, if she may. */
function withOverwrite(actions: readonly Action[]): readonly Action[] {
  if (!actions.includes('push')) return actions
  return ACTIONS.filter((action) => action === 'overwrite' || actions.includes(action))
}
