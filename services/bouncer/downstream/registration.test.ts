// The deadlines of a client that says nothing, with a wire of the test's own.
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import { hashPassword } from '@fuchsbau/shared/password.ts'
import { expect, test, vi } from 'vitest'
import { waitFor } from '../../../test/support/wait-for.ts'
import { Bouncer } from '../bouncer.ts'
import { OPERATOR } from '../manage/authority.ts'
import { updateUser } from '../manage/users.ts'
import { addUser, NOON, testStore } from '../store/store.fixture.ts'
import { Intake } from './intake.ts'
import { Keepalive } from './keepalive.ts'
import type { Wire } from './socket.ts'

/** A client that is connected to a bouncer of the user `alice`, by strings. */
async function connected(password = 'secret') {
  const { store } = testStore()
  const alice = addUser(store)
  store.users.put({ ...alice, password: await hashPassword(password) })
  const clock = settableClock(NOON)
  const metrics = createMetrics()
  const bouncer = new Bouncer({ store, clock, log: silentLog(), metrics, serverName: 'x.test' })
  let said = ''
  let isEnded = false
  let pauses = 0
  const wire: Wire = {
    address: '192.0.2.1',
    fingerprint: undefined,
    isSecure: true,
    unsent: 0,
    write: (text) => {
      said += text
    },
    end: () => {
      isEnded = true
    },
    destroy: () => {},
    pause: () => {
      pauses += 1
    },
    resume: () => {},
    admitted: () => {},
  }
  const downstream = bouncer.accept(wire)
  const intake = new Intake(downstream)
  const keepalive = new Keepalive(downstream)
  return {
    bouncer,
    clock,
    downstream,
    isEnded: () => isEnded,
    pauses: () => pauses,
    said: () => {
      store.commitTurn()
      return said
    },
    send(...lines: string[]) {
      keepalive.heard()
      intake.take(Buffer.from(lines.map((line) => `${line}\r\n`).join('')))
    },
  }
}

const LOGIN = ['PASS alice:secret', 'NICK fox', 'USER x 0 * :x']

test('who has not logged in after a minute is told and left', async () => {
  const client = await connected()
  client.clock.advance(59_000)
  client.send('PING a')
  expect(client.said()).toBe(':x.test PONG x.test a\r\n')
  expect(client.isEnded()).toBe(false)
  client.clock.advance(1_000)
  expect(client.said()).toContain('ERROR :the registration was not finished in time\r\n')
  expect(client.isEnded()).toBe(true)
})

test('a password with spaces is taken with and without a colon before it', async () => {
  for (const line of ['PASS :alice:my own secret', 'PASS alice:my own secret']) {
    const client = await connected('my own secret')
    client.send(line, 'NICK fox', 'USER x 0 * :x')
    await waitFor(() => / (001|464) /.test(client.said()), { what: 'an answer' })
    expect(client.said()).toContain(' 001 fox ')
  }
})

test('METADATA before the welcome is an unknown command, which senpai overlooks', async () => {
  const client = await connected()
  client.send('METADATA * SUB soju.im/pinned', 'PRIVMSG hare :x')
  expect(client.said()).toContain(' 421 * METADATA :Unknown command\r\n')
  expect(client.said()).toContain(' 451 * :You have not registered\r\n')
})

test('a client that is silent is asked, and left when it does not answer', async () => {
  const client = await connected()
  client.send(...LOGIN)
  await waitFor(() => client.said().includes(' 001 '), { what: 'the welcome' })
  client.clock.advance(119_000)
  expect(client.said()).not.toContain('PING fuchs')
  client.clock.advance(1_000)
  expect(client.said()).toContain('PING fuchsbau-alive\r\n')
  client.send('PONG fuchsbau-alive')
  client.clock.advance(120_000)
  expect(client.isEnded()).toBe(false)
  client.clock.advance(120_000)
  expect(client.said()).toMatch(/ERROR :nothing was heard of this client\r\n$/)
  expect(client.isEnded()).toBe(true)
})

test('lines are taken 50 in a turn, 5,000 in a row, and then 500 a second', async () => {
  const client = await connected()
  client.send(...Array.from({ length: 6_000 }, (_, at) => `PING ${at}`))
  const answered = () => client.said().split('PONG').length - 1
  expect(answered()).toBe(50)
  expect(client.pauses()).toBe(1)
  for (let turn = 0; turn < 100; turn += 1) client.clock.advance(0)
  expect(answered()).toBe(5_000)
  client.clock.advance(1_000)
  expect(answered()).toBeGreaterThan(5_400)
  expect(answered()).toBeLessThan(5_600)
  client.clock.advance(2_000)
  expect(answered()).toBe(6_000)
})

test('who is disabled between the login and the welcome does not come in', async () => {
  const client = await connected()
  const plain = Buffer.from('\0alice\0secret').toString('base64')
  client.send('CAP REQ sasl', 'AUTHENTICATE PLAIN', `AUTHENTICATE ${plain}`)
  await waitFor(() => client.said().includes(' 903 '), { what: 'the login' })
  const alice = client.bouncer.userNamed('alice')
  if (!alice) throw new Error('no user')
  expect(updateUser(OPERATOR, alice, { isEnabled: false })).toEqual({ ok: true })
  client.send('NICK fox', 'USER x 0 * :x', 'CAP END')
  expect(client.said()).toMatch(/ 464 .*disabled/)
  expect(client.said()).not.toContain(' 001 ')
  expect(client.isEnded()).toBe(true)
})

test('requests that take long are done one in a turn, and in the long run in a quarter of the time', async () => {
  const client = await connected()
  client.send(...LOGIN)
  await waitFor(() => client.said().includes(' 001 '), { what: 'the welcome' })
  const { clock, downstream } = client
  let workMs = 0
  vi.spyOn(downstream, 'receive').mockImplementation(() => {
    clock.set(clock.now() + 100)
    workMs += 100
  })
  const begun = clock.now()
  client.send(...Array.from({ length: 1_000 }, () => 'SEARCH text=a'))
  expect(workMs).toBe(100)
  while (clock.now() < begun + 60_000) clock.advance(10)
  expect(workMs).toBeGreaterThan(10_000)
  expect(workMs).toBeLessThan(18_000)
})

test('what is no fault of the password is told by ERROR alone: clients that hear 464 or 904 ask for another, or give up', async () => {
  const plain = Buffer.from('\0alice\0secret').toString('base64')
  const bySasl = ['CAP REQ sasl', 'AUTHENTICATE PLAIN', `AUTHENTICATE ${plain}`]
  for (const lines of [LOGIN, bySasl]) {
    const client = await connected()
    vi.spyOn(client.bouncer.store.audit, 'add').mockImplementation(() => {
      throw new StoreUnavailable('the disk is full')
    })
    client.send(...lines)
    await waitFor(() => client.isEnded(), { what: 'the end' })
    expect(client.said()).toContain('ERROR :The bouncer cannot store anything now')
    expect(client.said()).not.toMatch(/ (464|904) /)
  }
  const late = await connected()
  late.send(...bySasl)
  await waitFor(() => late.said().includes(' 903 '), { what: 'the login' })
  await late.bouncer.close('the test is over')
  late.send('NICK fox', 'USER x 0 * :x', 'CAP END')
  expect(late.said()).toMatch(/ERROR :/)
  expect(late.said()).not.toContain(' 464 ')
})
