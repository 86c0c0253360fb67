// What a decision of the policy is in words: the same for the command line, the pages and clients of the registry.
import type { Decision } from './decide.ts'
import type { Right, Rule } from './policy.ts'

/** A sentence: which rule decided. */
export function reasonOf({ rule }: Decision, right: Right, repository?: string): string {
  const what = `${right}${repository === undefined ? '' : ` in ${repository}`}`
  if (!rule) return `No rule of the policy allows ${what}.`
  const verb = rule.effect === 'allow' ? 'allows' : 'denies'
  return `The rule in line ${rule.line} of the policy ${verb} ${what}.`
}

/** Rules may be long lists. */
const MOST_LINES = 20

/** A rule as it is written in this text, each line with its number. */
export function linesOf(rule: Rule, text: string): { line: number; text: string }[] {
  return text
    .split('\n')
    .slice(rule.line - 1, Math.min(rule.lastLine, rule.line - 1 + MOST_LINES))
    .map((each, index) => ({ line: rule.line + index, text: each }))
}
