import { describe, expect, test } from 'vitest'
import {
  allowedTags,
  type CapList,
  capListMessages,
  DOWNSTREAM_CAPS,
  REQUIRED_CAPS,
  UPSTREAM_CAPS,
} from './caps.ts'
import { formatMessage } from './message.ts'

describe('tags for a client', () => {
  const tags = new Map([
    ['time', 't'],
    ['account', 'a'],
    ['msgid', 'm'],
    ['+typing', 'active'],
  ])

  test.each([
    [[], []],
    [['server-time'], ['time']],
    [['account-tag'], ['account']],
    [['message-tags'], ['msgid', '+typing']],
    [
      ['server-time', 'message-tags'],
      ['time', 'msgid', '+typing'],
    ],
  ])('with %j are %j', (caps, keys) => {
    expect([...allowedTags(tags, new Set(caps)).keys()]).toEqual(keys)
  })

  test('are the same map when she may have all', () => {
    expect(allowedTags(tags, new Set(['server-time', 'account-tag', 'message-tags']))).toBe(tags)
  })
})

describe('a list of capabilities (https://ircv3.net/specs/extensions/capability-negotiation#cap-ls-version)', () => {
  const tokens = Array.from({ length: 60 }, (_, index) => `vendor.example/cap-${index}=value`)
  const list: CapList = {
    source: 'bouncer.example',
    nick: '*',
    verb: 'LS',
    tokens,
    isVersion302: true,
  }

  test('goes over as many lines as it needs, of at most 510 bytes, all but the last with a star', () => {
    const messages = capListMessages(list)
    const lines = messages.map(formatMessage)
    expect(lines.length).toBeGreaterThan(1)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(510)
    expect(messages.slice(0, -1).every(({ params }) => params[2] === '*')).toBe(true)
    expect(messages.at(-1)?.params).toHaveLength(3)
    expect(messages.flatMap(({ params }) => params.at(-1)?.split(' '))).toEqual(tokens)
  })

  test('for a client of before 302 is one line of names, the first that fit', () => {
    const messages = capListMessages({ ...list, isVersion302: false })
    const names = messages[0]?.params.at(-1)?.split(' ') ?? []
    expect(messages).toHaveLength(1)
    expect(names.length).toBeGreaterThan(10)
    expect(tokens.slice(0, names.length)).toEqual(names.map((name) => `${name}=value`))
  })

  test('NEW is never continued: each line stands alone', () => {
    const messages = capListMessages({ ...list, verb: 'NEW', nick: 'fox' })
    expect(messages.length).toBeGreaterThan(1)
    expect(messages.every(({ params }) => params.length === 3)).toBe(true)
    expect(messages.flatMap(({ params }) => params[2]?.split(' '))).toEqual(tokens)
  })

  test('may be empty', () => {
    expect(capListMessages({ ...list, verb: 'LIST', tokens: [] }).map(formatMessage)).toEqual([
      ':bouncer.example CAP * LIST :',
    ])
  })
})

test('what a capability needs is offered too', () => {
  const offered: ReadonlySet<string> = new Set(DOWNSTREAM_CAPS)
  for (const [name, required = []] of Object.entries(REQUIRED_CAPS)) {
    expect(offered.has(name), name).toBe(true)
    for (const each of required) expect(offered.has(each), each).toBe(true)
  }
})

test('a network is never asked to keep the names back', () => {
  expect(UPSTREAM_CAPS.has('draft/no-implicit-names')).toBe(false)
  expect(UPSTREAM_CAPS.has('no-implicit-names')).toBe(false)
})
