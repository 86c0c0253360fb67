import { expect, test } from 'vitest'
import { formatSource, nickOf, parseSource } from './source.ts'
import { vectors } from './vectors.fixture.ts'

interface Split {
  source: string
  atoms: { nick?: string; user?: string; host?: string }
}

test.each(vectors<Split>('userhost-split'))(
  'vector of irc-parser-tests: $source',
  ({ source, atoms }) => {
    expect(parseSource(source)).toEqual({ nick: '', user: '', host: '', ...atoms })
    expect(nickOf(source)).toBe(atoms.nick ?? '')
  },
)

test.each(['a!b@c', 'a', 'a@c', 'a!b', 'irc.example.org', 'a!b@c!d@e'])(
  '%s is put together as it was',
  (source) => {
    expect(formatSource(parseSource(source))).toBe(source)
  },
)

test('an exclamation mark in the host does not make a user', () => {
  expect(parseSource('nick@ho!st')).toEqual({ nick: 'nick', user: '', host: 'ho!st' })
})

test('a line without source has no nick', () => {
  expect(nickOf(undefined)).toBe('')
})
