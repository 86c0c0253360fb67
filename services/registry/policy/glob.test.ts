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
