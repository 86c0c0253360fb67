import { expect, test } from 'vitest'
import { DEFAULT_POLICY, defaultPolicy } from './default.ts'
import { type Policy, parsePolicy } from './policy.ts'

function errorsOf(text: string): string[] {
  const parsed = parsePolicy(text)
  return parsed.ok ? [] : parsed.errors
}

function policyOf(text: string): Policy {
  const parsed = parsePolicy(text)
  if (!parsed.ok) throw new Error(parsed.errors.join('\n'))
  return parsed.policy
}

const rule = (more: string) => `rules:
  - who: owner
    repositories: "**"
    ${more}
`

test('a policy with everything that there is', () => {
  const { rules, immutable } = policyOf(`
rules:
  - who: [anonymous, everyone, people, robots, owner, "user:ann", "group:Dev Team", "robot:ci"]
    repositories: ["a/*", "b/**"]
    allow: [pull, push, overwrite, delete, catalog, admin]
  - {who: people, repositories: secret/**, deny: pull}
immutable:
  - repositories: "**"
    tags: ["v*", latest]
`)
  expect(rules.map(({ line, effect, rights }) => [line, effect, rights.size])).toEqual([
    [3, 'allow', 6],
    [6, 'deny', 1],
  ])
  expect(rules[0]?.who.at(-2)).toEqual({ kind: 'group', name: 'Dev Team' })
  expect(immutable.map(({ tags }) => tags.map(({ text }) => text))).toEqual([['v*', 'latest']])
})

test('numbers are words as they are written', () => {
  const { immutable } = policyOf(
    'immutable:\n  - {repositories: 1.10, tags: [1.10, 010, 0x1f, 1e3]}',
  )
  expect(immutable[0]?.repositories[0]?.text).toBe('1.10')
  expect(immutable[0]?.tags.map(({ text }) => text)).toEqual(['1.10', '010', '0x1f', '1e3'])
})

test('the default policy is one, whatever the group of administrators is called', () => {
  expect(errorsOf(DEFAULT_POLICY)).toEqual([])
  for (const name of ['admins', '"', "$& $' $`", 'a: b', '#', '\\', '[x]']) {
    expect(policyOf(defaultPolicy(name)).rules[0]?.who[1]).toEqual({ kind: 'group', name })
  }
})

test.each([
  ['nothing', ''],
  ['a comment alone', '# later'],
  ['null', 'null'],
  ['a word', 'all'],
  ['a list', '- who: owner'],
])('%s is no policy: an emptied file must not take everything from everybody', (_, text) => {
  expect(errorsOf(text)).toEqual(['line 1: must have rules, immutable, exchange'])
})

test('who wants nothing to be allowed says so', () => {
  expect(policyOf('rules: []').rules).toEqual([])
})

