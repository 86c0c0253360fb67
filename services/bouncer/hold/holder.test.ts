// The holder at its door: whoever speaks otherwise is shown out, and the words of a failure reach the bouncer as they are.
import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { systemClock } from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createCa } from '../../../test/support/ca.ts'
import { freePorts } from '../../../test/support/daemon.ts'
import { type FakeIrcServer, startFakeIrc } from '../../../test/support/fake-irc-server.ts'
import { makeTempData, removeTempData } from '../../../test/support/temp-data.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { networkRecord } from '../bouncer.fixture.ts'
import { ConnectionRefused } from '../upstream/ending.ts'
import type { SocketOptions } from '../upstream/socket.ts'
import { frame } from './frames.ts'
import { type Holder, startHolder } from './holder.ts'
import { HolderClient } from './holder-client.ts'
import { control } from './messages.ts'

const never = new AbortController().signal
let directory: string
let path: string
let holder: Holder
let client: HolderClient
let server: FakeIrcServer
beforeEach(async () => {
  directory = makeTempData('holder')
  path = join(directory, 'holder.sock')
  const clock = systemClock()
  holder = await startHolder({ path, quitMessage: 'gone', clock, log: silentLog() })
  client = new HolderClient(path)
  server = await startFakeIrc()
})
afterEach(async () => {
  await holder.close()
  await server.stop()
  removeTempData(directory)
})

const options = (change: Partial<SocketOptions> = {}): SocketOptions => ({
  ...networkRecord(server.port),
  bindAddress: '',
  ...change,
})

/** Resolves when the holder has closed the connection on which this was said. */
async function isShownOut(...said: Buffer[]): Promise<true> {
  const socket = createConnection({ path })
  socket.on('error', () => {})
  socket.resume()
  for (const bytes of said) socket.write(bytes)
  await once(socket, 'close')
  return true
}

test('what is no request ends its connection, and no other', async () => {
  const held = await client.open('a-1', options(), never)
  const request = { do: 'open', v: 1, key: 'a-2', options: options() } as const
  expect(await isShownOut(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toBe(true)
  expect(await isShownOut(Buffer.from([67, 255, 255, 255, 255]))).toBe(true)
  expect(await isShownOut(frame('data', Buffer.from('QUIT\r\n')))).toBe(true)
  expect(await isShownOut(frame('control', Buffer.from('{"do":"open"}')))).toBe(true)
  expect(await isShownOut(control({ do: 'pause' }))).toBe(true)
  expect(await isShownOut(control(request), control(request))).toBe(true)
  held.write('NICK hare\r\nUSER hare 0 * :Hare\r\n')
  await server.expectLine('NICK hare')
  held.destroy()
})

test('another version of the protocol is refused with what to do', async () => {
  const socket = createConnection({ path })
  socket.write(control({ do: 'resume', v: 2, key: 'a-1' }))
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  expect(bytes.toString()).toContain('restart the holder')
  socket.destroy()
})

test('a failure has the words and the kind that it has without a holder', async () => {
  const [port = 0] = await freePorts(1)
  await expect(client.open('a-1', options({ port }), never)).rejects.toThrow(
    'the server refuses connections',
  )
  await using ca = await createCa()
  await using secure = await startFakeIrc({ tls: await ca.issue('127.0.0.1') })
  const tls = { port: secure.port, transport: 'tls' } as const
  const failure = await client.open('a-1', options(tls), never).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(ConnectionRefused)
  expect(failure).toMatchObject({
    kind: 'certificate',
    message: expect.stringMatching(/pin its fingerprint/),
  })
})

test('an attempt that is given up leaves nothing behind', async () => {
  const abort = new AbortController()
  // It accepts, and never speaks TLS.
  const silent = createServer()
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const opening = client.open('a-1', options({ port, transport: 'tls' }), abort.signal)
  const [socket] = (await once(silent, 'connection')) as [Socket]
  const closed = once(socket.resume(), 'close')
  abort.abort()
  await expect(opening).rejects.toThrow()
  expect(await closed).toBeDefined()
  silent.close()
})

test('bytes go through both ways as they are, however many and however slowly they are read', async () => {
  const held = await client.open('a-1', options(), never)
  held.write('NICK hare\r\nUSER hare 0 * :Hare\r\n')
  await server.expectLine('USER')
  held.pause()
  const flood = server.flood(50_000, { target: 'hare', nick: 'mole' })
  const lines: string[] = []
  let rest = ''
  held.on('data', (bytes: Buffer) => {
    const parts = (rest + bytes.toString()).split('\r\n')
    rest = parts.pop() ?? ''
    for (const part of parts) if (part.includes(' PRIVMSG hare :line ')) lines.push(part)
  })
  held.resume()
  await flood
  await waitFor(() => lines.length === 50_000, { what: 'all lines' })
  expect(lines.at(-1)).toContain('line 49999')
  held.destroy()
})

test('a network that closes the connection is told behind its last byte, with why', async () => {
  const held = await client.open('a-1', options(), never)
  held.write('NICK hare\r\nUSER hare 0 * :Hare\r\n')
  await server.expectLine('USER')
  let heard = ''
  held.on('data', (bytes) => {
    heard += bytes
  })
  server.kill('hare', 'begone')
  await once(held, 'close')
  expect(heard).toContain('begone')
})

test('opening under a key that is kept leaves what was kept', async () => {
  const held = await client.open('a-1', options(), never)
  held.write('NICK hare\r\nUSER hare 0 * :Hare\r\n')
  await server.expectLine('USER')
  const request = { do: 'keep', ms: 60_000, message: 'left', partial: '' } as const
  await held.ask({ do: 'pause' }, ['paused'])
  await held.keep(Buffer.from('{}'), request)
  held.letGo()
  const other = await client.open('a-1', options(), never)
  expect((await server.expectLine('QUIT')).params).toEqual(['left'])
  expect(await client.resume('a-1')).toBeUndefined()
  other.destroy()
})
