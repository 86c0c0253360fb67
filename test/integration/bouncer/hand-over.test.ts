// A restart that nobody on the network sees: the holder has the connections, the bouncer goes and comes back.
import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { statSync, writeFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { fetchHistory } from '../../support/bouncer-history.ts'
import {
  type BouncerProcess,
  openBouncerStore,
  startBouncer,
} from '../../support/bouncer-process.ts'
import { createCa } from '../../support/ca.ts'
import { type FakeIrcServer, startFakeIrc } from '../../support/fake-irc-server.ts'
import { type HolderProcess, startHolder } from '../../support/holder-process.ts'
import { launcher } from '../../support/service-process.ts'
import { waitFor } from '../../support/wait-for.ts'

const CAPS = ['server-time', 'message-tags', 'batch', 'draft/chathistory', 'echo-message']

interface Scene {
  server: FakeIrcServer
  holder: HolderProcess
  bouncer: BouncerProcess
}

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]()
})

function keep<T extends AsyncDisposable>(value: T): T {
  open.push(value)
  return value
}

async function begin(env: Record<string, string> = {}): Promise<Scene> {
  const server = keep(await startFakeIrc())
  const holder = keep(await startHolder())
  const bouncer = keep(
    await startBouncer({
      people: [{ name: 'fox', port: server.port, channels: ['#den'] }],
      env: { ...holder.env, ...env },
    }),
  )
  await server.expectLine('JOIN #den')
  return { server, holder, bouncer }
}

/** Commands that would give the restart away. */
const seen = (received: FakeIrcServer['received']) =>
  received
    .map(({ command }) => command)
    .filter((command) => !['PING', 'PONG', 'PRIVMSG'].includes(command))

