// Starting and stopping: `npm start` as a newcomer does it, with both services and one password; a port that is taken; wrong
// settings; SIGTERM; and what the management port tells.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import manifest from '../../../package.json' with { type: 'json' }
import { LAYOUT } from '../../../services/bouncer/store/layout.ts'
import { startBouncer } from '../../support/bouncer-process.ts'
import { startFakeIrc } from '../../support/fake-irc-server.ts'
import { connect } from '../../support/irc-client.ts'
import { makeTempData, removeTempData } from '../../support/temp-data.ts'
import { waitFor } from '../../support/wait-for.ts'

const root = join(import.meta.dirname, '../../..')
const [, launcher = '', up = ''] = manifest.scripts.start.split(' ')
const children = new Set<ChildProcess>()
const folder = makeTempData('bouncer-newcomer')

afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  removeTempData(folder)
})

const free = {
  FUCHSBAU_FEDIVERSE_LISTEN: '127.0.0.1:0',
  FUCHSBAU_MANAGEMENT_LISTEN: '127.0.0.1:0',
  FUCHSBAU_BOUNCER_LISTEN: '127.0.0.1:0',
  FUCHSBAU_BOUNCER_WEB_LISTEN: '127.0.0.1:0',
}

function run(args: string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, [join(root, launcher), ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', ...free, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

/** `npm start`, until it is ready. */
async function start(env: Record<string, string> = {}) {
  const child = run([up], env)
  let output = ''
  child.stdout?.on('data', (bytes) => {
    output += bytes
  })
  await waitFor(() => output.includes('"msg":"ready"'), {
    what: 'npm start',
    timeoutMs: 30_000,
    context: () => output,
  })
  const port = Number(/"tls":"127\.0\.0\.1:(\d+)"/.exec(output)?.[1])
  return { child, port, output }
}

async function fails(args: string[], env: Record<string, string>) {
  const child = run(args, env)
  const [out, err, [code]] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    once(child, 'close') as Promise<[number]>,
  ])
  return { out, err, code }
}

describe('npm start', () => {
  let first: Awaited<ReturnType<typeof start>>
  let password: string

  beforeAll(async () => {
    first = await start()
    password = /first password: (\S+) {2}\(shown once\)/.exec(first.output)?.[1] ?? ''
  })

  test('says what to type into a client, and shows one password for both services', () => {
    const lines = first.output.split('\n')
    expect(lines.filter((line) => line.includes(password))).toHaveLength(1)
    const { port } = first
    expect(lines).toEqual(
      expect.arrayContaining([
        'First login: http://localhost:3000/login  user you',
        `First IRC login: server 127.0.0.1, port ${port}, TLS; user you with that password (SASL)`,
        expect.stringMatching(/^ {2}IRC certificate \(SHA-256\): (?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/),
      ]),
    )
  })

  test('lets in who types that, and a network is one command away', async () => {
    const ca = readFileSync(join(folder, 'data/bouncer/certificate.pem'), 'utf8')
    const tls = { ca, servername: 'localhost' }
    await using client = await connect({ port: first.port, tls })
    const sasl = { mechanism: 'SCRAM-SHA-256', account: 'you', password } as const
    expect((await client.register({ nick: 'fox', sasl })).account).toBe('you')
    const [, command = ''] = /add a network there: (\/msg .*)/.exec(first.output) ?? []
    client.send(command.replace(/^\/msg (\S+) /, 'PRIVMSG $1 :'))
    const answer = await client.expect('PRIVMSG')
    expect(answer.params.at(-1)).toContain('Added libera')
    await using inNetwork = await connect({ port: first.port, tls })
    const { isupport } = await inNetwork.register({ nick: 'fox', pass: `you/libera:${password}` })
    expect(isupport.get('NETWORK')).toBe('libera')
  })

  test('keeps the documented files, for their owner only', () => {
    const directory = join(folder, 'data/bouncer')
    const files = readdirSync(directory)
    expect(files.filter((name) => !Object.hasOwn(LAYOUT, name))).toEqual([])
    for (const name of files) expect(statSync(join(directory, name)).mode & 0o077, name).toBe(0)
  })

  test('shows no password at its next start, and has the same certificate', async () => {
    first.child.kill('SIGTERM')
    expect(await once(first.child, 'exit')).toEqual([0, null])
    const second = await start()
    expect(second.output).not.toMatch(/password|First/)
    const fingerprint = /\(SHA-256\): \S+/
    expect(fingerprint.exec(second.output)?.[0]).toBe(fingerprint.exec(first.output)?.[0])
    second.child.kill('SIGTERM')
    await once(second.child, 'exit')
  })
})

describe('what cannot work is said in words', () => {
  test('a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const { out, code } = await fails([up], { FUCHSBAU_BOUNCER_LISTEN: `127.0.0.1:${port}` })
    other.close()
    const words = `cannot listen for IRC on 127.0.0.1:${port}: another program listens there already`
    expect(out).toContain(`bouncer could not start: ${words}`)
    expect(code).toBe(1)
  })

  test.each([
    ['PLAIN_LISTEN', '0.0.0.0:6667', 'it must be an address of this machine alone'],
    ['PLAIN_LISTEN', 'irc.example.org:6667', 'it must be an address of this machine alone'],
    ['PROXIES', '10.0.0.0/8,proxy.example', 'it must be a list of IP addresses and networks'],
    ['QUIT_MESSAGE', 'two\nlines', 'it must be a line'],
  ])('%s=%j', async (name, value, words) => {
    const { err, code } = await fails(['config', 'check'], { [`FUCHSBAU_BOUNCER_${name}`]: value })
    expect(err).toContain(`FUCHSBAU_BOUNCER_${name} is ${JSON.stringify(value)}: ${words}`)
    expect(code).toBe(78)
  })

  test.each([
    [{ FUCHSBAU_BOUNCER_CERTIFICATE: '/nowhere/tls.crt' }, 'only useful together'],
    [
      {
        FUCHSBAU_BOUNCER_CERTIFICATE: '/nowhere/tls.crt',
        FUCHSBAU_BOUNCER_CERTIFICATE_KEY: '/nowhere/tls.key',
      },
      '/nowhere/tls.crt cannot be read: ENOENT',
    ],
  ])('%j', async (env, words) => {
    const { out, code } = await fails(['bouncer', 'serve'], env)
    expect(out).toMatch(new RegExp(`^bouncer could not start: .*${words}`, 'm'))
    expect(out).not.toMatch(/^\s+at /m)
    expect(code).toBe(78)
  })
})

