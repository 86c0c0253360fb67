import { describe, expect, test } from 'vitest'
import { isDialable } from './address.ts'
import { type Hook, isFor, parseHooks } from './hooks.ts'

const files = { resolve: (path: string) => `/etc/${path}`, whyUnusable: () => undefined }
const parse = (text: string) => parseHooks(text, files)

function hooksOf(text: string): readonly Hook[] {
  const parsed = parse(text)
  if (!parsed.ok) throw new Error(parsed.errors.join('\n'))
  return parsed.value
}

function errorsOf(text: string): string[] {
  const parsed = parse(text)
  return parsed.ok ? [] : parsed.errors
}

const one = (fields: string) => `webhooks:\n  - {name: a, url: "http://a.test", ${fields}}\n`

describe('a list of webhooks', () => {
  test('says whom to tell of what', () => {
    const [first, second] = hooksOf(`webhooks:
  - name: flux
    url: http://webhook-receiver.flux-system/hook/abc
    secret_file: flux
  - name: ci
    url: https://ci.test/hook
    secret_file: ci
    events: [push, signature]
    repositories: ["team/**", den/app]
`)
    expect(first).toMatchObject({ line: 2, name: 'flux', secretFile: '/etc/flux' })
    expect(first?.url.href).toBe('http://webhook-receiver.flux-system/hook/abc')
    if (!first || !second) throw new Error('two were expected')
    expect(isFor(first, 'delete', 'anything/at/all')).toBe(true)
    expect(isFor(second, 'signature', 'team/a/b')).toBe(true)
    expect(isFor(second, 'push', 'den/app')).toBe(true)
    expect(isFor(second, 'push', 'den/apple')).toBe(false)
    expect(isFor(second, 'delete', 'team/a')).toBe(false)
  })

  test('may be empty', () => {
    expect(hooksOf('webhooks: []')).toEqual([])
  })

  test.each([
    ['nothing at all', '', 'line 1: must have webhooks'],
    ['an unknown key', one('secret_file: s, header: x'), 'line 2: "header" is unknown'],
    ['no secret', one('events: push'), 'line 2: "secret_file" is missing'],
    ['an unknown event', one('secret_file: s, events: [pull]'), 'line 2: "pull" is no event'],
    ['no events', one('secret_file: s, events: []'), 'line 2: "events" must be a word'],
    ['a bad pattern', one('secret_file: s, repositories: ""'), 'line 2: "": '],
    ['a placeholder', one(`secret_file: s, repositories: "\${username}/*"`), 'no placeholders'],
    ['a list of names', 'webhooks: [{name: [a, b]}]', 'line 1: "name" must be a word'],
    ['an odd name', 'webhooks: [{name: "../a"}]', 'line 1: a webhook is called by'],
    ['too many', `webhooks:${'\n  - {name: a}'.repeat(51)}`, 'line 1: at most 50 webhooks'],
  ])('is refused with %s', (_, text, error) => {
    expect(errorsOf(text).join('\n')).toContain(error)
  })

  test.each([
    'ftp://a.test',
    'a.test/hook',
    'http://user:password@a.test/',
    'http://a.test/#part',
    'http://169.254.169.254/',
    'http://0xa9fea9fe/',
    'http://[fe80::1]/',
    'http://[::ffff:169.254.0.1]/',
    `http://a.test/${'a'.repeat(2_000)}`,
  ])('is refused with the address %s, which is not told', (url) => {
    const errors = errorsOf(`webhooks:\n  - {name: a, secret_file: s, url: "${url}"}`)
    expect(errors).toEqual([expect.stringMatching(/^line 2: "url" /)])
    expect(errors[0]).not.toContain(url)
  })
})

test.each([
  ['127.0.0.1', true],
  ['10.1.2.3', true],
  ['192.168.0.1', true],
  ['fd12:3456::1', true],
  ['::1', true],
  ['receiver.test', true],
  ['169.254.169.254', false],
  ['169.254.0.1', false],
  ['100.100.100.200', false],
  ['192.0.0.192', false],
  ['fd00:ec2::254', false],
  ['fd20:ce::254', false],
  ['64:ff9b::a9fe:a9fe', false],
  ['fe80::1', false],
  ['fe80::1%eth0', false],
  ['::ffff:169.254.169.254', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['ff02::1', false],
])('whether %s may be called: %s', (address, expected) => {
  expect(isDialable(address)).toBe(expected)
})
