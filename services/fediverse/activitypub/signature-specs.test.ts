import { settableClock } from '@fuchsbau/shared/clock.ts'
import { expect, test } from 'vitest'
import { SignatureSpecs } from './signature-specs.ts'

test('an unknown host gets cavage first, then RFC 9421', () => {
  const specs = new SignatureSpecs(settableClock())
  expect(specs.order('a.example')).toEqual(['cavage', 'rfc9421'])
})

test('what a host took is tried first from then on', () => {
  const specs = new SignatureSpecs(settableClock())
  specs.accepted('a.example', 'rfc9421')
  expect(specs.order('a.example')).toEqual(['rfc9421', 'cavage'])
  expect(specs.order('b.example')).toEqual(['cavage', 'rfc9421'])
  specs.accepted('a.example', 'cavage')
  expect(specs.order('a.example')).toEqual(['cavage', 'rfc9421'])
})

test('a host that refused both is knocked at once for an hour', () => {
  const clock = settableClock()
  const specs = new SignatureSpecs(clock)
  specs.accepted('a.example', 'rfc9421')
  specs.refusedBoth('a.example')
  expect(specs.order('a.example')).toEqual(['rfc9421'])
  clock.advance(3_600_000)
  expect(specs.order('a.example')).toEqual(['rfc9421', 'cavage'])
  specs.refusedBoth('a.example')
  specs.accepted('a.example', 'rfc9421')
  expect(specs.order('a.example')).toEqual(['rfc9421', 'cavage'])
})

test('the host not asked for longest is forgotten', () => {
  const specs = new SignatureSpecs(settableClock(), 2)
  specs.accepted('a.example', 'rfc9421')
  specs.accepted('b.example', 'rfc9421')
  specs.order('a.example')
  specs.accepted('c.example', 'rfc9421')
  expect(specs.order('a.example')[0]).toBe('rfc9421')
  expect(specs.order('b.example')[0]).toBe('cavage')
})
