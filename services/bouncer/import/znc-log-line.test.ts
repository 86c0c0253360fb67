// Lines of ZNC's log module. https://github.com/znc/znc/blob/master/modules/log.cpp
import { expect, test } from 'vitest'
import { random } from '../irc/random.fixture.ts'
import { MESSAGE_KINDS } from '../store/records.ts'
import { localTime, zncZone } from './local-time.ts'
import { logPlaces, matchLogFile } from './znc-log-files.ts'
import { parseZncLogLine } from './znc-log-line.ts'

const DAY = Date.UTC(2026, 0, 2)

test.each([
  ['[10:20:30] <bob> hi <b> there', 'PRIVMSG', 'bob', 'hi <b> there'],
  ['[10:20:30] <bob> ', 'PRIVMSG', 'bob', ''],
  ['[10:20:30] * bob waves', 'PRIVMSG', 'bob', '\x01ACTION waves\x01'],
  ['[10:20:30] -bob- look', 'NOTICE', 'bob', 'look'],
  ['[10:20:30] -a-b- look - at', 'NOTICE', 'a-b', 'look - at'],
  ['[10:20:30] *** Joins: bob (b@host)', 'JOIN', 'bob!b@host', ''],
  ['[10:20:30] *** Joins: bob (b@host) bobby', 'JOIN', 'bob!b@host', 'bobby'],
  ['[10:20:30] *** Parts: bob (b@host) (bye (all))', 'PART', 'bob!b@host', 'bye (all)'],
  ['[10:20:30] *** Quits: bob (b@::1) ()', 'QUIT', 'bob!b@::1', ''],
  ['[10:20:30] *** bob is now known as bobby', 'NICK', 'bob', 'bobby'],
  ['[10:20:30] *** bob was kicked by eve (out)', 'KICK', 'eve', 'bob out'],
  ['[10:20:30] *** eve sets mode: +o bob', 'MODE', 'eve', '+o bob'],
  ['[10:20:30] *** irc.example.org sets mode: +nt ', 'MODE', 'irc.example.org', '+nt'],
  ["[10:20:30] *** eve changes topic to 'it's new'", 'TOPIC', 'eve', "it's new"],
])('%s', (line, kind, source, text) => {
  const wall = DAY + (10 * 3600 + 20 * 60 + 30) * 1000
  expect(parseZncLogLine(line, DAY)).toEqual({ wall, kind, source, text })
})

test('other forms of the time are read too', () => {
  const at = (line: string, day?: number) => {
    const result = parseZncLogLine(line, day)
    return typeof result === 'string' ? result : result.wall - DAY
  }
  expect(at('[2026-01-02 00:00:01] <a> b')).toBe(1000)
  expect(at('00:01 <a> b', DAY)).toBe(60_000)
  expect(at('[00:00:01.25] <a> b', DAY)).toBe(1250)
  expect(at('[00:00:01] <a> b')).toBe('damaged')
  expect(at('[24:00:01] <a> b', DAY)).toBe('damaged')
})

test('what is of ZNC itself is nothing, what ZNC never writes is damaged', () => {
  expect(parseZncLogLine('[10:00:00] Connected to IRC (irc.example.org +6697)', DAY)).toBe(
    'nothing',
  )
  for (const line of [
    '',
    'x',
    '[10:00:00]',
    '[10:00:00] x',
    '[10:00:00] <a> b\0c',
    '[10:00:00] <a> b\rc',
    '[10:00:00] <:a> b',
  ]) {
    expect(parseZncLogLine(line, DAY)).toBe('damaged')
  }
  expect(parseZncLogLine('[10:00:00] <a> b\r', DAY)).toMatchObject({ text: 'b' })
  expect(parseZncLogLine(`[10:00:00] <a> ${'b'.repeat(9000)}`, DAY)).toBe('damaged')
})

