import { settableClock } from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import { expect, test } from 'vitest'
import { Bouncer } from '../bouncer.ts'
import { addUser, NOON, testStore } from '../store/store.fixture.ts'
import type { TokenCheck } from './token.ts'
import { authenticateByToken } from './token-login.ts'

/** A bouncer whose provider knows one token, `right`, of alice. */
function scene() {
  const { store } = testStore()
  addUser(store)
  const asked: string[] = []
  const tokens: TokenCheck = {
    configurationUrl: 'https://id.test/.well-known/openid-configuration',
    async ownerOf(token) {
      asked.push(token)
      return token === 'right' ? { subject: 'id.test 1', userName: 'alice' } : undefined
    },
  }
  const clock = settableClock(NOON)
  const metrics = createMetrics()
  const options = { store, clock, log: silentLog(), metrics, serverName: 'x.test', tokens }
  const bouncer = new Bouncer(options)
  const tryOne = (token: string, address = '192.0.2.1', name = '') =>
    authenticateByToken(bouncer, { name, address, method: 'OAUTHBEARER', client: '' }, token)
  return { asked, clock, tryOne }
}

test('the provider is not asked for who guesses: one after the other, or all at once', async () => {
  for (const isAtOnce of [false, true]) {
    const { asked, tryOne } = scene()
    const results = []
    if (isAtOnce) {
      const trying = Array.from({ length: 200 }, (_, at) => tryOne(`wrong ${at}`))
      results.push(...(await Promise.all(trying)))
    } else for (let at = 0; at < 200; at += 1) results.push(await tryOne(`wrong ${at}`))
    expect(asked).toHaveLength(5)
    expect(results.at(-1)).toEqual({ ok: false, reason: 'Too many attempts: try again in 1 s' })
    expect(await tryOne('right')).toMatchObject({ ok: false })
    expect(asked).toHaveLength(5)
  }
})

test('who guesses at one account from many addresses is slowed too', async () => {
  const { asked, tryOne } = scene()
  for (let at = 0; at < 50; at += 1) await tryOne('wrong', `192.0.2.${at}`, 'alice')
  expect(asked).toHaveLength(10)
})

test('all programs of a person come in at once, and after the wait she does, too', async () => {
  const { clock, tryOne } = scene()
  const programs = await Promise.all(Array.from({ length: 40 }, () => tryOne('right')))
  expect(programs.filter(({ ok }) => ok)).toHaveLength(40)
  for (let at = 0; at < 10; at += 1) await tryOne('wrong')
  expect(await tryOne('right')).toMatchObject({ ok: false })
  clock.advance(1_000)
  expect(await tryOne('right')).toMatchObject({ ok: true, user: { name: 'alice' } })
})
