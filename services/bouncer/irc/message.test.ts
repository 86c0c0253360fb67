import { describe, expect, test } from 'vitest'
import {
  formatMessage,
  type Message,
  message,
  messageFrom,
  NO_TAGS,
  parseMessage,
  withTags,
} from './message.ts'
import { type Random, random } from './random.fixture.ts'
import { type Atoms, vectors } from './vectors.fixture.ts'

describe('the vectors of irc-parser-tests', () => {
  test.each(vectors<{ input: string; atoms: Atoms }>('msg-split'))(
    'are split: $input',
    ({ input, atoms }) => {
      expect(parseMessage(input)).toEqual({
        tags: new Map(Object.entries(atoms.tags ?? {})),
        source: atoms.source,
        command: atoms.verb.toUpperCase(),
        params: atoms.params ?? [],
      })
    },
  )

  test.each(vectors<{ desc: string; atoms: Atoms; matches: string[] }>('msg-join'))(
    'are joined: $desc',
    ({ atoms, matches }) => {
      const { tags = {}, source, verb, params = [] } = atoms
      const line = formatMessage({
        tags: new Map(Object.entries(tags)),
        source,
        command: verb,
        params,
      })
      expect(matches).toContain(line)
    },
  )
})

describe('a line taken apart (https://modern.ircdocs.horse/#message-format)', () => {
  test.each(['', ' ', ':server', ':server ', '@a=b', '@a=b :server ', '::', ': :a b', '@a @b c'])(
    '%j holds no command',
    (line) => {
      expect(parseMessage(line)).toBeUndefined()
    },
  )

  test.each(['PING\0 a', 'PING a\r', 'PING :a\nQUIT', '@a=\0 PING'])('%j is refused', (line) => {
    expect(parseMessage(line)).toBeUndefined()
  })

  test('without tags shares the empty map', () => {
    expect(parseMessage('PING a')?.tags).toBe(NO_TAGS)
    expect(parseMessage('@ PING a')?.tags).toBe(NO_TAGS)
  })

  test('keeps case and plus of the keys of tags; a missing value is an empty one', () => {
    expect(parseMessage('@+Draft/Reply=x;b=;C TAGMSG #a')?.tags).toEqual(
      new Map([
        ['+Draft/Reply', 'x'],
        ['b', ''],
        ['C', ''],
      ]),
    )
  })

  test('has its command in upper case, in ASCII only', () => {
    expect(parseMessage('privMsg a b')?.command).toBe('PRIVMSG')
    expect(parseMessage('ſetname a')?.command).toBe('ſETNAME')
  })

  test('has at most 64 parameters; the rest stays in the last one', () => {
    const words = Array.from({ length: 70 }, (_, index) => `p${index}`)
    const params = parseMessage(`X ${words.join(' ')}`)?.params
    expect(params).toHaveLength(64)
    expect(params?.at(-1)).toBe('p63 p64 p65 p66 p67 p68 p69')
  })
})

describe('a message put together', () => {
  test.each([
    ['a last parameter that is empty', ['a', ''], 'X a :'],
    ['a last parameter with a colon in front', ['a', ':)'], 'X a ::)'],
    ['a last parameter with a space', ['a', 'b c'], 'X a :b c'],
    ['a last parameter of one word', ['a', 'b:'], 'X a b:'],
  ])('writes %s so that it is read back', (_, params, line) => {
    expect(formatMessage(message('X', ...params))).toBe(line)
  })

  test.each([
    [
      'in the text',
      messageFrom('a!b@c', 'PRIVMSG', '#d', 'x\r\nQUIT\0'),
      ':a!b@c PRIVMSG #d :x  QUIT ',
    ],
    ['in a target', message('PRIVMSG', '#d\r\nQUIT', 'x'), 'PRIVMSG #d__QUIT x'],
    ['in the source', messageFrom('a\nQUIT b', 'PING', 'x'), ':a_QUIT_b PING x'],
    ['in the command', message('PING\nQUIT', 'x'), 'PING_QUIT x'],
    ['in a parameter before the last', message('JOIN', ':a b', '', 'c'), 'JOIN _a_b * c'],
    [
      'in tags',
      withTags(
        message('PING'),
        new Map([
          ['a', '\r\n;\0 '],
          ['b;c', 'x'],
          ['d\n', 'x'],
        ]),
      ),
      '@a=\\r\\n\\:\\s PING',
    ],
  ])('lets nothing break out of it %s', (_, broken, line) => {
    expect(formatMessage(broken)).toBe(line)
  })

  test('is read back as it was, 20,000 random ones', () => {
    const chance = random(1)
    for (let round = 0; round < 20_000; round++) {
      const original = randomMessage(chance)
      expect(parseMessage(formatMessage(original))).toEqual(original)
    }
  })
})

test('50,000 random lines are taken apart without an exception, and stay the same from then on', () => {
  const chance = random(2)
  for (let round = 0; round < 50_000; round++) {
    const parsed = parseMessage(chance.text('@:;=\\ \\ abPING+#,!\0\r\n\x01é😀\ud800~', 40))
    if (!parsed) continue
    const again = parseMessage(formatMessage(parsed))
    // An empty parameter or a colon in front can stand in the last parameter only, where it was read from.
    expect(again).toEqual(parsed)
  }
})

function randomMessage(chance: Random): Message {
  const letters = 'abcXYZ019#&!@~é😀[]\\;=,.'
  const tags = new Map<string, string>()
  for (let count = chance.number(4); count > 0; count--) {
    tags.set(
      `${chance.pick(['', '+', 'v.x/'])}${chance.text('abC-9', 5, 1)}`,
      chance.text(`${letters}: \r\n`, 9),
    )
  }
  const params = Array.from({ length: chance.number(6) }, () => chance.text(letters, 8, 1))
  if (chance.number(2) === 1) params.push(chance.text(`${letters}: `, 30))
  const source = chance.number(2) === 1 ? chance.text(letters, 20, 1) : undefined
  return { tags, source, command: chance.pick(['PRIVMSG', '001', 'X']), params }
}
