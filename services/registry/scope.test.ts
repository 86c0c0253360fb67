// https://distribution.github.io/distribution/spec/auth/scope/
import { expect, test } from 'vitest'
import { accessOf, formatScope, parseScopes } from './scope.ts'

const said = (...parameters: string[]) => parseScopes(parameters).map(formatScope)

test('scopes may be repeated, or stand in one parameter with spaces between', () => {
  const expected = ['repository:a:pull', 'repository:b/c:pull,push']
  expect(said('repository:a:pull', 'repository:b/c:push,pull')).toEqual(expected)
  expect(said('repository:a:pull repository:b/c:pull,push')).toEqual(expected)
})

test('a repository that is named twice has the actions of both', () => {
  expect(said('repository:a:pull', 'repository:a:delete')).toEqual(['repository:a:pull,delete'])
})

test('* is every action', () => {
  expect(said('repository:a:*')).toEqual(['repository:a:pull,push,overwrite,delete'])
})

test('a class of resources is passed over, the repository counts', () => {
  expect(said('repository(plugin):a:pull')).toEqual(['repository:a:pull'])
})

test.each([
  '',
  ' ',
  'repository::pull',
  'repository:a',
  'repository:a:',
  'repository:A:pull',
  'repository:../a:pull',
  'repository:host:5000/a:pull',
  'registry:other:*',
  'x',
])('“%s” asks for nothing', (scope) => {
  expect(said(scope).filter((one) => !one.endsWith(':'))).toEqual([])
})

test('unknown actions are passed over', () => {
  expect(said('repository:a:pull,fly')).toEqual(['repository:a:pull'])
})

test('more than 50 scopes are not read', () => {
  const many = Array.from({ length: 80 }, (_, index) => `repository:r${index}:pull`)
  expect(parseScopes(many)).toHaveLength(50)
})

test('the catalog is a scope of its own, and in the token for Zot too', () => {
  const scopes = parseScopes(['registry:catalog:*'])
  expect(scopes).toEqual([{ type: 'catalog' }])
  expect(accessOf(scopes)).toEqual([
    { type: 'registry', name: 'catalog', actions: ['*'] },
    { type: 'repository', name: '', actions: ['pull'] },
  ])
})
