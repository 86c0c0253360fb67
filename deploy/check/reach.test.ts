import { describe, expect, test } from 'vitest'
import { Reach, readRule } from './reach.ts'

describe('a rule of --resolve', () => {
  test.each([
    ['oci.den.example=192.0.2.1', 'oci.den.example', undefined, '192.0.2.1', undefined],
    ['*=192.0.2.1', '*', undefined, '192.0.2.1', undefined],
    ['oci.den.example:443=192.0.2.1:8443', 'oci.den.example', 443, '192.0.2.1', 8443],
    ['oci.den.example=[2001:db8::1]:8443', 'oci.den.example', undefined, '2001:db8::1', 8443],
  ])('%s', (text, name, port, address, toPort) => {
    expect(readRule(text)).toEqual({ name, port, address, toPort })
  })

  test.each([
    '',
    'oci.den.example',
    '=192.0.2.1',
    'a=b',
    'a=192.0.2.256',
    'a=192.0.2.1:x',
    'a=::1',
  ])('%j is none', (text) => {
    expect(readRule(text)).toBeUndefined()
  })

  test('of one port leaves the others as DNS has them', async () => {
    const rules = ['*=192.0.2.1', 'a.invalid:443=192.0.2.2', 'a.invalid=192.0.2.3'].flatMap(
      (text) => readRule(text) ?? [],
    )
    const find = async (...some: typeof rules) =>
      await new Reach({
        rules: some,
        resolver: '127.0.0.1:9',
        authorities: [],
        areas: new Set(),
        signal: AbortSignal.timeout(20_000),
      }).find('a.invalid')
    expect(await find(...rules)).toMatchObject({ addresses: ['192.0.2.3'], isTold: true })
    expect(await find(...rules.slice(0, 2))).toMatchObject({ addresses: ['192.0.2.1'] })
    expect(await find(...rules.slice(1, 2))).toMatchObject({ addresses: ['192.0.2.2'] })
    expect(await find()).toMatchObject({ ok: false, kind: 'name' })
  })
})
