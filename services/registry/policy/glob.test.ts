import { expect, test } from 'vitest'
import { type Asking, parseGlob } from './glob.ts'

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: it is how people write them
const ann: Asking = { username: 'ann', groups: ['ops', 'dev'] }

function matches(pattern: string, name: string, asking: Asking = ann): boolean {
  const parsed = parseGlob(pattern)
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.glob.matches(name, asking)
}

test.each([
  ['team/app', 'team/app', true],
  ['team/app', 'team/apple', false],
  ['team/app', 'my/team/app', false],
  ['team/*', 'team/app', true],
  ['team/*', 'team/app/web', false],
  ['team/*', 'team/', false],
  ['team/**', 'team/app/web', true],
  ['team/**', 'team', false],
  ['team/**', 'team/', false],
  ['**', 'anything/at/all', true],
  ['**/app', 'a/b/app', true],
  ['**/app', 'app', false],
  ['*-dev', 'web-dev', true],
  ['v*.*', 'v1.2', true],
  ['v*.*', 'v12', false],
  ['a.b', 'axb', false],
  ['a+b', 'aab', undefined],
  ['*a*a*', 'aaaaa', true],
  ['*a*a*', 'aaa', false],
])('%s and %s: %s', (pattern, name, isOne) => {
  const parsed = parseGlob(pattern)
  expect(parsed.ok ? parsed.glob.matches(name, ann) : undefined).toBe(isOne)
})

test.each([
  ['${username}/**', 'ann/app', true],
  ['${username}/**', 'bob/app', false],
  ['${username}/**', 'anna/app', false],
  ['x-${username}', 'x-ann', true],
  ['${group}/**', 'dev/app', true],
  ['${group}/**', 'ann/app', false],
  ['${group}/${username}/*', 'ops/ann/app', true],
])('%s and %s for ann of ops and dev: %s', (pattern, name, isOne) => {
  expect(matches(pattern, name)).toBe(isOne)
})

test.each([
  '*',
  '**',
  'a/**',
  'a/b',
  '..',
  '.',
  '',
  'Ann',
  'a b',
  'a\n',
  '$',
  '${username}',
  '.*',
  'a|b',
  '(a)',
  '-a',
  'a-',
])('a user, or a group, called “%s” matches nothing by a placeholder', (odd) => {
  for (const name of ['a/b', 'a/b/c', `${odd}/b`, '../b', 'x/b', 'Ann/b']) {
    expect(matches('${username}/**', name, { username: odd, groups: [] })).toBe(false)
    expect(matches('${group}/**', name, { username: 'x1', groups: [odd] })).toBe(false)
  }
})

test('nobody matches no placeholder', () => {
  for (const pattern of ['${username}/**', '${username}**', '**${username}', '${group}**']) {
    expect(matches(pattern, 'a/b', { groups: [] })).toBe(false)
  }
})

test.each([
  ['', 'a pattern has 1 to 255 characters'],
  ['a'.repeat(256), 'a pattern has 1 to 255 characters'],
  ['a***', '* or **, no more'],
  ['*a*a*a*a*', 'at most 4 wildcards'],
  ['${user}/x', '${user} is unknown'],
  ['a$b', 'letters, digits'],
  ['a b', 'letters, digits'],
  ['a?', 'letters, digits'],
  ['[ab]', 'letters, digits'],
  ['a\n', 'letters, digits'],
])('“%s” is refused: %s', (pattern, reason) => {
  const parsed = parseGlob(pattern)
  expect(parsed.ok ? 'accepted' : parsed.reason).toContain(reason)
})
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: it is how people write them

test('a name that is made for it does not make a pattern slow', () => {
  // As a regular expression it took more than a second: 10,000 would not end.
  for (let count = 0; count < 1_000; count += 1) {
    expect(matches('**a**a**a**b', 'a'.repeat(255))).toBe(false)
  }
})

test('random patterns and names: what the definition says, word for word', () => {
  /** As it is defined: slow, and right by reading. */
  const isOne = (pattern: string, name: string): boolean => {
    if (pattern === '') return name === ''
    const wild = /^\*+/.exec(pattern)?.[0] ?? ''
    if (wild === '') return pattern[0] === name[0] && isOne(pattern.slice(1), name.slice(1))
    for (let length = 1; length <= name.length; length += 1) {
      if (wild === '*' && name[length - 1] === '/') return false
      if (isOne(pattern.slice(wild.length), name.slice(length))) return true
    }
    return false
  }
  const random = randomOf(20)
  const pick = (letters: readonly string[], most: number) =>
    Array.from({ length: 1 + random(most) }, () => letters[random(letters.length)]).join('')
  let matched = 0
  for (let count = 0; count < 20_000; count += 1) {
    const pattern = pick(['a', 'b', '/', '.', '*', '**'], 7)
    const name = pick(['a', 'a', 'b', '/', '.'], 8)
    const parsed = parseGlob(pattern)
    if (!parsed.ok) continue
    const found = parsed.glob.matches(name, { groups: [] })
    if (found !== isOne(pattern, name)) expect([pattern, name, found]).toEqual('what is defined')
    if (found) matched += 1
  }
  expect(matched).toBeGreaterThan(500)
})

/** The same numbers in each run. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((state / 2 ** 31) * below)
  }
}
