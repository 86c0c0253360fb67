import { expect, test } from 'vitest'
import { formatCtcp, isAction, parseCtcp } from './ctcp.ts'

test.each([
  ['\x01ACTION waves a bit\x01', { command: 'ACTION', text: 'waves a bit' }],
  ['\x01action waves', { command: 'ACTION', text: 'waves' }],
  ['\x01VERSION\x01', { command: 'VERSION', text: '' }],
  ['\x01ACTION  two\x01', { command: 'ACTION', text: ' two' }],
  ['\x01PING 1\x01 behind', { command: 'PING', text: '1' }],
  ['\x01\x01', undefined],
  ['\x01', undefined],
  ['\x01 x\x01', undefined],
  ['ACTION \x01', undefined],
  ['', undefined],
])('%j says %j (https://modern.ircdocs.horse/ctcp#message-syntax)', (text, ctcp) => {
  expect(parseCtcp(text)).toEqual(ctcp)
})

test('is written with both delimiters, and nothing can end it early', () => {
  expect(formatCtcp('VERSION')).toBe('\x01VERSION\x01')
  expect(formatCtcp('ACTION', 'a\x01b')).toBe('\x01ACTION ab\x01')
})

test.each([
  ['\x01ACTION waves\x01', true],
  ['\x01ACTION\x01', true],
  ['\x01ACTIONS\x01', false],
  ['\x01VERSION\x01', false],
  ['ACTION', false],
])('%j is an action: %s', (text, isMe) => {
  expect(isAction(text)).toBe(isMe)
})
