// Connections are judged by the address that a name has at that moment, not by the name.
import { createServer } from 'node:http'
import type { LookupFunction } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createAgent, guardedLookup, PrivateAddressError, type Resolve } from './agent.ts'

const loopback = { address: '127.0.0.1', family: 4 }
const metadata = { address: '169.254.169.254', family: 4 }
const mapped = { address: '::ffff:127.0.0.1', family: 6 }
const outside = { address: '1.1.1.1', family: 4 }

function look(lookup: LookupFunction, options: { all: boolean }) {
  return new Promise((resolve) => {
    lookup('name.example', options, (error, ...answer) => resolve(error ?? answer))
  })
}

describe('the look-up', () => {
  const guarded = (...addresses: { address: string; family: number }[]) => {
    return guardedLookup(async () => addresses, false)
  }

  test('passes on public addresses', async () => {
    expect(await look(guarded(outside), { all: false })).toEqual(['1.1.1.1', 4])
    expect(await look(guarded(outside), { all: true })).toEqual([[outside]])
  })

  test('leaves private ones out of a mixed answer', async () => {
    expect(await look(guarded(loopback, outside, mapped), { all: true })).toEqual([[outside]])
    expect(await look(guarded(metadata, outside), { all: false })).toEqual(['1.1.1.1', 4])
  })

  test('fails when no address is public, or there is none', async () => {
    for (const addresses of [[loopback], [metadata], [mapped], []]) {
      const answer = await look(guarded(...addresses), { all: true })
      expect(answer).toBeInstanceOf(PrivateAddressError)
    }
  })

  test('fails as the resolver does', async () => {
    const error = new Error('queryA ETIMEOUT name.example')
    const lookup = guardedLookup(() => Promise.reject(error), false)
    expect(await look(lookup, { all: true })).toBe(error)
  })
})

describe('the agent', () => {
  const close: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of close.splice(0)) await end()
  })

  async function listen() {
    let connections = 0
    const server = createServer((_, response) => response.end('secret'))
    server.on('connection', () => {
      connections += 1
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    close.push(() => server.close())
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    return { port, connections: () => connections }
  }

  async function get(origin: string, options: { allow?: boolean; resolve?: Resolve }) {
    const { allow = false, resolve } = options
    const agent = createAgent({ allowPrivateAddress: allow, resolve })
    close.push(() => agent.destroy())
    try {
      const { body } = await agent.request({ origin, path: '/', method: 'GET' })
      return await body.text()
    } catch (error) {
      return error
    }
  }

  test.each(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0'])(
    'opens no connection to %s, whoever asks',
    async (host) => {
      const { port, connections } = await listen()
      expect(await get(`http://${host}:${port}`, {})).toMatchObject({ code: 'EPRIVATE' })
      expect(connections()).toBe(0)
    },
  )

  test('opens none to a name that has become private: DNS rebinding', async () => {
    const { port, connections } = await listen()
    const resolve: Resolve = async () => [loopback]
    const origin = `http://rebound.example:${port}`
    expect(await get(origin, { resolve })).toMatchObject({ code: 'EPRIVATE' })
    expect(connections()).toBe(0)
  })

  test('opens none to localhost by its name', async () => {
    const { port, connections } = await listen()
    const answer = await get(`http://localhost:${port}`, {})
    expect(answer).toMatchObject({ code: 'EPRIVATE' })
    expect(connections()).toBe(0)
  })

  test('opens them all under the test setting', async () => {
    const { port } = await listen()
    const resolve: Resolve = async () => [loopback]
    expect(await get(`http://127.0.0.1:${port}`, { allow: true })).toBe('secret')
    expect(await get(`http://peer.example:${port}`, { allow: true, resolve })).toBe('secret')
  })
})