test('20,000 mutilated lines are read without an exception; what is taken is one line of IRC', () => {
  const { number } = random(11)
  const pieces = [
    '[10:00:00] ',
    '*** ',
    '<',
    '>',
    'bob',
    ' (',
    ')',
    'Joins: ',
    'Quits: ',
    '@',
    ' sets mode: ',
    '-',
    '* ',
    '\0',
    '\r',
    '\n',
    ' ',
    "'",
    ' was kicked by ',
    '\u{1f98a}',
  ]
  for (let round = 0; round < 20_000; round++) {
    const text = `[10:00:00] ${Array.from({ length: number(20) }, () => pieces[number(pieces.length)]).join('')}`
    const result = parseZncLogLine(text, DAY)
    if (typeof result === 'string') continue
    expect(MESSAGE_KINDS).toContain(result.kind)
    expect(`${result.source}${result.text}`).not.toMatch(/[\r\n]/)
    expect(result.source).toMatch(/^[^\s:]\S*$/)
  }
})

test('a line is read in time that grows with its length, whatever it holds', () => {
  const begin = performance.now()
  for (const piece of ['(', '*** Quits: a (', ' (a@b)', '-', "'", '*** a changes topic to ']) {
    parseZncLogLine(`[10:00:00] *** Quits: a (${piece.repeat(16_000 / piece.length)}`, DAY)
  }
  expect(performance.now() - begin).toBeLessThan(1000)
})

test('the files of all forms are found, with whose they are', () => {
  const networks = new Map([
    ['fox', ['libera', 'lib']],
    ['fox_b', ['oftc']],
  ])
  const found = (folder: string, path: string, argument = '') => {
    const place = logPlaces(networks, () => argument).find((each) => each.folder === folder)
    const file = place && matchLogFile(place, path, networks)
    return file && [file.user, file.network, file.window, file.day]
  }
  const day = DAY
  expect(found('moddata/log', 'fox/libera/#den/2026-01-02.log')).toEqual([
    'fox',
    'libera',
    '#den',
    day,
  ])
  expect(found('moddata/log', 'fox_b_oftc_#a_b_20260102.log')).toEqual([
    'fox_b',
    'oftc',
    '#a_b',
    day,
  ])
  expect(found('users/fox/moddata/log', 'lib/bob/2026-01-02.log')).toEqual([
    'fox',
    'lib',
    'bob',
    day,
  ])
  expect(found('users/fox/moddata/log', 'libera_#x_20260102.log')).toEqual([
    'fox',
    'libera',
    '#x',
    day,
  ])
  expect(found('users/fox_b/moddata/log', '#x_20260102.log')).toEqual(['fox_b', 'oftc', '#x', day])
  expect(found('users/fox/networks/lib/moddata/log', '#x/2026-01-02.log')).toEqual([
    'fox',
    'lib',
    '#x',
    day,
  ])
  expect(
    found('users/fox/moddata/log', 'l/lib/#x.02.01.2026', '-sanitize l/$NETWORK/$WINDOW.%d.%m.%Y'),
  ).toEqual(['fox', 'lib', '#x', day])
  expect(found('users/fox/moddata/log', 'unknown/#x/2026-01-02.log')).toBeUndefined()
  expect(found('users/fox/moddata/log', '.registry')).toBeUndefined()
})

test('times are those of the zone, in summer and in winter', () => {
  const berlin = localTime('Europe/Berlin')
  const utc = (wall: string, notBefore?: number) =>
    new Date(berlin?.toUtc(Date.parse(wall), notBefore) ?? 0).toISOString()
  expect(utc('2026-01-02T12:00:00Z')).toBe('2026-01-02T11:00:00.000Z')
  expect(utc('2026-07-02T12:00:00Z')).toBe('2026-07-02T10:00:00.000Z')
  // The hour that comes twice: first in summer time, then, when the log has gone on, in winter time.
  expect(utc('2026-10-25T02:30:00Z')).toBe('2026-10-25T00:30:00.000Z')
  expect(utc('2026-10-25T02:10:00Z', Date.parse('2026-10-25T00:30:00Z'))).toBe(
    '2026-10-25T01:10:00.000Z',
  )
  // The hour that does not come.
  expect(utc('2026-03-29T02:30:00Z')).toMatch(/^2026-03-29T0[01]:30/)
  expect(localTime('Nowhere/Land')).toBeUndefined()
  expect(localTime(zncZone('GMT+2'))?.toUtc(DAY)).toBe(DAY - 7_200_000)
})
