// What is said through a network: long lines in several, batches taken apart or kept, history of the network, hostile input.
import { afterEach, describe, expect, test } from 'vitest'
import { modernCaps } from '../../../test/support/fake-irc/world.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { type Scene, type SceneOptions, startScene } from '../bouncer.fixture.ts'

let scene: Scene
afterEach(() => scene[Symbol.asyncDispose]())

const begin = async (options: SceneOptions = {}) => {
  scene = await startScene({ channels: ['#den'], ...options })
}
const stored = () => scene.store.messages.afterId(scene.network.record.id, 0, 500)
const said = () => stored().filter(({ kind }) => kind === 'PRIVMSG')
const received = () =>
  scene.server.received
    .filter(({ command }) => command === 'PRIVMSG')
    .map(({ params }) => params[1] ?? '')
const raw = (...lines: string[]) => scene.server.raw(lines.join('\r\n'))
const caps = (...more: string[]) => ({
  ...modernCaps,
  ...Object.fromEntries(more.map((cap) => [cap, ''])),
})

describe('a text that is too long for one line', () => {
  const text = `${'ü🦊 '.repeat(110)}end`

  test('is said in several, cut between characters, and nothing of it is lost', async () => {
    await begin()
    await using client = await scene.client('desk', ['echo-message', 'labeled-response', 'batch'])
    client.send(`@label=x PRIVMSG #den :${text}`)
    await waitFor(() => said().at(-1)?.text.includes('end'), { what: 'the echoes' })
    await scene.settled()
    expect(received().join('')).toBe(text)
    expect(
      said()
        .map((line) => line.text)
        .join(''),
    ).toBe(text)
    const prefix = `:${scene.network.upstream?.source} PRIVMSG #den :`
    for (const part of received())
      expect(Buffer.byteLength(`${prefix}${part}\r\n`)).toBeLessThanOrEqual(512)
    const echoes = (await client.sync()).filter(({ command }) => command === 'PRIVMSG')
    expect(echoes.filter(({ tags }) => tags['label'] === 'x')).toHaveLength(1)
    expect(echoes.map(({ params }) => params[1]).join('')).toBe(text)
  })

  test('is not shown to an old client that said it', async () => {
    await begin()
    await using client = await scene.client()
    client.send(`PRIVMSG #den :${text}`)
    await waitFor(() => said().at(-1)?.text.includes('end'), { what: 'the echoes' })
    await scene.settled()
    expect((await client.sync()).filter(({ command }) => command === 'PRIVMSG')).toEqual([])
  })

  test('stays whole where the network takes longer lines (LINELEN)', async () => {
    const isupport = { CASEMAPPING: 'ascii', CHANTYPES: '#', PREFIX: '(ov)@+', LINELEN: '4096' }
    await begin({ server: { isupport } })
    await using client = await scene.client()
    client.send(`PRIVMSG #den :${text}`)
    await waitFor(() => received().length > 0, { what: 'the line' })
    expect(received()).toEqual([text])
  })

  test('an ACTION is an ACTION in each line', async () => {
    await begin()
    await using client = await scene.client()
    client.send(`PRIVMSG #den :\x01ACTION ${text}\x01`)
    await waitFor(() => said().at(-1)?.text.includes('end'), { what: 'the echoes' })
    await scene.settled()
    for (const part of received())
      expect(part.startsWith('\x01ACTION ') && part.endsWith('\x01')).toBe(true)
    expect(
      received()
        .map((part) => part.slice(8, -1))
        .join(''),
    ).toBe(text)
  })
})

describe('batches of the network', () => {
  test('a netsplit and its end are taken apart, and the members are right', async () => {
    await begin()
    for (const nick of ['badger', 'hare']) scene.server.join('#den', nick)
    await using client = await scene.client('desk', ['batch', 'message-tags'])
    scene.server.netsplit(['badger', 'hare'])
    await client.expect('QUIT')
    await client.expect('QUIT')
    await scene.settled()
    expect([...(scene.network.upstream?.channels.get('#den')?.members.keys() ?? [])]).toEqual([
      'fox',
    ])
    scene.server.netjoin(['badger', 'hare'])
    await client.expect('JOIN #den')
    await client.expect('JOIN #den')
    await scene.settled()
    expect(scene.network.upstream?.channels.get('#den')?.members.size).toBe(3)
    expect(client.lines.filter(({ command }) => command === 'BATCH')).toEqual([])
    expect(client.lines.filter(({ tags }) => tags['batch'] !== undefined)).toEqual([])
  })

  test('history of the network is stored with its own time, once, and not shown as live', async () => {
    await begin()
    await using client = await scene.client('desk', ['server-time'])
    scene.server.say('#den', 'badger', 'live', { msgid: 'live-1' })
    await client.expect('PRIVMSG #den live')
    raw(
      ':irc.fake.test BATCH +h chathistory #den',
      '@batch=h;time=2020-01-01T00:00:00.000Z;msgid=old-1 :badger!b@den PRIVMSG #den :old',
      '@batch=h;time=2020-01-01T00:00:01.000Z :badger!b@den JOIN #den',
      '@batch=h;time=2020-01-01T00:00:02.000Z;msgid=live-1 :badger!b@den PRIVMSG #den :live',
      ':irc.fake.test BATCH -h',
    )
    await scene.settled()
    expect(said()).toMatchObject([
      { text: 'live' },
      { text: 'old', time: Date.UTC(2020, 0, 1), msgid: 'old-1' },
    ])
    expect((await client.sync()).filter(({ params }) => params[1] === 'old')).toEqual([])
    expect(scene.network.upstream?.channels.get('#den')?.members.has('badger')).toBe(false)
  })

  test('a text of several lines is stored line by line, the msgid with the first', async () => {
    await begin({ server: { caps: caps('draft/multiline') } })
    await using old = await scene.client('old')
    raw(
      '@msgid=m-1;time=2026-01-01T00:00:00.000Z :badger!b@den BATCH +m draft/multiline #den',
      '@batch=m :badger!b@den PRIVMSG #den :one',
      '@batch=m :badger!b@den PRIVMSG #den :two',
      '@batch=m;draft/multiline-concat :badger!b@den PRIVMSG #den :, and more',
      'BATCH -m',
    )
    await old.expect('PRIVMSG #den one')
    await old.expect('PRIVMSG #den two')
    await old.expect((line) => line.params[1] === ', and more')
    expect(said().map(({ text, msgid }) => [text, msgid === 'm-1'])).toEqual([
      ['one', true],
      ['two', false],
      [', and more', false],
    ])
  })
})

