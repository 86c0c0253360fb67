// soju.im/bouncer-networks, as senpai, gamja and Goguma use it.
// https://codeberg.org/emersion/soju/src/branch/master/doc/ext/bouncer-networks.md
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Scene, startScene } from '../../../services/bouncer/bouncer.fixture.ts'
import { DEFAULT_LIMITS } from '../../../services/bouncer/bouncer.ts'
import { connect, type IrcClient } from '../../support/irc-client.ts'
import type { IrcLine } from '../../support/irc-line.ts'

const CAPS = [
  ...['batch', 'standard-replies', 'message-tags'],
  ...['soju.im/bouncer-networks', 'soju.im/bouncer-networks-notify'],
]
const QUIET = CAPS.filter((cap) => !cap.endsWith('-notify'))

let scene: Scene
let id: string
beforeEach(async () => {
  scene = await startScene()
  id = String(scene.network.record.id)
})
afterEach(() => scene[Symbol.asyncDispose]())

const loose = (caps: readonly string[] = CAPS) => scene.client('', caps, { network: '' })

/** What a request brings, without the PONG. */
async function say(client: IrcClient, line: string): Promise<IrcLine[]> {
  client.send(line)
  return (await client.sync()).filter(({ command }) => command !== 'PONG')
}

const attributes = (line: IrcLine | undefined) =>
  Object.fromEntries((line?.params.at(-1) ?? '').split(';').map((each) => each.split('=', 2)))

describe('the list of networks', () => {
  test('comes in a batch, with attributes and without passwords', async () => {
    scene.store.networks.put({ ...scene.network.record, serverPassword: 'hidden' })
    await using client = await loose(QUIET)
    const lines = await say(client, 'BOUNCER LISTNETWORKS')
    expect(lines.map(({ command, params }) => [command, ...params].slice(0, 3))).toEqual([
      ['BATCH', expect.stringMatching(/^\+/), 'soju.im/bouncer-networks'],
      ['BOUNCER', 'NETWORK', id],
      ['BATCH', expect.stringMatching(/^-/)],
    ])
    expect(lines[1]?.tags.batch).toBe(lines[0]?.params[0]?.slice(1))
    expect(attributes(lines[1])).toEqual({
      name: 'den',
      state: 'connected',
      host: '127.0.0.1',
      port: String(scene.server.port),
      tls: '0',
      nickname: 'fox',
      username: 'fox',
      realname: 'Fox',
    })
  })

  test('is told first to a client that watches, at the welcome or when it begins later', async () => {
    await using client = await connect({ port: scene.port })
    await client.register({ nick: 'fox', pass: 'you:secret', caps: CAPS })
    await client.sync()
    expect(client.lines.filter(({ command }) => command === 'BOUNCER')).toHaveLength(1)
    await using later = await loose(QUIET)
    expect((await later.sync()).filter(({ command }) => command === 'BOUNCER')).toEqual([])
    const told = await say(later, 'CAP REQ soju.im/bouncer-networks-notify')
    expect(told.map(({ command }) => command)).toEqual(['CAP', 'BATCH', 'BOUNCER', 'BATCH'])
  })
})

describe('changes', () => {
  test('a network is added, changed and removed, and each client that watches is told', async () => {
    await using client = await loose(QUIET)
    await using watching = await loose()
    await watching.sync()
    const { port } = scene.server
    const added = await say(
      client,
      `BOUNCER ADDNETWORK name=My\\sfort;host=127.0.0.1;port=${port};tls=0;nickname=badger`,
    )
    expect(added).toHaveLength(1)
    const [, fort = ''] = added[0]?.params ?? []
    expect(added[0]?.params).toEqual(['ADDNETWORK', fort])
    const told = await watching.expect(
      (line) => line.command === 'BOUNCER' && line.params[1] === fort,
    )
    expect(attributes(told)).toMatchObject({ name: 'My\\sfort', nickname: 'badger' })
    await watching.expect(
      ({ command, params }) => command === 'BOUNCER' && params[2] === 'state=connected',
    )
    expect(await say(client, `BOUNCER CHANGENETWORK ${fort} realname=Grey`)).toMatchObject([
      { params: ['CHANGENETWORK', fort] },
    ])
    await watching.expect(`BOUNCER NETWORK ${fort} realname=Grey`)
    expect(await say(client, `BOUNCER DELNETWORK ${fort}`)).toMatchObject([
      { params: ['DELNETWORK', fort] },
    ])
    await watching.expect(`BOUNCER NETWORK ${fort} *`)
    expect(scene.user.networks.size).toBe(1)
  })

  test('TLS and its port are the default', async () => {
    await using client = await loose(QUIET)
    await say(client, 'BOUNCER ADDNETWORK host=irc.invalid')
    await say(client, 'BOUNCER ADDNETWORK name=open;host=irc.invalid;tls=0;port=')
    const [, tls, plain] = [...scene.user.networks.values()].map(({ record }) => record)
    expect(tls).toMatchObject({ name: 'irc.invalid', port: 6697, transport: 'tls', nick: 'you' })
    expect(plain).toMatchObject({ name: 'open', port: 6667, transport: 'plain' })
  })

  test('a lost connection is told with its reason, and the reason is taken back', async () => {
    await using watching = await loose()
    await watching.sync()
    scene.server.kill('fox', 'Too furry')
    const lost = await watching.expect(
      ({ command, params }) => command === 'BOUNCER' && /state=disconnected/.test(params[2] ?? ''),
    )
    expect(attributes(lost).error).toMatch(/furry/)
    scene.network.keeper.restart('now')
    await watching.expect(
      ({ command, params }) =>
        command === 'BOUNCER' && /state=connected;error(=|$)/.test(params[2] ?? ''),
    )
  })
})

