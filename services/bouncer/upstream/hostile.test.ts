// A network that wants to take all memory: it tells of more channels and people than there can be.
import { expect, test } from 'vitest'
import { startScene } from '../bouncer.fixture.ts'
import { FoldedMap } from '../irc/casemapping.ts'
import type { Member } from './channel.ts'
import { Crowd, MOST_MEMBERS_OF_ALL } from './crowd.ts'

test('what a network tells of people is bounded in size and in number', async () => {
  await using scene = await startScene({ channels: ['#den'] })
  const { server, network } = scene
  const members = () => network.upstream?.channels.get('#den')?.members
  const before = members()?.size ?? 0
  server.raw(`:${'n'.repeat(5_000)}!n@example.org JOIN #den`, 'fox')
  server.raw(`:wolf!w@${'h'.repeat(5_000)} JOIN #den`, 'fox')
  server.raw(`:wolf!w@example.org NICK ${'w'.repeat(5_000)}`, 'fox')
  server.raw(`:bear!b@${'h'.repeat(5_000)} JOIN #den`, 'fox')
  server.raw(`:bear!b@example.org CHGHOST b ${'h'.repeat(5_000)}`, 'fox')
  await scene.settled()
  expect(members()?.size).toBe(before + 1)
  expect(members()?.get('bear')).toMatchObject({ userhost: undefined })
})

test('of all channels together so many people are kept, and others when some have left', () => {
  const crowd = new Crowd()
  const members = new FoldedMap<Member>('ascii')
  const channels = [{ members }]
  const join = (nick: string) =>
    crowd.takes(nick, channels) && members.set(nick, { nick, prefixes: '', userhost: undefined })
  for (let count = 0; count < MOST_MEMBERS_OF_ALL; count += 1) join(`n${count}`)
  expect(join('one-more')).toBe(false)
  expect(members.size).toBe(MOST_MEMBERS_OF_ALL)
  members.delete('n0')
  expect(join('one-more')).not.toBe(false)
})

test('a network that joins us to ever more channels is not followed for ever', async () => {
  await using scene = await startScene({ channels: ['#den'] })
  const { server, network } = scene
  for (let count = 0; count < 1_200; count += 1) {
    server.raw(`:fox!f@example.org JOIN #c${count}\r\n:x KICK #c${count} fox`, 'fox')
  }
  server.raw(`:fox!f@example.org JOIN #${'c'.repeat(5_000)}`, 'fox')
  server.raw(`:x MODE #den +k ${'k'.repeat(5_000)}`, 'fox')
  server.raw(`:fox!f@example.org MODE #den +${modes(0x4e00, 500)}`, 'fox')
  server.raw(`:fox!f@example.org MODE fox +${modes(0x4e00, 500)}`, 'fox')
  await scene.settled()
  expect(network.channels.size).toBe(1_000)
  const den = network.upstream?.channels.get('#den')
  expect(den?.modes.size).toBeLessThanOrEqual(100)
  expect(den?.modes.get('k')?.length).toBeLessThanOrEqual(500)
  expect([...(network.upstream?.modes ?? '')].length).toBeLessThanOrEqual(100)
})

const modes = (first: number, count: number) =>
  Array.from({ length: count }, (_, at) => String.fromCodePoint(first + at)).join('')
