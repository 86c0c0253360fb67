// Lines that a network says while no bouncer is there: whole, with their times; PING is answered and not kept.
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { expect, test } from 'vitest'
import { KeptLines } from './kept-lines.ts'

function scene(partial = '') {
  const clock = settableClock(1_000)
  const answers: string[] = []
  const kept = new KeptLines(Buffer.from(partial), clock, (line) => answers.push(line))
  const told = () => kept.take().map(({ time, bytes }) => [time, bytes.toString()])
  return { clock, answers, kept, told }
}

test('each piece has the time of its arrival, and a line that is not whole comes last', () => {
  const { clock, kept, told } = scene()
  kept.add(Buffer.from(':hare PRIVMSG #den :one\r\n:hare PRIVMSG #den :t'))
  clock.set(2_000)
  kept.add(Buffer.from('wo\r\n:hare PRIV'))
  expect(told()).toEqual([
    [1_000, ':hare PRIVMSG #den :one\n'],
    [2_000, ':hare PRIVMSG #den :two\n'],
    [2_000, ':hare PRIV'],
  ])
})

test('PING is answered with what it holds, with and without tags and source, and is not kept', () => {
  const { answers, kept, told } = scene('PI')
  kept.add(
    Buffer.from('NG :fox\r\n@time=x :irc.test PING a b\r\nping c\r\nPRIVMSG #den :PING d\r\n'),
  )
  expect(answers).toEqual(['PONG fox', 'PONG a b', 'PONG c'])
  expect(told()).toEqual([[1_000, 'PRIVMSG #den :PING d\n']])
})

test('a line that is too long stays so for who reads on', () => {
  const { kept, told } = scene(' '.repeat(16_385))
  kept.add(Buffer.from('the end of it\r\nNOTICE fox :hello\r\n'))
  expect(told()).toEqual([[1_000, 'NOTICE fox :hello\n']])
  kept.add(Buffer.from('y'.repeat(20_000)))
  expect(told().at(-1)?.[1]).toHaveLength(16_385)
})
