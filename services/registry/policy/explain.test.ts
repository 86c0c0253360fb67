import { expect, test } from 'vitest'
import { linesOf, reasonOf } from './explain.ts'
import { parsePolicy } from './policy.ts'

const text = `# Of the den.
rules:
  - who: owner
    repositories:
      - "**"
    allow:
      - pull
      - push

  # Nobody changes these.
  - {who: everyone, repositories: "attic/**",
     deny: push}
  - who: people
    repositories: x
    allow: pull`

const parsed = parsePolicy(text)
const rules = parsed.ok ? parsed.policy.rules : []

test.each([
  [0, 3, 8],
  [1, 11, 12],
  [2, 13, 15],
])(
  'rule %i is shown from line %i to line %i, and nothing of its neighbours',
  (index, first, last) => {
    const rule = rules[index]
    const lines = rule ? linesOf(rule, text) : []
    expect([lines[0]?.line, lines.at(-1)?.line]).toEqual([first, last])
    expect(lines.map((each) => each.text)).toEqual(text.split('\n').slice(first - 1, last))
  },
)

test('a long rule is cut', () => {
  const long = `rules:\n  - who: owner\n    allow: pull\n    repositories:\n${'      - x\n'.repeat(50)}`
  const [rule] = (parsePolicy(long) as { policy: { rules: typeof rules } }).policy.rules
  expect(rule?.lastLine).toBe(54)
  expect(rule && linesOf(rule, long)).toHaveLength(20)
})

test('a decision is a sentence', () => {
  const [allows, denies] = rules
  expect(reasonOf({ isAllowed: true, rule: allows }, 'push', 'a')).toBe(
    'The rule in line 3 of the policy allows push in a.',
  )
  expect(reasonOf({ isAllowed: false, rule: denies }, 'push', 'attic/a')).toBe(
    'The rule in line 11 of the policy denies push in attic/a.',
  )
  expect(reasonOf({ isAllowed: false, rule: undefined }, 'admin')).toBe(
    'No rule of the policy allows admin.',
  )
})