describe('BIND', () => {
  test('attaches a client to a network, after the login and before the welcome', async () => {
    await using client = await connect({ port: scene.port })
    const { isupport } = await client.register({
      nick: 'fox',
      caps: QUIET,
      sasl: { mechanism: 'PLAIN', account: 'you@desk', password: 'secret' },
      beforeEnd: [`BOUNCER BIND ${id}`],
    })
    expect(isupport.get('BOUNCER_NETID')).toBe(id)
    expect([...scene.network.downstreams].map(({ clientName }) => clientName)).toEqual(['desk'])
    client.send('JOIN #den')
    await client.expect('366')
    expect(await say(client, `BOUNCER BIND ${id}`)).toMatchObject([
      {
        command: 'FAIL',
        params: ['BOUNCER', 'REGISTRATION_IS_COMPLETED', 'BIND', expect.any(String)],
      },
    ])
  })

  test('needs a login, and a network that is the user’s own', async () => {
    const vera = await scene.addPerson('vera')
    const [hers = 0] = vera.networks.keys()
    await using client = await connect({ port: scene.port })
    client.send('CAP LS 302', 'CAP REQ :sasl standard-replies', `BOUNCER BIND ${id}`)
    await client.expect('FAIL BOUNCER ACCOUNT_REQUIRED BIND')
    client.send(
      'AUTHENTICATE PLAIN',
      `AUTHENTICATE ${Buffer.from('\0you\0secret').toString('base64')}`,
    )
    await client.expect('903')
    for (const other of [hers, 'x', '0', 9_999, '']) {
      client.send(`BOUNCER BIND ${other}`)
      await client.expect(`FAIL BOUNCER INVALID_NETID BIND ${other || '*'}`)
    }
    client.send('NICK fox', 'USER fox 0 * :Fox', 'CAP END')
    await client.expect('422')
    expect(vera.downstreams.size).toBe(0)
  })

  test('a client without a network is told so by an empty BOUNCER_NETID', async () => {
    await using client = await connect({ port: scene.port })
    const welcome = await client.register({ nick: 'fox', pass: 'you:secret', caps: QUIET })
    expect(welcome.isupport.get('BOUNCER_NETID')).toBe('')
    expect(welcome.offered.has('soju.im/bouncer-networks-notify')).toBe(true)
  })
})

describe('errors', () => {
  test('are those of the specification', async () => {
    const vera = await scene.addPerson('vera')
    const [hers = 0] = vera.networks.keys()
    await using client = await loose(QUIET)
    const cases: [string, ...string[]][] = [
      ['FROBNICATE', 'UNKNOWN_COMMAND', 'FROBNICATE'],
      ['ADDNETWORK name=x', 'NEED_ATTRIBUTE', 'ADDNETWORK', 'host'],
      [
        'ADDNETWORK host=a.example;state=connected',
        'READ_ONLY_ATTRIBUTE',
        'ADDNETWORK',
        '*',
        'state',
      ],
      ['ADDNETWORK host=a.example;colour=red', 'UNKNOWN_ATTRIBUTE', 'ADDNETWORK', '*', 'colour'],
      [
        'ADDNETWORK host=a.example;constructor=x',
        'UNKNOWN_ATTRIBUTE',
        'ADDNETWORK',
        '*',
        'constructor',
      ],
      ['ADDNETWORK host=a.example;port=x', 'INVALID_ATTRIBUTE', 'ADDNETWORK', '*', 'port'],
      ['ADDNETWORK host=a.example;tls=yes', 'INVALID_ATTRIBUTE', 'ADDNETWORK', '*', 'tls'],
      ['ADDNETWORK host=a\\sb', 'INVALID_ATTRIBUTE', 'ADDNETWORK', '*', 'host'],
      ['ADDNETWORK host=a.example;name=den', 'INVALID_ATTRIBUTE', 'ADDNETWORK', '*', 'name'],
      [
        'ADDNETWORK host=a.example;realname=a\\r\\nQUIT',
        'INVALID_ATTRIBUTE',
        'ADDNETWORK',
        '*',
        'realname',
      ],
      [`CHANGENETWORK ${hers} name=mine`, 'INVALID_NETID', 'CHANGENETWORK', String(hers)],
      [`CHANGENETWORK ${id} nickname=a\\sb`, 'INVALID_ATTRIBUTE', 'CHANGENETWORK', id, 'nickname'],
      [`CHANGENETWORK ${id}`, 'NEED_ATTRIBUTE', 'CHANGENETWORK', '*'],
      [`DELNETWORK ${hers}`, 'INVALID_NETID', 'DELNETWORK', String(hers)],
      ['DELNETWORK', 'INVALID_NETID', 'DELNETWORK', '*'],
    ]
    for (const [request, ...context] of cases) {
      expect(await say(client, `BOUNCER ${request}`)).toMatchObject([
        { command: 'FAIL', params: ['BOUNCER', ...context, expect.stringMatching(/\S/)] },
      ])
    }
    expect(scene.user.networks.size).toBe(1)
    expect(vera.networks.get(hers)?.record.name).toBe('den')
  })

  test('the limit on networks holds', async () => {
    await using small = await startScene({
      bouncer: { limits: { ...DEFAULT_LIMITS, users: 1, networks: 1, clients: 5 } },
    })
    await using client = await small.client('', QUIET, { network: '' })
    expect(await say(client, 'BOUNCER ADDNETWORK host=a.example')).toMatchObject([
      {
        command: 'FAIL',
        params: ['BOUNCER', 'UNKNOWN_ERROR', 'ADDNETWORK', '*', expect.any(String)],
      },
    ])
  })
})
