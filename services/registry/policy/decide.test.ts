// What holds for every policy: nothing is allowed but by a rule, what is denied stays denied, and the order of rules is no matter.
import { expect, test } from 'vitest'
import { decide, type Identity, immutableLine } from './decide.ts'
import { type Policy, parsePolicy, RIGHTS } from './policy.ts'

const IDENTITIES: readonly Identity[] = [
  { kind: 'anonymous' },
  { kind: 'robot', name: 'ann' },
  { kind: 'person', name: 'ann', groups: [], isOwner: false },
  { kind: 'person', name: 'bob', groups: ['ann', '**', '*', 'a/b', '..', ''], isOwner: true },
]
const WHO = [
  'anonymous',
  'everyone',
  'people',
  'robots',
  'owner',
  'user:ann',
  'robot:ann',
  'group:ann',
]
const PATTERNS = ['**', 'ann/*', 'ann/**', '$' + '{username}/**', '$' + '{group}/*', 'bob/app']
const NAMES = ['ann/app', 'ann/app/web', 'bob/app', 'ann', 'x/y', 'a/b', 'anonymous/app']

interface Line {
  who: string
  repositories: string
  effect: 'allow' | 'deny'
  right: string
}

/** A part of all rules that can be made of the words above, the same in each run. */
const rules: Line[] = WHO.flatMap((who) =>
  PATTERNS.flatMap((repositories) =>
    RIGHTS.flatMap((right) =>
      (['allow', 'deny'] as const).map((effect) => ({ who, repositories, effect, right })),
    ),
  ),
).filter((_, index) => index % 7 === 0)

function policyOf(lines: readonly Line[]): Policy {
  const text = lines.map(
    ({ who, repositories, effect, right }) =>
      `  - {who: "${who}", repositories: "${repositories}", ${effect}: ${right}}`,
  )
  const parsed = parsePolicy(`rules: ${lines.length === 0 ? '[]' : `\n${text.join('\n')}`}\n`)
  if (!parsed.ok) throw new Error(parsed.errors.join('\n'))
  return parsed.policy
}

/** Who may do what where, in one line each. */
function allowedBy(lines: readonly Line[]): Set<string> {
  const policy = policyOf(lines)
  return new Set(
    IDENTITIES.flatMap((identity) =>
      RIGHTS.flatMap((right) =>
        NAMES.filter((name) => decide(policy, identity, right, name).isAllowed).map(
          (name) => `${JSON.stringify(identity)} ${right} ${name}`,
        ),
      ),
    ),
  )
}

test('no rule, nothing', () => {
  expect(allowedBy([])).toEqual(new Set())
})

test('a rule that denies takes away what it speaks of, wherever it stands, and gives nothing', () => {
  const allowing = rules.filter(({ effect }) => effect === 'allow')
  const all = allowedBy(allowing)
  expect(all.size).toBeGreaterThan(50)
  for (const denying of rules.filter(({ effect }) => effect === 'deny')) {
    const spoken = allowedBy([{ ...denying, effect: 'allow' }])
    const left = new Set([...all].filter((one) => !spoken.has(one)))
    expect(allowedBy([...allowing, denying])).toEqual(left)
    expect(allowedBy([denying, ...allowing])).toEqual(left)
  }
})

test('together rules that allow give what each of them gives', () => {
  const allowing = rules.filter(({ effect }) => effect === 'allow')
  const each = new Set(allowing.flatMap((line) => [...allowedBy([line])]))
  expect(allowedBy(allowing)).toEqual(each)
  expect(allowedBy(allowing.toReversed())).toEqual(each)
})

test('a group that is called like a pattern, or like a way out, is no pattern and no way', () => {
  const line = { who: 'people', repositories: '$' + '{group}/*', effect: 'allow', right: 'pull' }
  const found = [...allowedBy([line as Line])].map((one) => one.split(' ').at(-1))
  expect(found).toEqual(['ann/app'])
})

test('whether a tag is immutable does not depend on who asks, and not on rules', () => {
  const parsed = parsePolicy(
    'rules: []\nimmutable: [{repositories: [a/*, b], tags: ["v*.*", latest]}]',
  )
  if (!parsed.ok) throw new Error('bad')
  const isOne = (repository: string, tag: string) =>
    immutableLine(parsed.policy, repository, tag) !== undefined
  expect(isOne('a/x', 'v1.0')).toBe(true)
  expect(isOne('b', 'latest')).toBe(true)
  for (const [repository, tag] of [
    ['a/x/y', 'v1.0'],
    ['a', 'v1.0'],
    ['a/x', 'v10'],
    ['a/x', 'V1.0'],
    ['a/x', 'latest2'],
    ['b', 'Latest'],
  ] as const) {
    expect([repository, tag, isOne(repository, tag)]).toEqual([repository, tag, false])
  }
})