test('SIGTERM tells clients and networks, and ends in order', async () => {
  await using network = await startFakeIrc()
  await using bouncer = await startBouncer({
    people: [{ name: 'you', port: network.port, channels: ['#den'] }],
    env: { FUCHSBAU_BOUNCER_QUIT_MESSAGE: 'back soon' },
  })
  await network.expectLine('JOIN')
  await using client = await bouncer.client('you')
  await using stalled = await bouncer.client('you', 'stalled')
  stalled.pause()
  const begin = performance.now()
  await bouncer.stop()
  expect(performance.now() - begin).toBeLessThan(10_000)
  expect((await client.expect('ERROR')).params).toEqual(['back soon'])
  expect((await network.expectLine('QUIT')).params).toEqual(['back soon'])
  expect(bouncer.log()).toContain('"msg":"closed"')
})

test('the management port tells that it is ready, and counts', async () => {
  await using network = await startFakeIrc()
  await using bouncer = await startBouncer({ people: [{ name: 'you', port: network.port }] })
  await using client = await bouncer.client('you')
  client.send('JOIN #den')
  await client.expect('366')
  const get = async (path: string) => await (await fetch(`${bouncer.management}${path}`)).text()
  expect([await get('/livez'), await get('/readyz')]).toEqual(['ok\n', 'ok\n'])
  const metrics = await get('/metrics')
  for (const [name, least] of [
    ['users', 1],
    ['networks{state="connected"}', 1],
    ['clients{state="logged-in"}', 1],
    ['lines_total{side="clients",direction="in"}', 3],
    ['lines_total{side="clients",direction="out"}', 5],
    ['lines_total{side="networks",direction="in"}', 5],
    ['lines_total{side="networks",direction="out"}', 3],
    ['stored_lines', 1],
    ['database_bytes', 4_096],
    ['logins_total{outcome="ok"}', 1],
  ] as const) {
    const line = metrics.split('\n').find((each) => each.startsWith(`fuchsbau_bouncer_${name} `))
    expect(Number(line?.split(' ').at(-1)), name).toBeGreaterThanOrEqual(least)
  }
})
