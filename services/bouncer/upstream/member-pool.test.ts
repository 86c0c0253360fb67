// People are in many channels: one object for each.
import { expect, test } from 'vitest'
import { startScene } from '../bouncer.fixture.ts'
import { MemberPool } from './member-pool.ts'

test('somebody is one object wherever she is the same, and another one where she is not', () => {
  const pool = new MemberPool()
  const bear = pool.one('bear', '', 'b@example.org')
  expect(pool.one('bear', '', 'b@example.org')).toBe(bear)
  expect(pool.one('bear', '@', 'b@example.org')).toEqual({ ...bear, prefixes: '@' })
  expect(pool.one('bear', '', undefined)).toEqual({ ...bear, userhost: undefined })
  expect(pool.one('BEAR', '', 'b@example.org').nick).toBe('BEAR')
})

test('a nick that begins with a symbol of ranks is not taken for a rank', () => {
  const pool = new MemberPool()
  expect(pool.one('bear', '~', undefined)).toEqual({
    nick: 'bear',
    prefixes: '~',
    userhost: undefined,
  })
  expect(pool.one('~bear', '', undefined)).toEqual({
    nick: '~bear',
    prefixes: '',
    userhost: undefined,
  })
})

test('a rank, a host and a nick change for the channel that they change in', async () => {
  await using scene = await startScene({ channels: ['#den', '#lair'] })
  const { server, network } = scene
  const bearIn = (channel: string) => network.upstream?.channels.get(channel)?.members.get('bear')
  for (const channel of ['#den', '#lair']) server.raw(`:bear!b@old.example JOIN ${channel}`, 'fox')
  server.raw(':x MODE #den +o bear', 'fox')
  await scene.settled()
  expect(bearIn('#den')).toEqual({ nick: 'bear', prefixes: '@', userhost: 'b@old.example' })
  expect(bearIn('#lair')).toEqual({ nick: 'bear', prefixes: '', userhost: 'b@old.example' })
  server.raw(':bear!b@old.example CHGHOST b new.example', 'fox')
  await scene.settled()
  expect(bearIn('#den')).toEqual({ nick: 'bear', prefixes: '@', userhost: 'b@new.example' })
  expect(bearIn('#lair')).toEqual({ nick: 'bear', prefixes: '', userhost: 'b@new.example' })
})
