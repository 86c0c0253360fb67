// What is said when a network is back.
import { expect, test } from 'vitest'
import { Isupport } from '../irc/isupport.ts'
import { formatMessage } from '../irc/message.ts'
import { connectCommand, joinLines } from './rejoin.ts'

const named = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `#channel-${index}`, key: '' }))

test('channels with keys come first, since keys count by position', () => {
  const channels = [
    { name: '#a', key: '' },
    { name: '#b', key: 'secret' },
    { name: '#c', key: '' },
    { name: '#d', key: 'other' },
  ]
  const lines = joinLines(channels, new Isupport()).map(formatMessage)
  expect(lines).toEqual(['JOIN #b,#d,#a,#c secret,other'])
})

test('at most ten to a line, or what TARGMAX allows; never more than fit', () => {
  const lines = joinLines(named(25), new Isupport())
  expect(lines.map(({ params }) => params[0]?.split(',').length)).toEqual([10, 10, 5])
  const isupport = new Isupport()
  isupport.add(['TARGMAX=PRIVMSG:4,JOIN:2'])
  expect(joinLines(named(5), isupport)).toHaveLength(3)
  const long = Array.from({ length: 8 }, (_, index) => ({
    name: `#${index}${'x'.repeat(190)}`,
    key: '',
  }))
  const texts = joinLines(long, new Isupport()).map(formatMessage)
  expect(Math.max(...texts.map(({ length }) => length))).toBeLessThan(510)
  expect(texts).toHaveLength(4)
})

test.each([
  ['MODE $nick +ix', 'MODE fox +ix'],
  ['/msg ChanServ INVITE #den', 'PRIVMSG ChanServ :INVITE #den'],
  ['/quote OPER fox secret', 'OPER fox secret'],
  ['/mode $nick +B', 'MODE fox +B'],
])('the command %s', (command, line) => {
  const parsed = connectCommand(command, 'fox')
  expect(parsed && formatMessage(parsed)).toBe(line)
})

test('a command cannot smuggle in another one', () => {
  expect(connectCommand('MODE $nick +i\r\nQUIT', 'fox')).toBeUndefined()
  expect(connectCommand('', 'fox')).toBeUndefined()
})