test('a restart under a flood: the network sees nothing, and every line is stored once, in order', async () => {
  const { server, bouncer } = await begin()
  server.join('#den', 'hare', { modes: 'o' })
  server.topic('#den', 'hare', 'Of foxes and hares')
  const before = await bouncer.client('fox', 'desk', CAPS)
  await before.expect('332 * #den')
  const first = server.received.length
  const flood = server.flood(6_000, {
    target: '#den',
    nick: 'hare',
    text: (index) => `line ${index}`,
    perSecond: 1_500,
  })
  await before.expect(/ :line 1000$/)
  await bouncer.stop()
  expect(before.lines.at(-1)?.raw).toContain('The bouncer restarts')
  await bouncer.start()
  await flood
  const after = await bouncer.client('fox', 'desk', CAPS)
  await after.expect('353 * * #den')
  server.say('#den', 'hare', 'the end')
  await after.expect(/PRIVMSG #den :the end$/)
  const history = await fetchHistory(after, '#den')
  const texts = history.filter(({ nick }) => nick === 'hare').map(({ params }) => params[1])
  expect(texts.filter((text) => text?.startsWith('line'))).toEqual(
    Array.from({ length: 6_000 }, (_, index) => `line ${index}`),
  )
  expect(history.filter(({ params }) => params[1]?.startsWith('No lines'))).toEqual([])
  // AWAY, too, would be seen.
  expect(seen(server.received.slice(first))).toEqual([])
  expect(server.accepted).toHaveLength(1)
})

test('clients find nick, members, topic, modes and account as they were, and talk on', async () => {
  const { server, bouncer } = await begin()
  server.join('#den', 'hare', { modes: 'o' })
  server.topic('#den', 'hare', 'Of foxes and hares')
  server.mode('#den', 'fox', '+omk', 'hare', 'burrow')
  const before = await bouncer.client('fox', 'desk', CAPS)
  before.send('NICK vixen', 'MODE vixen +i')
  await before.expect('NICK vixen')
  await before.expect('MODE vixen')
  const welcome = before.lines.filter(({ command }) => /^00[2-5]$/.test(command))
  await bouncer.stop()
  server.nick('hare', 'rabbit')
  server.join('#den', 'mole')
  server.say('#den', 'rabbit', 'while you were away')
  server.say('vixen', 'mole', 'psst')
  server.raw('PING :are-you-there', 'vixen')
  await server.expectLine('PONG are-you-there')
  await bouncer.start()
  const after = await bouncer.client('fox', 'desk', CAPS)
  await after.expect('221 vixen +i')
  expect((await after.expect('332 * #den')).params.at(-1)).toBe('Of foxes and hares')
  const names = await after.expect('353 * * #den')
  expect(names.params.at(-1)?.split(' ').sort()).toEqual(['@rabbit', '@vixen', 'mole'])
  expect(after.lines.filter(({ command }) => /^00[2-5]$/.test(command)).length).toBe(welcome.length)
  after.send('MODE #den')
  expect((await after.expect('324')).params[2]).toContain('m')
  expect((await fetchHistory(after, '#den')).map(({ params }) => params.at(-1))).toContain(
    'while you were away',
  )
  expect((await fetchHistory(after, 'mole')).map(({ params }) => params.at(-1))).toEqual(['psst'])
  after.send('PRIVMSG #den :back')
  await server.expectLine('PRIVMSG #den back')
  await after.expect('PRIVMSG #den back')
  expect(server.accepted).toHaveLength(1)
})

test('what is said is stored with the time of its arrival, and lines that waited are sent', async () => {
  const { server, bouncer } = await begin()
  server.settings.hasTimes = false
  const before = await bouncer.client('fox', 'desk', CAPS)
  // More than the flood control lets through at once.
  const owns = Array.from({ length: 7 }, (_, index) => `own ${index}`)
  before.send(...owns.map((text) => `PRIVMSG #den :${text}`))
  await before.expect(/own 1$/)
  await bouncer.stop()
  const saidAt = Date.now()
  server.say('#den', 'hare', 'early')
  server.raw('PING :x')
  await server.expectLine('PONG x')
  const keptAt = Date.now()
  await bouncer.start()
  await server.expectLine(/own 6$/, { timeoutMs: 20_000 })
  await bouncer.stop()
  const store = openBouncerStore(bouncer)
  const lines = store.messages.afterId(store.networks.all()[0]?.id ?? 0, 0, 1_000)
  store.close()
  const early = lines.find(({ text }) => text === 'early')
  expect(early?.time).toBeGreaterThanOrEqual(saidAt)
  expect(early?.time).toBeLessThanOrEqual(keptAt)
  const own = server.received.filter(({ command }) => command === 'PRIVMSG')
  expect(own.map(({ params }) => params[1])).toEqual(owns)
})

test('a bouncer that is killed is left by the holder: the network sees QUIT, and it connects anew', async () => {
  const { server, bouncer } = await begin()
  const heard = await bouncer.client('fox', 'desk', CAPS)
  await heard.expect('353 * * #den')
  await bouncer.kill()
  await server.expectLine('QUIT')
  await bouncer.start()
  await server.expectLine('JOIN #den')
  const client = await bouncer.client('fox', 'desk', CAPS)
  await client.expect('353 * * #den')
  const history = await fetchHistory(client, '#den')
  expect(history.filter(({ params }) => params[1]?.includes('was killed'))).toHaveLength(1)
})

test('when the holder is killed the bouncer says what is wrong, and connects through the next one', async () => {
  const { server, holder, bouncer } = await begin()
  const client = await bouncer.client('fox', 'desk', CAPS)
  await holder.kill()
  await client.expect(/NOTICE \S+ :Disconnected from den: .*holder/)
  await client.expect(/NOTICE \S+ :Cannot connect to den: no holder answers at .*bouncer hold/, {
    timeoutMs: 20_000,
  })
  await holder.start()
  await client.expect(/NOTICE \S+ :Connected to den again/, { timeoutMs: 25_000 })
  await server.expectLine('JOIN #den')
  expect(server.accepted).toHaveLength(2)
})

test('a network that is removed or disabled meanwhile is left', async () => {
  const { server, bouncer } = await begin()
  await bouncer.stop()
  const store = openBouncerStore(bouncer)
  const [network] = store.networks.all()
  if (network) store.networks.put({ ...network, isEnabled: false })
  store.close()
  await bouncer.start()
  await server.expectLine('QUIT')
  await waitFor(() => server.connections.length === 0, { what: 'the end' })
  expect(server.accepted).toHaveLength(1)
})

test('other settings make a new connection, and another nick or channel does not', async () => {
  const { server, bouncer } = await begin()
  const change = (fields: object) => {
    const store = openBouncerStore(bouncer)
    const [network] = store.networks.all()
    if (network) store.networks.put({ ...network, ...fields })
    store.close()
  }
  await bouncer.stop()
  change({ nick: 'vixen' })
  await bouncer.start()
  await server.expectLine('NICK vixen')
  expect(server.accepted).toHaveLength(1)
  await bouncer.stop()
  change({ realname: 'Somebody else' })
  await bouncer.start()
  await server.expectLine('QUIT')
  await server.expectLine('USER')
  await server.expectLine('JOIN #den')
  expect(server.accepted).toHaveLength(2)
})

test('when nobody comes back in time, the network is told the quit message', async () => {
  const { server, holder, bouncer } = await begin({
    FUCHSBAU_BOUNCER_HOLD_FOR: '1s',
    FUCHSBAU_BOUNCER_QUIT_MESSAGE: 'gone to ground',
  })
  await bouncer.stop()
  expect((await server.expectLine('QUIT')).params).toEqual(['gone to ground'])
  await expect.poll(() => holder.log()).toContain('no bouncer has come back in time')
  await bouncer.start()
  await server.expectLine('JOIN #den')
  const client = await bouncer.client('fox', 'desk', CAPS)
  await client.expect('353 * * #den')
  const gaps = (await fetchHistory(client, '#den')).filter(({ params }) =>
    params[1]?.startsWith('No lines'),
  )
  expect(gaps.map(({ params }) => params[1])).toEqual([
    expect.stringContaining('the bouncer was stopped'),
  ])
})

test('the network that closes the connection meanwhile is heard to its end', async () => {
  const { server, bouncer } = await begin()
  await bouncer.stop()
  server.say('#den', 'hare', 'last words')
  server.kill('fox', 'Too furry')
  await waitFor(() => server.connections.length === 0, { what: 'the end' })
  await bouncer.start()
  await server.expectLine('JOIN #den', { timeoutMs: 20_000 })
  const client = await bouncer.client('fox', 'desk', CAPS)
  await client.expect('353 * * #den')
  const texts = (await fetchHistory(client, '#den')).map(({ params }) => params[1] ?? '')
  expect(texts).toContain('last words')
  expect(texts.filter((text) => text.includes('Too furry'))).toHaveLength(1)
})

test('more than the holder keeps ends the connection, and what was kept is not lost', async () => {
  const { server, bouncer } = await begin()
  await bouncer.stop()
  await server.flood(20_000, {
    target: '#den',
    nick: 'hare',
    text: (index) => `line ${index} ${'x'.repeat(300)}`,
  })
  await server.expectLine('QUIT')
  await bouncer.start()
  await server.expectLine('JOIN #den', { timeoutMs: 20_000 })
  const client = await bouncer.client('fox', 'desk', CAPS)
  await client.expect('353 * * #den')
  const texts = (await fetchHistory(client, '#den')).flatMap(({ params }) =>
    params[1]?.startsWith('line ') ? [Number(params[1].split(' ')[1])] : [],
  )
  expect(texts.length).toBeGreaterThan(9_000)
  expect(texts).toEqual(texts.map((_, index) => index))
})

test('the holder’s socket is private, a second holder is refused, and a stale socket is replaced', async () => {
  const holder = keep(await startHolder())
  expect(statSync(holder.path).mode & 0o777).toBe(0o600)
  const child = spawnSync(process.execPath, [launcher, 'bouncer', 'hold'], {
    env: { ...process.env, NODE_OPTIONS: '', ...holder.env },
    encoding: 'utf8',
  })
  expect(child.status).toBe(1)
  expect(child.stderr).toContain('Another holder listens')
  await holder.kill()
  await holder.start()
  await holder.stop()
  writeFileSync(holder.path, 'not a socket')
  await expect(holder.start()).rejects.toThrow(/something else of this name/)
})

test('SIGTERM of the holder says QUIT on every network', async () => {
  const { server, holder } = await begin({ FUCHSBAU_BOUNCER_QUIT_MESSAGE: 'not this one' })
  await holder.stop()
  expect((await server.expectLine('QUIT')).params).toEqual(['The bouncer is stopped'])
})

test('TLS with a pinned certificate survives, and another certificate is refused with its fingerprint', async () => {
  await using ca = await createCa()
  const certificate = await ca.issue('127.0.0.1')
  const server = keep(await startFakeIrc({ tls: certificate }))
  const holder = keep(await startHolder())
  const bouncer = keep(
    await startBouncer({ people: [{ name: 'fox', port: server.port }], env: holder.env }),
  )
  const client = await bouncer.client('fox', 'desk', CAPS)
  // Asked for without TLS, it says nothing.
  await bouncer.stop()
  const store = openBouncerStore(bouncer)
  const [network] = store.networks.all()
  const fingerprint = new X509Certificate(certificate.cert).fingerprint256
  if (network) store.networks.put({ ...network, transport: 'tls', fingerprint })
  store.close()
  await client.closed
  await bouncer.start()
  await server.expectLine('USER')
  const again = await bouncer.client('fox', 'desk', CAPS)
  again.send('JOIN #den')
  await again.expect('366 * #den')
  await bouncer.stop()
  await bouncer.start()
  server.say('#den', 'hare', 'hello')
  const back = await bouncer.client('fox', 'desk', CAPS)
  await back.expect('366 * #den')
  const users = server.received.filter(({ command }) => command === 'USER')
  expect(users).toHaveLength(1)
  const other = await ca.issue('127.0.0.1', 'other.test')
  server.setCertificate(other)
  server.kill('fox', 'Renewed')
  const shown = new X509Certificate(other.cert).fingerprint256.replaceAll(':', '').toLowerCase()
  await back.expect(new RegExp(`Cannot connect to den: .*not the pinned one; it shows ${shown}`), {
    timeoutMs: 15_000,
  })
})