describe('what a hostile network says', () => {
  test('batches that are never closed, texts without end, and lines out of place do no harm', async () => {
    await begin({ server: { caps: caps('draft/multiline') } })
    for (let index = 0; index < 300; index++)
      raw(`:irc.fake.test BATCH +x${index} chathistory #den`)
    raw(':badger!b@den BATCH +long draft/multiline #den')
    for (let index = 0; index < 400; index++)
      raw(`@batch=long :badger!b@den PRIVMSG #den :${index}`)
    raw(
      'BATCH',
      'BATCH -nobody',
      'BATCH +',
      ':x 353',
      ':x 366',
      ':x 005',
      ':x MODE',
      ':x 730',
      'CAP',
      ':x CAP * NEW',
    )
    raw(
      ':x JOIN',
      ':x KICK',
      ':x NICK',
      ':fox!f@h NICK',
      ':x AUTHENTICATE',
      ':x 900',
      ':x 433',
      ':x 471',
      ':x TOPIC',
    )
    await scene.settled()
    expect(scene.network.upstream?.nick).toBe('fox')
    expect([...(scene.network.upstream?.channels.keys() ?? [])]).toEqual(['#den'])
    expect(said()).toHaveLength(400)
  })

  test('a casemapping that changes folds the channels anew', async () => {
    await begin({
      server: { isupport: { CASEMAPPING: 'ascii', CHANTYPES: '#', PREFIX: '(ov)@+' } },
      channels: ['#Den[1]'],
    })
    expect(scene.network.upstream?.channels.has('#den{1}')).toBe(false)
    scene.server.isupport('CASEMAPPING', 'rfc1459')
    await scene.settled()
    expect(scene.network.upstream?.channels.has('#den{1}')).toBe(true)
    expect(scene.network.channels.has('#DEN{1}')).toBe(true)
    expect(scene.network.record.casemapping).toBe('rfc1459')
  })

  test('UTF8ONLY overrules the encoding that is configured', async () => {
    const isupport = { CASEMAPPING: 'ascii', CHANTYPES: '#', PREFIX: '(ov)@+', UTF8ONLY: '' }
    await begin({ server: { isupport }, network: { encoding: 'iso-8859-1' } })
    await using client = await scene.client()
    client.send('PRIVMSG #den :Füchse')
    const line = await scene.server.expectLine('PRIVMSG #den')
    expect(line.bytes.toString('utf8')).toContain('Füchse')
  })
})

describe('our own nick', () => {
  test('changes for all, also where the network answers the request under the new one, as InspIRCd 3 does', async () => {
    await begin()
    await using desk = await scene.client('desk')
    await using phone = await scene.client('phone')
    await desk.expect('366 * #den')
    scene.server.on('NICK', ({ params: [to = ''] }, connection) => {
      connection.tell(`:${to}!fox@127.0.0.1 NICK :${to}`)
      return true
    })
    for (const [from, to] of [
      ['fox', 'Fox'],
      ['Fox', 'vixen'],
    ] as const) {
      desk.send(`NICK ${to}`)
      const isChanged = { nick: from, command: 'NICK', params: [to] }
      expect(await desk.expect('NICK')).toMatchObject(isChanged)
      expect(await phone.expect('NICK')).toMatchObject(isChanged)
    }
    expect(scene.network.upstream?.nick).toBe('vixen')
    expect(scene.network.upstream?.channels.get('#den')?.members.has('vixen')).toBe(true)
    expect(scene.network.upstream?.channels.get('#den')?.members.has('fox')).toBe(false)
  })
})
