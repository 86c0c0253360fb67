import { expect, test } from 'vitest'
import { Admission } from './admission.ts'

test('so many strangers of one address are let in, and one more for each that is none any more', () => {
  const admission = new Admission(2)
  const leave = admission.enter('192.0.2.1')
  expect(admission.enter('192.0.2.1')).toBeDefined()
  expect(admission.enter('192.0.2.1')).toBeUndefined()
  expect(admission.enter('192.0.2.2')).toBeDefined()
  leave?.()
  leave?.()
  expect(admission.enter('192.0.2.1')).toBeDefined()
  expect(admission.enter('192.0.2.1')).toBeUndefined()
})

test('all of an IPv6 /64 is one address', () => {
  const admission = new Admission(1)
  expect(admission.enter('2001:db8::1')).toBeDefined()
  expect(admission.enter('2001:db8::ffff:1')).toBeUndefined()
  expect(admission.enter('2001:db8:0:1::1')).toBeDefined()
})

test('of all addresses together 2,000 are let in', () => {
  const admission = new Admission(10)
  const entered = Array.from({ length: 2_100 }, (_, at) =>
    admission.enter(`10.0.${at >> 8}.${at & 255}`),
  )
  expect(entered.filter((leave) => leave !== undefined)).toHaveLength(2_000)
})
