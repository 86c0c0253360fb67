import { expect, test } from 'vitest'
import { isOwnPath, makePageSite } from './site.ts'

const software = { name: 'fuchsbau', version: '0' }
const root = makePageSite('https://den.test', software, '')
const below = makePageSite('https://den.test/irc', software, '')

test.each([
  ['/', true],
  ['/search?q=fox&in=%23den#last', true],
  [`/${'a'.repeat(2_500)}`, true],
  [`/${'a'.repeat(2_501)}`, false],
  ['', false],
  ['search', false],
  ['//evil.test/', false],
  ['/\\evil.test/', false],
  // Browsers leave tabs and line ends out: https://url.spec.whatwg.org/#url-parsing
  ['/\t/evil.test/', false],
  ['/\n/evil.test/', false],
  ['/ü', false],
  ['https://evil.test/', false],
  ['https://den.test/', false],
  ['javascript:alert(1)', false],
])('whether %j is a path of the site: %s', (path, isOwn) => {
  expect(isOwnPath(root, path)).toBe(isOwn)
})

test('what is not below the path of the site is not of the site', () => {
  expect(isOwnPath(below, '/irc/search')).toBe(true)
  expect(isOwnPath(below, '/search')).toBe(false)
  expect(isOwnPath(below, '/ircd')).toBe(false)
})
