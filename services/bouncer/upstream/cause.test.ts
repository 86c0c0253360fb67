import { expect, test } from 'vitest'
import { Cause } from './cause.ts'
import { ConnectionRefused } from './ending.ts'

const CLOSED = { isOpen: false, isRegistered: false }
const OPEN = { isOpen: true, isRegistered: false }
const REGISTERED = { isOpen: true, isRegistered: true }

test('with no word from anybody, how far it had come tells what it was', () => {
  const cause = new Cause()
  const reason = 'the network closed the connection'
  expect(cause.ending(undefined, CLOSED)).toEqual({ reason, kind: 'unreachable' })
  expect(cause.ending(undefined, OPEN)).toEqual({ reason, kind: 'refused' })
  expect(cause.ending(new Error('reset'), REGISTERED)).toEqual({ reason: 'reset', kind: 'lost' })
  const refused = new ConnectionRefused('not trusted', 'certificate')
  expect(cause.ending(refused, CLOSED)).toEqual({ reason: 'not trusted', kind: 'certificate' })
})

test('the first word of the network counts, and a kind that comes later is still taken', () => {
  const cause = new Cause()
  cause.note('closing link')
  cause.note('you are banned')
  cause.note('too many connections')
  expect(cause.ending(new Error('reset'), REGISTERED)).toEqual({
    reason: 'closing link',
    kind: 'banned',
  })
})

test('what we end it for stands against what the network says before and after', () => {
  const cause = new Cause()
  cause.note('you are banned')
  cause.set('the network was silent')
  cause.note('closing link')
  expect(cause.ending(undefined, REGISTERED)).toEqual({
    reason: 'the network was silent',
    kind: 'lost',
  })
})
