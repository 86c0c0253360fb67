// The disk takes no more: the networks are left with the reason, and come back to when writing works again.
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import { expect, test } from 'vitest'
import { startFakeIrc } from '../../test/support/fake-irc-server.ts'
import { makeTempData } from '../../test/support/temp-data.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { networkRecord } from './bouncer.fixture.ts'
import { Bouncer } from './bouncer.ts'
import { openStore, type Store } from './store/store.ts'

/** A store that fails when the test says so. */
function breakable(store: Store) {
  const listeners: ((reason: string) => void)[] = []
  const state = { tries: 0, isUsable: true }
  const own: Partial<Store> = {
    onFailed: (listener) => {
      listeners.push(listener)
      return () => undefined
    },
    tryAgain: () => {
      state.tries += 1
      return state.isUsable
    },
  }
  const proxy = new Proxy(store, {
    get(target, key) {
      const value = Reflect.get(own, key) ?? Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const fail = (reason: string) => {
    state.isUsable = false
    for (const listener of listeners) listener(reason)
  }
  return { store: proxy, state, fail }
}

test('the networks are left, the store is tried every 5 s, and then they are back', async () => {
  await using server = await startFakeIrc()
  const clock = settableClock(1_700_000_000_000)
  const inner = openStore({ directory: makeTempData('bouncer'), clock })
  const { store, state, fail } = breakable(inner)
  const bouncer = new Bouncer({
    store,
    clock,
    log: silentLog(),
    metrics: createMetrics(),
    serverName: 'fuchsbau.test',
  })
  const record = store.users.add({
    name: 'you',
    password: '',
    isAdmin: true,
    isEnabled: true,
    nick: 'fox',
    realname: 'Fox',
    bindAddress: '',
    createdAt: 0,
    subject: '',
  })
  if (!record) throw new Error('no user')
  const network = bouncer.adopt(record).addNetwork(networkRecord(server.port))
  if (!network) throw new Error('no network')
  clock.advance(0)
  await waitFor(() => network.upstream?.isReady, { what: 'the welcome' })

  fail('the disk is full')
  await server.expectLine(/^QUIT :the bouncer cannot store lines: the disk is full/)
  await waitFor(() => network.upstream === undefined, { what: 'the end' })
  expect(network.keeper.lastError).toContain('the disk is full')
  clock.advance(60_000)
  expect(state.tries).toBe(12)
  expect(server.accepted).toHaveLength(1)

  state.isUsable = true
  clock.advance(5_000)
  clock.advance(0)
  await waitFor(() => network.upstream?.isReady, { what: 'the welcome' })
  expect(server.accepted).toHaveLength(2)
  await bouncer.close('the test is over')
  inner.close()
})
