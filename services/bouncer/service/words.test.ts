import { describe, expect, test } from 'vitest'
import { formatDuration, readDuration, readFlags, splitWords } from './words.ts'

describe('words are split as a shell does it', () => {
  test.each([
    ['a b  c', ['a', 'b', 'c']],
    ['  a ', ['a']],
    ['', []],
    [`'a b' "c d"`, ['a b', 'c d']],
    [`a"b c"d`, ['ab cd']],
    [`'it''s'`, ['its']],
    [`"say \\"hi\\""`, ['say "hi"']],
    [`'\\n'`, ['\\n']],
    ['a\\ b', ['a b']],
    [`"" ''`, ['', '']],
  ])('%j', (text, words) => {
    expect(splitWords(text)).toEqual({ ok: true, words })
  })

  test.each(['"open', "it's", 'end\\'])('%j is refused with a reason', (text) => {
    expect(splitWords(text)).toMatchObject({ ok: false, reason: expect.stringMatching(/\S/) })
  })
})

describe('flags', () => {
  const spec = { nick: 'text', enabled: 'flag', command: 'list' } as const

  test.each([
    [['-nick', 'fox'], { nick: 'fox' }, []],
    [['--nick=fox', 'den'], { nick: 'fox' }, ['den']],
    [['den', '-enabled', 'false', 'x'], { enabled: false }, ['den', 'x']],
    [['-enabled', 'den'], { enabled: true }, ['den']],
    [['-enabled=no'], { enabled: false }, []],
    [['-command', 'A b', '-command', ''], { command: ['A b', ''] }, []],
    [['--', '-nick', 'x'], {}, ['-nick', 'x']],
    [['-nick', '-enabled'], { nick: '-enabled' }, []],
    [['-', '-1'], {}, ['-', '-1']],
  ])('%j', (words, flags, rest) => {
    expect(readFlags(words, spec)).toEqual({ ok: true, flags, rest })
  })

  test.each([
    [['-nik', 'fox'], /did you mean -nick/],
    [['-constructor', 'x'], /no flag/],
    [['-nick'], /needs a value/],
    [['-enabled=maybe'], /true or false/],
  ])('%j is refused with what to do', (words, reason) => {
    expect(readFlags(words, spec)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(reason),
    })
  })
})

test.each([
  ['0', 0],
  ['30s', 30_000],
  ['1h30m', 5_400_000],
  ['2.5h', 9_000_000],
  ['7d', 604_800_000],
  ['', undefined],
  ['5', undefined],
  ['1w', undefined],
  ['-1h', undefined],
])('the duration %j', (text, ms) => {
  expect(readDuration(text)).toBe(ms)
})

test.each([
  [0, '0 s'],
  [61_000, '1 min 1 s'],
  [3_600_000, '1 h'],
  [90_061_000, '1 d 1 h'],
])('%i ms are %j for a person', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})
