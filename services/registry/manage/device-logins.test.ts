// https://www.rfc-editor.org/rfc/rfc8628#section-3.5
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { person } from '../../../test/support/registry-process.ts'
import { makeTempData, removeTempData } from '../../../test/support/temp-data.ts'
import { makeUserCode, readUserCode } from '../login/device-codes.ts'
import { DevicePolls } from '../login/device-polls.ts'
import type { PersonRecord } from '../store/records.ts'
import { openStore, type Store } from '../store/store.ts'
import {
  type AskedLogin,
  askDeviceLogin,
  DEVICE_LOGIN_MS,
  decideDeviceLogin,
  fetchDeviceLogin,
  forgetDeviceLogin,
  undecidedLogin,
} from './device-logins.ts'

const NOW = 1_800_000_000_000
const TOKEN = {
  label: 'terminal den',
  limits: [{ repositories: ['**'], actions: ['pull' as const] }],
  lifetimeMs: 86_400_000,
}

let directory: string
let store: Store
let ann: PersonRecord
const clock = settableClock(NOW)
let devicePolls: DevicePolls

beforeEach(() => {
  clock.set(NOW)
  directory = makeTempData('device')
  store = openStore({ directory, clock, log: silentLog() })
  devicePolls = new DevicePolls(clock)
  ann = store.people.add(person('ann')) as PersonRecord
})
afterEach(() => {
  store.close()
  removeTempData(directory)
})

const kept = () => ({ store, clock, devicePolls })

function ask(): AskedLogin {
  const asked = askDeviceLogin(kept(), TOKEN, '192.0.2.1')
  if (!asked.ok) throw new Error(asked.reason)
  return asked.value
}

function decide({ userCode }: AskedLogin, isApproved: boolean): void {
  const login = undecidedLogin(kept(), userCode)
  if (!login) throw new Error('there is no login')
  decideDeviceLogin(kept(), login, ann, isApproved)
}

const fetched = ({ deviceCode }: AskedLogin) => fetchDeviceLogin(kept(), deviceCode)

test('a login that was approved gives its token once', () => {
  const asked = ask()
  expect(fetched(asked)).toEqual({ state: 'waiting' })
  clock.advance(2_000)
  decide(asked, true)
  expect(fetched(asked)).toMatchObject({
    state: 'approved',
    person: { name: 'ann' },
    made: {
      secret: expect.stringMatching(/^fbr_/),
      record: {
        personId: ann.id,
        label: TOKEN.label,
        limits: TOKEN.limits,
        expiresAt: NOW + 2_000 + 86_400_000,
      },
    },
  })
  expect(fetched(asked)).toEqual({ state: 'unknown' })
})

test('neither of its codes is on disk', () => {
  const asked = ask()
  const login = undecidedLogin(kept(), asked.userCode)
  expect(JSON.stringify(login)).not.toContain(asked.deviceCode)
  expect(JSON.stringify(login)).not.toContain(asked.userCode)
})

test('one that is decided cannot be decided again', () => {
  const asked = ask()
  decide(asked, false)
  expect(undecidedLogin(kept(), asked.userCode)).toBeUndefined()
  expect(fetched(asked)).toEqual({ state: 'denied' })
})

test('after ten minutes it is over, approved or not', () => {
  const [waiting, approved] = [ask(), ask()]
  decide(approved, true)
  clock.advance(DEVICE_LOGIN_MS)
  expect(undecidedLogin(kept(), waiting.userCode)).toBeUndefined()
  expect(fetched(waiting)).toEqual({ state: 'expired' })
  expect(fetched(approved)).toEqual({ state: 'expired' })
  expect(store.accessTokens.ofPerson(ann.id)).toEqual([])
  clock.advance(1)
  ask()
  expect(store.deviceLogins.addresses()).toHaveLength(1)
})

test.each([
  ['disabled', { isEnabled: false }],
  ['gone at the provider', { isGone: true }],
])('who is %s meanwhile gives no token', (_, change) => {
  const asked = ask()
  decide(asked, true)
  store.people.put({ ...ann, ...change })
  expect(fetched(asked)).toEqual({ state: 'denied' })
})

test('who is deleted takes the login along', () => {
  const asked = ask()
  decide(asked, true)
  store.people.remove(ann.id)
  expect(fetched(asked)).toEqual({ state: 'unknown' })
})

test('who has a hundred tokens is told so', () => {
  for (let at = 0; at < 100; at += 1) {
    store.accessTokens.add({
      ...TOKEN,
      personId: ann.id,
      hash: String(at),
      createdAt: NOW,
      expiresAt: NOW + 1_000_000,
    })
  }
  const asked = ask()
  decide(asked, true)
  expect(fetched(asked)).toMatchObject({
    state: 'refused',
    reason: expect.stringContaining('There are 100 tokens'),
  })
})

test('a thousand wait at the same time, twenty of one address', () => {
  for (let at = 0; at < 1_000; at += 1) {
    expect(askDeviceLogin(kept(), TOKEN, `192.0.${Math.floor(at / 20)}.2`).ok).toBe(true)
    if (at === 20) expect(askDeviceLogin(kept(), TOKEN, '192.0.0.2').ok).toBe(false)
  }
  expect(askDeviceLogin(kept(), TOKEN, '192.0.255.2').ok).toBe(false)
})

test('who asks too early waits five seconds longer each time', () => {
  const asked = ask()
  expect(fetched(asked).state).toBe('waiting')
  clock.advance(1_000)
  expect(fetched(asked).state).toBe('early')
  clock.advance(6_000)
  expect(fetched(asked).state).toBe('early')
  clock.advance(12_000)
  expect(fetched(asked).state).toBe('waiting')
})

test('a terminal that does not wait any more takes its login back', () => {
  const asked = ask()
  expect(forgetDeviceLogin(kept(), asked.deviceCode)).toBe(true)
  expect(forgetDeviceLogin(kept(), asked.deviceCode)).toBe(false)
  expect(undecidedLogin(kept(), asked.userCode)).toBeUndefined()
})

test('codes are eight consonants, read as people type them', () => {
  expect(makeUserCode()).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{8}$/)
  for (const typed of ['BCDFGHJK', 'bcdf-ghjk', ' b c d f g h j k ']) {
    expect(readUserCode(typed)).toBe('BCDFGHJK')
  }
  for (const typed of ['', 'BCDF', 'BCDFGHJA', 'BCDFGHJ1', 'BCDFGHJKL', 'x'.repeat(1_000)]) {
    expect(readUserCode(typed)).toBeUndefined()
  }
})
