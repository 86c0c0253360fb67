// The section `exchange` of the policy. https://www.rfc-editor.org/rfc/rfc8693
import { describe, expect, test } from 'vitest'
import { mismatchOf } from './exchange.ts'
import { parsePolicy } from './policy.ts'

const GITHUB = 'https://token.actions.githubusercontent.com'

function parse(entry: string) {
  const parsed = parsePolicy(`rules: []\nexchange:\n  - ${entry.replaceAll('\n', '\n    ')}\n`)
  return parsed.ok ? { entry: parsed.policy.exchange[0], errors: [] } : { errors: parsed.errors }
}

const usual = (changes: Record<string, string | undefined> = {}) =>
  Object.entries({
    issuer: GITHUB,
    audience: 'https://oci.test',
    claims: '{sub: "repo:fox/app:ref:refs/heads/main"}',
    robot: 'ci',
    repositories: '[fox/app, "fox/app/**"]',
    allow: '[pull, push]',
    ...changes,
  })
    .flatMap(([key, value]) => (value === undefined ? [] : `${key}: ${value}`))
    .join('\n')

test('an entry with everything that there is', () => {
  const { entry } = parse(usual({ lifetime: '1h', audience: '[a, b]' }))
  expect(entry).toMatchObject({
    line: 3,
    issuer: GITHUB,
    audiences: ['a', 'b'],
    robot: 'ci',
    actions: ['pull', 'push'],
    lifetimeMs: 3_600_000,
  })
  expect(entry?.repositories.map(({ text }) => text)).toEqual(['fox/app', 'fox/app/**'])
  expect(parse(usual()).entry?.lifetimeMs).toBe(900_000)
})

test.each([
  ['without an issuer', { issuer: undefined }, 'line 3: "issuer" is missing'],
  ['with an issuer that is no address', { issuer: 'github' }, 'line 3: "github" is no issuer'],
  ['with an issuer without TLS', { issuer: 'http://ci.test' }, 'is no issuer: an https:// address'],
  ['with a password in the issuer', { issuer: 'https://a:b@ci.test' }, 'is no issuer'],
  ['without an audience', { audience: undefined }, '"audience" is missing'],
  ['with an empty audience', { audience: '""' }, '"audience" must not be empty'],
  ['without claims', { claims: undefined }, 'every repository of the issuer could push'],
  ['with no claims', { claims: '{}' }, '"claims" must say whose job it is'],
  ['for whatever repository', { claims: '{sub: "**"}' }, 'must say whose job it is'],
  ['for a part of any name', { claims: '{repository: "*/app"}' }, 'must say whose job it is'],
  ['for one of two patterns', { claims: '{sub: ["repo:a", "**"]}' }, 'must say whose job it is'],
  ['for any branch called so', { claims: '{ref: refs/heads/main}' }, 'must say whose job it is'],
  ['for whoever fox comments at', { claims: '{actor: fox}' }, 'must say whose job it is'],
  ['with a claim that is a list of lists', { claims: '{sub: [[a]]}' }, 'must be a word or a list'],
  ['with three stars', { claims: '{sub: "a***"}' }, '"a***": at most 4 wildcards, each * or **'],
  ['with five wildcards', { claims: '{sub: "a*b*c*d*e*"}' }, 'at most 4 wildcards'],
  ['without a robot', { robot: undefined }, '"robot" is missing'],
  ['with two robots', { robot: '[a, b]' }, '"robot" must be a word'],
  ['without repositories', { repositories: undefined }, '"repositories" is missing'],
  [
    'with a placeholder',
    { repositories: `"$\{username}/**"` },
    'nobody asks here, so there are no placeholders',
  ],
  ['without rights', { allow: undefined }, '"allow" is missing'],
  ['to administrate', { allow: 'admin' }, '"admin" is none of pull, push, overwrite, delete'],
  ['for two hours', { lifetime: '2h' }, '"2h" is no lifetime: 1m to 1h'],
  ['for ever', { lifetime: 'never' }, '"never" is no lifetime'],
  ['with something unknown', { subject: 'x' }, '"subject" is unknown: issuer, audience, claims'],
])('an entry %s is refused on load', (_, changes, message) => {
  expect(parse(usual(changes)).errors.join('\n')).toContain(message)
})

