// What is done by the clock, when the disk takes no more just then: an exception there would end the process.
import { type SettableClock, settableClock } from '@fuchsbau/shared/clock.ts'
import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import { expect, test, vi } from 'vitest'
import { connect } from '../../test/support/irc-client.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { type Scene, startScene } from './bouncer.fixture.ts'
import { startAutoDetach } from './downstream/auto-detach.ts'

const isFull = () => {
  throw new StoreUnavailable('the disk is full')
}

async function connected(clock: SettableClock): Promise<Scene> {
  const scene = await startScene({ clock, isConnected: false })
  clock.advance(0)
  await waitFor(() => scene.network.upstream?.isReady, { what: 'the welcome' })
  return scene
}

test('that it is alive cannot be noted: it is tried again', async () => {
  const clock = settableClock(1_700_000_000_000)
  await using scene = await connected(clock)
  scene.bouncer.start()
  const set = vi.spyOn(scene.store.properties, 'set').mockImplementation(isFull)
  expect(() => clock.advance(60_000)).not.toThrow()
  expect(() => clock.advance(60_000)).not.toThrow()
  expect(set.mock.calls.filter(([name]) => name === 'alive-at')).toHaveLength(2)
  set.mockRestore()
})

test('a quiet channel cannot be detached: it stays', async () => {
  const clock = settableClock(1_700_000_000_000)
  await using scene = await connected(clock)
  const { network, store } = scene
  network.upstream?.send({ tags: new Map(), source: undefined, command: 'JOIN', params: ['#den'] })
  await waitFor(() => network.upstream?.channels.get('#den')?.isReady, { what: 'the channel' })
  const den = network.channels.get('#den')
  if (!den) throw new Error('no channel')
  network.putChannel({ ...den, detachAfterMs: 1_000 })
  const stop = startAutoDetach(scene.bouncer)
  clock.advance(30_000)
  const put = vi.spyOn(store.channels, 'put').mockImplementation(isFull)
  expect(() => clock.advance(30_000)).not.toThrow()
  expect(put).toHaveBeenCalledOnce()
  expect(network.isDetached('#den')).toBe(false)
  put.mockRestore()
  stop()
})

test('who logs in by PASS when the database cannot be read is told so', async () => {
  const failures: unknown[] = []
  const note = (error: unknown) => failures.push(error)
  process.on('unhandledRejection', note)
  await using scene = await startScene()
  vi.spyOn(scene.store.messages, 'lastId').mockImplementation(isFull)
  await using client = await connect({ port: scene.port })
  client.send('PASS you/den:secret', 'NICK fox', 'USER fox 0 * :Fox')
  expect(await client.expect('ERROR')).toMatchObject({
    params: [expect.stringContaining('the disk is full')],
  })
  process.off('unhandledRejection', note)
  expect(failures).toEqual([])
})

test('who is behind when the database cannot be read is told so; the others go on', async () => {
  await using scene = await startScene({ channels: ['#den'] })
  await using slow = await scene.client('slow')
  const [behind] = scene.bouncer.downstreams
  await using other = await scene.client('other')
  behind?.catchUp.fallBack(0)
  const read = vi.spyOn(scene.store.messages, 'afterId').mockImplementation(isFull)
  expect(() => behind?.catchUp.step()).not.toThrow()
  read.mockRestore()
  expect(await slow.expect('ERROR')).toMatchObject({
    params: ['the history cannot be read now: the disk is full'],
  })
  scene.server.say('#den', 'owl', 'hoo')
  expect(await other.expect('PRIVMSG')).toMatchObject({ params: ['#den', 'hoo'] })
})

test('a client that cannot be written to is cut off alone, and the log says why', async () => {
  await using scene = await startScene({ channels: ['#den'] })
  await using _broken = await scene.client('broken')
  const [first] = scene.bouncer.downstreams
  await using other = await scene.client('other')
  const error = vi.spyOn(scene.bouncer.log, 'error')
  if (!first) throw new Error('no client')
  vi.spyOn(first.wire, 'write').mockImplementation(() => {
    throw new Error('no such wire')
  })
  scene.server.say('#den', 'owl', 'hoo')
  expect(await other.expect('PRIVMSG')).toMatchObject({ params: ['#den', 'hoo'] })
  expect([...scene.bouncer.downstreams]).toHaveLength(1)
  expect(first.isClosed).toBe(true)
  expect(error).toHaveBeenCalledWith(
    expect.objectContaining({ err: expect.objectContaining({ message: 'no such wire' }) }),
    'writing to a client',
  )
})
