import { describe, expect, test } from 'vitest'
import { addressList, isLoopback } from './address-list.ts'

describe('a list of addresses', () => {
  test('has addresses, networks and the names that Fastify knows', () => {
    const list = addressList(['192.0.2.1', '10.0.0.0/8', 'fd00::/8', 'loopback'])
    const isIn = (address: string) => list?.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
    expect(['192.0.2.1', '10.9.8.7', 'fd12::1', '127.0.0.3', '::1'].map(isIn)).not.toContain(false)
    expect(['192.0.2.2', '11.0.0.1', 'fe80::1'].map(isIn)).not.toContain(true)
  })

  test.each(['example.org', '10.0.0.0/33', '10.0.0.0/8/8', '1.2.3', '::1/129', '10.0.0.0/'])(
    'is none with %j in it',
    (entry) => {
      expect(addressList(['127.0.0.1', entry])).toBeUndefined()
    },
  )
})

test('a loopback address is one that only this machine reaches', () => {
  expect(['127.0.0.1', '127.8.8.8', '::1', 'localhost'].map(isLoopback)).not.toContain(false)
  const others = ['0.0.0.0', '::', '192.168.0.1', 'irc.example.org', '']
  expect(others.map(isLoopback)).not.toContain(true)
})
