// Who may do what: one answer, and the rule that gave it.
import type { Asking, Glob } from './glob.ts'
import type { Policy, Right, Rule, Who } from './policy.ts'

/** Who asks, as the policy sees it. */
export type Identity =
  | { kind: 'anonymous' }
  | { kind: 'person'; name: string; groups: readonly string[]; isOwner: boolean }
  | { kind: 'robot'; name: string }

export interface Decision {
  isAllowed: boolean
  /** The rule that decided; none: nothing is allowed by default. */
  rule: Rule | undefined
}

/**
 * Whether somebody may do something in a repository. A rule that denies wins over all that allow; without a rule nothing
 * is allowed. The rights `catalog` and `admin` are asked for without a repository: any rule that gives them counts.
 */
export function decide(
  policy: Policy,
  identity: Identity,
  right: Right,
  repository?: string,
): Decision {
  const asking = askingOf(identity)
  const applies = (rule: Rule) =>
    rule.rights.has(right) &&
    rule.who.some((who) => isOne(who, identity)) &&
    (repository === undefined || matchesAny(rule.repositories, repository, asking))
  const denied = policy.rules.find((rule) => rule.effect === 'deny' && applies(rule))
  if (denied) return { isAllowed: false, rule: denied }
  const allowed = policy.rules.find((rule) => rule.effect === 'allow' && applies(rule))
  return { isAllowed: allowed !== undefined, rule: allowed }
}

/** Whether a tag is one that never changes, and the line that says so. */
export function immutableLine(policy: Policy, repository: string, tag: string): number | undefined {
  const nobody: Asking = { groups: [] }
  return policy.immutable.find(
    (entry) =>
      matchesAny(entry.repositories, repository, nobody) && matchesAny(entry.tags, tag, nobody),
  )?.line
}

function matchesAny(globs: readonly Glob[], name: string, asking: Asking): boolean {
  return globs.some((glob) => glob.matches(name, asking))
}

function isOne(who: Who, identity: Identity): boolean {
  switch (who.kind) {
    case 'everyone':
      return true
    case 'anonymous':
      return identity.kind === 'anonymous'
    case 'people':
      return identity.kind === 'person'
    case 'robots':
      return identity.kind === 'robot'
    case 'owner':
      return identity.kind === 'person' && identity.isOwner
    case 'user':
      return identity.kind === 'person' && identity.name === who.name
    case 'group':
      return identity.kind === 'person' && identity.groups.includes(who.name)
    case 'robot':
      return identity.kind === 'robot' && identity.name === who.name
  }
}

function askingOf(identity: Identity): Asking {
  if (identity.kind === 'anonymous') return { groups: [] }
  if (identity.kind === 'robot') return { username: identity.name, groups: [] }
  return { username: identity.name, groups: identity.groups }
}
