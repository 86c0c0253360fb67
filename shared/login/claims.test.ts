import { describe, expect, test } from 'vitest'
import { claimAt, readClaims } from './claims.ts'

describe('a claim', () => {
  test.each([
    ['by its name', 'groups', { groups: 1 }],
    ['by a path', 'realm_access.roles', { realm_access: { roles: 1 } }],
    [
      'whose name holds dots and slashes',
      'https://example.org/groups',
      { 'https://example.org/groups': 1 },
    ],
    ['whose whole name comes before a path', 'a.b', { a: { b: 2 }, 'a.b': 1 }],
    ['below a name with dots', 'access.my.client.roles', { access: { 'my.client': { roles: 1 } } }],
    ['below the longest name that has it', 'a.b.c', { a: { b: { c: 2 } }, 'a.b': { c: 1 } }],
    ['past a name that leads nowhere', 'a.b.c', { 'a.b': 'x', a: { b: { c: 1 } } }],
  ])('is found %s', (_, path, claims) => {
    expect(claimAt(claims, path)).toBe(1)
  })

  test.each([
    ['that is not there', 'roles', { groups: [] }],
    ['that every object has', 'constructor', {}],
    ['of the prototype, on a path', '__proto__.constructor', {}],
    ['in a text', 'a.length', { a: 'text' }],
    ['in a list', 'a.0', { a: ['x'] }],
    ['of nothing', 'a', undefined],
    ['with an empty name', '.', { a: 1 }],
  ])('is not found %s', (_, path, claims) => {
    expect(claimAt(claims, path)).toBeUndefined()
  })
})

describe('groups', () => {
  const read = (groups: unknown) =>
    readClaims({ groups }, { username: 'name', groups: 'groups' }).groups

  test.each([
    ['a list', ['a', 'b'], ['a', 'b']],
    ['a single name', 'a b', ['a b']],
    ['an object, as of Zitadel', { admin: { '1': 'x' }, dev: {} }, ['admin', 'dev']],
    ['none', [], []],
    ['nothing that is a name', ['', 1, null, {}, 'x'.repeat(257), 'a', 'a'], ['a']],
    ['null', null, []],
  ])('may be %s', (_, written, groups) => {
    expect(read(written)).toEqual(groups)
  })

  test('that nobody speaks of are unknown, not none', () => {
    expect(read(undefined)).toBeUndefined()
  })

  test('are 1,000 at most', () => {
    expect(read(Array.from({ length: 2_000 }, (_, index) => `g${index}`))).toHaveLength(1_000)
  })
})