test('an issuer on this machine may be without TLS', () => {
  expect(parse(usual({ issuer: 'http://127.0.0.1:3000' })).errors).toEqual([])
})

describe('what an ID token says', () => {
  const claims = {
    aud: 'https://oci.test',
    sub: 'repo:fox/app:ref:refs/heads/main',
    repository: 'fox/app',
    ref: 'refs/heads/feature/x',
    ref_protected: true,
    groups: ['den', 'hedge'],
  }
  const why = (conditions: string, changes = {}) => {
    const { entry, errors } = parse(usual({ claims: conditions }))
    if (!entry) throw new Error(errors.join('\n'))
    return mismatchOf(entry, { ...claims, ...changes })
  }

  test.each([
    ['{sub: "repo:fox/app:ref:refs/heads/main"}'],
    ['{sub: "repo:fox/*:ref:refs/heads/main"}'],
    ['{sub: "repo:fox/**"}'],
    ['{sub: ["repo:hare/app", "repo:fox/app:**"]}'],
    ['{repository: fox/app, ref: "refs/heads/feature/*"}'],
    ['{repository: fox/app, ref: "refs/heads/**"}'],
    ['{repository: fox/app, ref_protected: "true"}'],
    ['{repository: fox/app, groups: den}'],
  ])('fits %s', (conditions) => {
    expect(why(conditions)).toBeUndefined()
  })

  test.each([
    ['{sub: "repo:fox/app"}', 'sub is "repo:fox/app:ref:refs/heads/main"'],
    ['{sub: "repo:fox/app:*"}', 'sub is '],
    ['{sub: "repo:fox*:ref:refs/heads/main"}', 'sub is '],
    ['{sub: "repo:fox/app:ref:refs/heads/main*"}', 'sub is '],
    ['{repository: fox/app, ref: "refs/heads/*"}', 'ref is "refs/heads/feature/x"'],
    ['{repository: fox/app, groups: fox}', 'groups is ["den","hedge"]'],
    ['{repository: fox/app, environment: prod}', 'environment is missing'],
    ['{repository: fox/app, toString: "**"}', 'toString is missing'],
    ['{repository: FOX/app}', 'repository is "fox/app"'],
  ])('does not fit %s', (conditions, reason) => {
    expect(why(conditions)).toContain(reason)
  })

  test.each([
    ['another audience', 'https://other.test', 'aud is "https://other.test"'],
    ['a longer audience', 'https://oci.test/x', 'aud is '],
    ['no audience', undefined, 'aud is missing'],
    ['an audience that is an object', { a: 1 }, 'aud is {"a":1}'],
  ])('with %s fits nothing', (_, aud, reason) => {
    expect(why('{sub: "repo:fox/**"}', { aud })).toContain(reason)
  })

  test('with our audience among others fits', () => {
    expect(why('{sub: "repo:fox/**"}', { aud: ['x', 'https://oci.test'] })).toBeUndefined()
  })

  test('that is very long fits nothing', () => {
    expect(why('{sub: "repo:fox/**"}', { sub: `repo:fox/${'a'.repeat(2_000)}` })).toContain('sub')
  })
})

test('an entry that says something else is another one, wherever it stands', () => {
  const print = (changes = {}) => parse(usual(changes)).entry?.fingerprint
  expect(print()).toBe(print())
  for (const changes of [
    { allow: 'pull' },
    { lifetime: '5m' },
    { robot: 'other' },
    { repositories: 'fox/app' },
    { claims: '{sub: "repo:fox/app"}' },
    { audience: 'x' },
  ]) {
    expect(print(changes)).not.toBe(print())
  }
})