test.each([
  ['a list that is not there yet', 'rules:', 'line 1: must be a list'],
  [
    'a person whom nobody is called like',
    'rules:\n  - {who: "user:Eve", repositories: x, deny: pull}',
    'line 2: "user:Eve": names have a–z',
  ],
  [
    'a robot that none is called like',
    'rules:\n  - {who: "robot:robot:ci", repositories: x, deny: pull}',
    'line 2: "robot:robot:ci": names have a–z',
  ],
  ...['Library/**', '/team/**', 'team/', 'team//app'].map((pattern) => [
    `a repository ${pattern}, which none is called like`,
    `rules:\n  - {who: everyone, repositories: "${pattern}", deny: pull}`,
    `line 2: "${pattern}": no repository is called so`,
  ]),
  [
    'an immutable tag nowhere',
    'immutable:\n  - {repositories: /team, tags: v1}',
    'line 2: "/team": no repository is called so',
  ],
  ['the same key twice in a rule', rule('allow: pull\n    allow: push'), '"allow" is there twice'],
  [
    'an unknown key',
    'rules: []\nrulez: []',
    'line 2: "rulez" is unknown: rules, immutable, exchange',
  ],
  ['rules that are no list', 'rules: all', 'line 1: must be a list of at most 1000 entries'],
  ['a rule that is a word', 'rules:\n  - all', 'line 2: must have who, repositories, allow, deny'],
  ['a rule without effect', rule(''), 'line 2: a rule has either "allow" or "deny"'],
  [
    'a rule with both',
    rule('allow: pull\n    deny: push'),
    'line 2: a rule has either "allow" or "deny"',
  ],
  ['an unknown right', rule('allow: [pull, fly]'), 'line 2: "fly" is no right'],
  ['an unknown key of a rule', rule('allow: pull\n    tags: x'), 'line 5: "tags" is unknown'],
  ['nobody', 'rules:\n  - {who: bob, repositories: x, allow: pull}', 'line 2: "bob" is nobody'],
  [
    'a group without a name',
    'rules:\n  - {who: "group:", repositories: x, allow: pull}',
    'line 2: "group:" is nobody',
  ],
  ['no who', 'rules:\n  - {repositories: x, allow: pull}', 'line 2: "who" is missing'],
  [
    'an empty list',
    'rules:\n  - {who: [], repositories: x, allow: pull}',
    'line 2: "who" must be a word',
  ],
  [
    'a list in a list',
    'rules:\n  - who: [[owner]]\n    repositories: x\n    allow: pull',
    'line 2: "who" must be a word',
  ],
  [
    'a word that is none',
    'rules:\n  - who: [owner, true]\n    repositories: x\n    allow: pull',
    'line 2: "who" must be a word',
  ],
  [
    'a bad pattern',
    'rules:\n  - {who: owner, repositories: "a b", allow: pull}',
    'line 2: "a b": letters',
  ],
  [
    'a placeholder for nobody',
    `immutable:\n  - {repositories: "$\{username}/**", tags: v*}`,
    '/**": nobody asks here, so there are no placeholders',
  ],
  ['the same key twice', 'rules: []\nrules: []', 'line 2: "rules" is there twice'],
  ['two documents', 'rules: []\n---\nrules: []', 'line 2: Source contains multiple documents'],
  [
    'an alias',
    'rules:\n  - &a {who: owner, repositories: x, allow: pull}\n  - *a',
    'line 3: must have who',
  ],
  [
    'a merge of keys',
    'rules:\n  - {<<: {who: owner}, repositories: x, allow: pull}',
    'line 2: "<<" is unknown',
  ],
  ['a tag of types', 'rules: !!js/function x', 'line 1: Unresolved tag'],
  ['broken YAML', 'rules: [', 'line 1: '],
  ['a tab', 'rules:\n\t- who: owner', 'line 2: '],
])('%s is told with its line', (_, text, expected) => {
  expect(errorsOf(text).join('\n')).toContain(expected)
})

test('all that is wrong is told at once, but no more than anybody reads', () => {
  const bad = '  - {who: bob, repositories: x, allow: fly}\n'
  expect(errorsOf(`rules:\n${bad}`)).toHaveLength(2)
  expect(errorsOf(`rules:\n${bad.repeat(500)}`)).toHaveLength(20)
})

test.each([
  ['more than 256 KiB', '#'.repeat(256 * 1024 + 1)],
  ['too many rules', `rules:\n${'  - {who: owner, repositories: x, allow: pull}\n'.repeat(1_001)}`],
  // With the keys compared by the parser it took a minute.
  [
    'a map with very many keys',
    Array.from({ length: 30_000 }, (_, key) => `k${key}: 1`).join('\n'),
  ],
  // With the lines shown by the parser it took minutes.
  ['one mistake after the other', '"'.repeat(256 * 1024)],
  ['lists in lists in lists', '['.repeat(50_000)],
  ['maps in maps in maps', '{a: '.repeat(50_000)],
  [
    'a billion laughs',
    `a: &a [x,x]\n${'bcdefghij'
      .split('')
      .map((key, index) => `${key}: &${key} [*${'abcdefghi'[index]},*${'abcdefghi'[index]}]`)
      .join('\n')}`,
  ],
])('%s is refused', (_, text) => {
  expect(errorsOf(text).length).toBeGreaterThan(0)
})
