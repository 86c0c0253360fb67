// The real bouncer in front of a real Ergo, the network that has most of what is new: SCRAM, history, texts of several lines,
// messages that are taken back, accounts whose connections share one nick. FUCHSBAU_ERGO names its program.
import { X509Certificate } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { NetworkRecord } from '../../services/bouncer/store/records.ts'
import { type BouncerProcess, startBouncer } from '../support/bouncer-process.ts'
import { type Ca, createCa } from '../support/ca.ts'
import { type Ergo, type ErgoOptions, startErgo } from '../support/ergo.ts'
import { connect, type IrcClient } from '../support/irc-client.ts'
import type { Expected, ExpectOptions, IrcLine } from '../support/irc-line.ts'
import { requirePeer } from '../support/peers.ts'
import { waitFor } from '../support/wait-for.ts'

const NEW = [
  'message-tags',
  'server-time',
  'batch',
  'labeled-response',
  'echo-message',
  'account-tag',
  'cap-notify',
  'standard-replies',
]
const MODERN = [...NEW, 'draft/chathistory', 'draft/event-playback', 'draft/read-marker']
const REPLIES_MS = 20_000

let ca: Ca
beforeAll(async () => {
  ca = await createCa()
})
afterAll(() => ca.close())

const scene: { ergo: Ergo; bouncer: BouncerProcess; toEnd: AsyncDisposable[] } = {
  toEnd: [],
} as never
afterEach(async () => {
  for (const each of scene.toEnd.splice(0).reverse()) await each[Symbol.asyncDispose]()
})
const ending = <Thing extends AsyncDisposable>(thing: Thing): Thing => {
  scene.toEnd.push(thing)
  return thing
}

/** With the bouncer's flood control in between, and several processes on one machine, answers take a while. */
const patient = (client: IrcClient): IrcClient =>
  ending(
    Object.create(client, {
      expect: {
        value: (expected: Expected, options?: ExpectOptions) =>
          client.expect(expected, { timeoutMs: REPLIES_MS, ...options }),
      },
    }),
  )

/** Ergo with the accounts fox and hare, and the bouncer of fox in front of it, in #den. */
async function begin(record: Partial<NetworkRecord> = {}, options: Partial<ErgoOptions> = {}) {
  scene.ergo = ending(await startErgo({ ca, ...options }))
  await scene.ergo.addAccount('fox', 'earthden')
  await scene.ergo.addAccount('hare', 'field')
  const account = { saslMechanism: 'PLAIN', saslUser: 'fox', saslPassword: 'earthden' } as const
  const { tlsPort } = scene.ergo
  const people = [
    {
      name: 'fox',
      port: tlsPort,
      channels: ['#den'],
      record: { transport: 'tls', ...account, ...record } as const,
    },
  ]
  const env = { NODE_EXTRA_CA_CERTS: ca.file }
  scene.bouncer = ending(await startBouncer({ people, env }))
  await (await foxClient('first')).close()
}

/** A client through the bouncer, when #den is there. */
async function foxClient(name: string, caps: readonly string[] = MODERN): Promise<IrcClient> {
  const client = patient(await scene.bouncer.client('fox', name, caps))
  await client.expect('366 * #den')
  return client
}

/** What only some networks have is offered when the client has logged in to one that does. */
async function foxWith(name: string, ...caps: string[]): Promise<IrcClient> {
  const client = await foxClient(name)
  client.send(`CAP REQ :${caps.join(' ')}`)
  await client.expect('CAP * ACK')
  return client
}

/** Somebody on the network itself, logged in. */
async function atErgo(nick: string, password: string, caps = NEW): Promise<IrcClient> {
  const client = patient(await connect({ port: scene.ergo.tlsPort, tls: { ca: ca.pem } }))
  await client.register({ nick, caps, sasl: { mechanism: 'PLAIN', account: nick, password } })
  client.send('JOIN #den')
  await client.expect('366 * #den')
  return client
}
const hareClient = () => atErgo('hare', 'field')

const texts = (lines: readonly IrcLine[]) =>
  lines.filter(({ command }) => command === 'PRIVMSG').map(({ params }) => params[1] ?? '')

/** A page of the history, by label. */
async function ask(client: IrcClient, request: string): Promise<IrcLine[]> {
  client.send(`CHATHISTORY ${request}`)
  const lines = await client.sync({ timeoutMs: REPLIES_MS })
  const begun = lines.find(
    ({ command, params }) => command === 'BATCH' && params[1] === 'chathistory',
  )
  const reference = begun?.params[0]?.slice(1) ?? 'none'
  return lines.filter(({ tags }) => tags['batch'] === reference)
}

/** In how many accounts' words WHOIS says that fox is logged in. */
async function accountOf(client: IrcClient, nick: string) {
  client.send(`WHOIS ${nick}`)
  const line = await client.expect(({ command }) => command === '330' || command === '318')
  return line.command === '330' ? line.params[2] : undefined
}

/** The connection of the bouncer to the network ends there, as after a cut. */
async function killFox(hare: IrcClient) {
  hare.send('OPER oper oper')
  await hare.expect('381')
  hare.send('KILL fox :begone')
  await hare.expect(({ command, nick }) => command === 'QUIT' && nick === 'fox')
}

const isHere = requirePeer('ergo')

describe.skipIf(!isHere)('logging in', () => {
  test.each(['PLAIN', 'SCRAM-SHA-256'] as const)('by SASL %s', async (saslMechanism) => {
    await begin({ saslMechanism })
    const fox = await foxClient('desk')
    const hare = await hareClient()
    expect(await accountOf(hare, 'fox')).toBe('fox')
    expect(fox.lines.filter(({ command }) => command === 'NOTICE')).toEqual([])
  })

  test('by SASL EXTERNAL with a certificate', async () => {
    const { cert, key } = await ca.issue('fox.test')
    const shown = new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase()
    scene.ergo = ending(await startErgo({ ca }))
    await scene.ergo.addAccount('fox', 'earthden', shown)
    await scene.ergo.addAccount('hare', 'field')
    const record = {
      transport: 'tls',
      certificate: cert,
      privateKey: key,
      saslMechanism: 'EXTERNAL',
    } as const
    const people = [{ name: 'fox', port: scene.ergo.tlsPort, channels: ['#den'], record }]
    scene.bouncer = ending(await startBouncer({ people, env: { NODE_EXTRA_CA_CERTS: ca.file } }))
    await foxClient('desk')
    expect(await accountOf(await hareClient(), 'fox')).toBe('fox')
  })

  test.each(['PLAIN', 'SCRAM-SHA-256'] as const)(
    'a wrong password by %s is told, and the network is there all the same',
    async (saslMechanism) => {
      // The nick of an account is not for strangers.
      await begin({ saslMechanism, saslPassword: 'wrong', nick: 'stranger' })
      const fox = await foxClient('desk')
      const hare = await hareClient()
      expect(await accountOf(hare, 'stranger')).toBeUndefined()
      fox.send('PRIVMSG BouncerServ :network status')
      const status = await fox.expect(/PRIVMSG|NOTICE/)
      expect(status.raw).not.toContain('wrong')
    },
  )

  test('STS leads a plain connection to TLS', async () => {
    scene.ergo = ending(await startErgo({ ca, sts: true }))
    await scene.ergo.addAccount('hare', 'field')
    const people = [{ name: 'fox', port: scene.ergo.port, channels: ['#den'] }]
    scene.bouncer = ending(await startBouncer({ people, env: { NODE_EXTRA_CA_CERTS: ca.file } }))
    await foxClient('desk')
    const hare = await hareClient()
    hare.send('WHOIS fox')
    // It uses a secure connection.
    expect((await hare.expect('671')).params[1]).toBe('fox')
  })
})

describe.skipIf(!isHere)('what is said', () => {
  test('goes both ways with the msgids, times and accounts of the network, and comes back as an echo', async () => {
    await begin()
    const fox = await foxClient('desk')
    const phone = await foxClient('phone')
    const hare = await hareClient()
    hare.send('@label=h PRIVMSG #den :hello')
    const said = await hare.expect('PRIVMSG #den hello')
    const heard = await fox.expect('PRIVMSG #den hello')
    expect(heard.tags).toMatchObject({ ...pick(said.tags), account: 'hare' })
    fox.send('@label=f1;+draft/reply=x PRIVMSG #den :hi')
    const echo = await fox.expect('PRIVMSG #den hi')
    expect(echo.tags['label']).toBe('f1')
    const there = await hare.expect('PRIVMSG #den hi')
    expect(there.tags['+draft/reply']).toBe('x')
    const other = await phone.expect('PRIVMSG #den hi')
    expect(other.tags['label']).toBeUndefined()
    for (const { tags } of [echo, other]) expect(pick(tags)).toEqual(pick(there.tags))
    // Typing is of the moment: it is passed on, and not stored.
    hare.send('@+typing=active TAGMSG #den')
    expect((await fox.expect('TAGMSG #den')).tags['+typing']).toBe('active')
    fox.send('@+typing=active TAGMSG hare')
    expect((await hare.expect('TAGMSG hare')).tags['+typing']).toBe('active')
    hare.send(`@+draft/react=:);+draft/reply=${echo.tags['msgid']} TAGMSG #den`)
    await phone.expect((line) => line.tags['+draft/react'] === ':)')
    const page = await ask(phone, 'LATEST #den * 10')
    expect(page.filter(({ command }) => command === 'TAGMSG')).toHaveLength(1)
    expect(texts(page)).toEqual(['hello', 'hi'])
  })

  test('to oneself and to nobody', async () => {
    await begin()
    const fox = await foxClient('desk')
    const from = fox.lines.length
    fox.send('@label=self PRIVMSG fox :a note')
    await fox.expect(({ tags }) => tags['label'] === 'self')
    await fox.sync()
    const lines = fox.lines.slice(from)
    expect(texts(lines)).toEqual(['a note', 'a note'])
    expect(lines.filter(({ tags }) => tags['label'] === 'self')).toHaveLength(1)
    expect(texts(await ask(fox, 'LATEST fox * 10'))).toEqual(['a note'])
    fox.send('@label=none PRIVMSG nobody :is there?')
    expect((await fox.expect('401')).tags['label']).toBe('none')
  })

  test('texts of several lines go both ways as one', async () => {
    await begin()
    const fox = await foxWith('desk', 'draft/multiline')
    const old = await foxClient('old', ['server-time'])
    const hare = await atErgo('hare', 'field', [...NEW, 'draft/multiline'])
    const limits = 'max-bytes=4096,max-lines=100'
    fox.send('CAP LS 302')
    await fox.expect(new RegExp(`draft/multiline=${limits}`))
    hare.send(...batchOf('h', '#den', ['one', '', 'two']))
    const begun = await fox.expect('BATCH * draft/multiline #den')
    const own = await hare.expect('BATCH * draft/multiline #den')
    expect(begun.tags['msgid']).toBe(own.tags['msgid'])
    for (const part of ['one', '', 'two']) await fox.expect((line) => line.params[1] === part)
    await old.expect('PRIVMSG #den one')
    await old.expect('PRIVMSG #den two')
    const [first = '', ...rest] = batchOf('f', '#den', ['three', 'four'])
    fox.send(`@label=m ${first}`, ...rest)
    const echo = await fox.expect('BATCH * draft/multiline #den')
    expect(echo.tags['label']).toBe('m')
    const heard = await hare.expect('BATCH * draft/multiline #den')
    expect(heard.tags['msgid']).toBe(echo.tags['msgid'])
    await old.expect('PRIVMSG #den four')
    await fox.sync()
    expect(texts(await ask(fox, 'LATEST #den * 10'))).toEqual(['one', '', 'two', 'three', 'four'])
    fox.send(
      ...batchOf(
        'b',
        '#den',
        Array.from({ length: 101 }, () => 'x'),
      ),
    )
    await fox.expect('FAIL BATCH MULTILINE_MAX_LINES 100')
  })

  test('is taken back, for all and for ever', async () => {
    await begin()
    const fox = await foxWith('desk', 'draft/message-redaction')
    const hare = await atErgo('hare', 'field', [...NEW, 'draft/message-redaction'])
    fox.send('PRIVMSG #den :oops')
    const { tags } = await fox.expect('PRIVMSG #den oops')
    hare.send('PRIVMSG #den :hm')
    const { tags: hers } = await fox.expect('PRIVMSG #den hm')
    fox.send(`@label=r REDACT #den ${tags['msgid']} :not so`)
    const redacted = await fox.expect(`REDACT #den ${tags['msgid']}`)
    expect(redacted.tags['label']).toBe('r')
    await hare.expect(`REDACT #den ${tags['msgid']}`)
    expect(texts(await ask(fox, 'LATEST #den * 10'))).toEqual(['hm'])
    hare.send(`REDACT #den ${hers['msgid']}x`)
    await hare.expect('FAIL REDACT UNKNOWN_MSGID')
    fox.send('@label=no REDACT #den nothing')
    expect((await fox.expect('FAIL REDACT UNKNOWN_MSGID')).tags['label']).toBe('no')
  })

  test('read markers are ours, and those of all clients', async () => {
    await begin()
    const fox = await foxClient('desk')
    const phone = await foxClient('phone')
    const hare = await hareClient()
    hare.send('PRIVMSG #den :read me')
    const { tags } = await fox.expect('PRIVMSG #den')
    fox.send(`MARKREAD #den timestamp=${tags['time']}`)
    const told = await phone.expect(/MARKREAD #den :?timestamp=/)
    expect(told.params[1]).toBe(`timestamp=${tags['time']}`)
  })
})

const pick = ({ msgid, time }: IrcLine['tags']) => ({ msgid, time })

function batchOf(reference: string, target: string, lines: readonly string[]): string[] {
  return [
    `BATCH +${reference} draft/multiline ${target}`,
    ...lines.map((line) => `@batch=${reference} PRIVMSG ${target} :${line}`),
    `BATCH -${reference}`,
  ]
}

describe.skipIf(!isHere)('while the bouncer is away', () => {
  test('what was said comes from the history of the network: once, in order, with its ids and times', async () => {
    await begin({}, { historyPage: 20 })
    await scene.ergo.addAccount('badger', 'sett')
    const old = await foxClient('old', ['server-time'])
    const hare = await atErgo('hare', 'field', [...NEW, 'draft/multiline'])
    hare.send('PRIVMSG #den :before')
    await old.expect('PRIVMSG #den before')
    await scene.bouncer.kill()
    await hare.expect(({ command, nick }) => command === 'QUIT' && nick === 'fox')
    const missed = Array.from({ length: 50 }, (_, index) => `missed ${index}`)
    for (const text of missed) hare.send(`PRIVMSG #den :${text}`)
    hare.send(...batchOf('h', '#den', ['a text', 'of two lines']))
    await hare.sync()
    await atErgo('badger', 'sett')
    await scene.bouncer.start()
    await hare.expect(({ command, nick }) => command === 'JOIN' && nick === 'fox', {
      timeoutMs: REPLIES_MS,
    })
    hare.send('PRIVMSG #den :after')
    const expected = ['before', ...missed, 'a text', 'of two lines', 'after']
    const again = await foxClient('desk')
    await waitFor(async () => texts(await ask(again, 'LATEST #den * 1')).includes('after'), {
      what: 'the live line',
      timeoutMs: REPLIES_MS,
    })
    const page = await ask(again, 'LATEST #den * 200')
    expect(texts(page)).toEqual(expected)
    const said = page.filter(({ command }) => command === 'PRIVMSG')
    const own = hare.lines.filter(({ command, tags }) => command === 'PRIVMSG' && !tags['batch'])
    for (const { params, tags } of own) {
      const found = said.find((line) => line.params[1] === params[1])
      expect(found?.tags).toMatchObject(pick(tags))
    }
    const joins = page.filter(({ command, nick }) => command === 'JOIN' && nick === 'badger')
    expect(joins).toHaveLength(1)
    const gaps = page.filter(({ command }) => command === 'NOTICE').map(({ params }) => params[1])
    // The last line may have been told before our own JOIN.
    expect(gaps).toEqual([
      expect.stringMatching(/^Not connected from here .* killed; .* had 5[23] lines of that time$/),
    ])
    const returned = await foxClient('old', ['server-time'])
    await returned.expect('PRIVMSG #den after')
    // The answer to our PING behind the first line may have come too late for the kill.
    const played = texts(returned.lines).filter((text) => text !== 'before')
    expect(played).toEqual(expected.slice(1))
  })

  test('clients that stay are shown it before what is said now', async () => {
    await begin()
    const fox = await foxClient('desk')
    const old = await foxClient('old', ['server-time'])
    const hare = await hareClient()
    await killFox(hare)
    for (const text of ['one', 'two', 'three']) hare.send(`PRIVMSG #den :${text}`)
    await hare.expect(({ command, nick }) => command === 'JOIN' && nick === 'fox', {
      timeoutMs: 60_000,
    })
    hare.send('PRIVMSG #den :four')
    for (const client of [fox, old]) {
      await client.expect('PRIVMSG #den four', { timeoutMs: REPLIES_MS })
      expect(texts(client.lines)).toEqual(['one', 'two', 'three', 'four'])
      const times = client.lines
        .filter(({ command }) => command === 'PRIVMSG')
        .map(({ tags }) => tags['time'] ?? '')
      expect(times).toEqual(times.toSorted())
    }
    expect(texts(await ask(fox, 'LATEST #den * 100'))).toEqual(['one', 'two', 'three', 'four'])
  })

  test('an account that is always on keeps private messages, too', async () => {
    await begin()
    const fox = await foxClient('desk')
    fox.send('PRIVMSG NickServ :SET always-on true')
    await fox.expect(/NOTICE fox .*always-on/i)
    const hare = await hareClient()
    hare.send('PRIVMSG fox :before')
    await fox.expect('PRIVMSG fox before')
    await scene.bouncer.kill()
    hare.send('PRIVMSG fox :psst', 'PRIVMSG #den :hello')
    await hare.sync()
    await scene.bouncer.start()
    const again = await foxClient('desk')
    await waitFor(async () => texts(await ask(again, 'LATEST hare * 10')).length === 2, {
      what: 'the private message',
      timeoutMs: REPLIES_MS,
    })
    expect(texts(await ask(again, 'LATEST hare * 10'))).toEqual(['before', 'psst'])
    expect(texts(await ask(again, 'LATEST #den * 10'))).toEqual(['hello'])
  })
})

describe.skipIf(!isHere)('one account with several connections', () => {
  test('what is said by the other one is told and stored as her own', async () => {
    await begin()
    const fox = await foxClient('desk')
    const hare = await hareClient()
    const other = await atErgo('fox', 'earthden')
    other.send('PRIVMSG #den :from elsewhere', 'PRIVMSG hare :a whisper')
    const line = await fox.expect((each) => each.params[1] === 'from elsewhere')
    expect(line.nick).toBe('fox')
    await fox.expect('PRIVMSG hare')
    await hare.expect('PRIVMSG hare')
    hare.send('PRIVMSG fox :heard')
    await fox.expect('PRIVMSG fox heard')
    const page = await ask(fox, 'LATEST hare * 10')
    expect(texts(page)).toEqual(['a whisper', 'heard'])
    // The other one joins and leaves for both.
    other.send('JOIN #fort')
    await fox.expect('JOIN #fort')
    await fox.expect('366 * #fort')
    other.send('PART #fort')
    await fox.expect('PART #fort')
    await other.close()
    hare.send('PRIVMSG #den :still there?')
    await fox.expect((each) => each.params[1] === 'still there?')
    expect(fox.lines.filter(({ command, nick }) => command === 'QUIT' && nick === 'fox')).toEqual(
      [],
    )
    fox.send('PRIVMSG #den :yes')
    await hare.expect('PRIVMSG #den yes')
  })

  test('a nick that is taken is regained when it is free', async () => {
    await begin({ nick: 'vixen', saslMechanism: '' })
    const fox = await foxClient('desk')
    expect(fox.nick).toBe('vixen')
    const hare = await hareClient()
    hare.send('OPER oper oper')
    await hare.expect('381')
    const taker = patient(await connect({ port: scene.ergo.port }))
    hare.send('KILL vixen :begone')
    await hare.expect(({ command, nick }) => command === 'QUIT' && nick === 'vixen')
    await taker.register({ nick: 'vixen' })
    await fox.expect('NICK vixen_', { timeoutMs: 60_000 })
    taker.send('QUIT')
    await fox.expect('NICK vixen', { timeoutMs: REPLIES_MS })
  })
})

describe.skipIf(!isHere)('states', () => {
  test("ISUPPORT is the network's, and where we do it ourselves ours", async () => {
    await begin()
    const client = patient(await connect({ port: scene.bouncer.port }))
    await foxClient('first')
    const login = { nick: 'fox', ...scene.bouncer.login('fox', 'desk'), caps: MODERN }
    const { isupport } = await client.register(login)
    expect(Object.fromEntries(isupport)).toMatchObject({
      CASEMAPPING: 'ascii',
      UTF8ONLY: '',
      CHATHISTORY: '1000',
      MSGREFTYPES: 'msgid,timestamp',
      PREFIX: '(qaohv)~&@%+',
      MONITOR: '100',
      BOT: 'B',
      NETWORK: 'ErgoTest',
    })
    expect(isupport.has('draft/CHATHISTORY')).toBe(false)
    // Names fold as ASCII: these are two.
    client.send('JOIN #a[b],#a{b}')
    await client.expect('366 * #a[b]')
    await client.expect('366 * #a{b}')
  })

  test('MONITOR and extended-monitor', async () => {
    await begin()
    const fox = await foxWith('desk', 'extended-monitor', 'away-notify', 'setname')
    fox.send('MONITOR + hare,badger')
    await fox.expect('731')
    const hare = patient(await connect({ port: scene.ergo.tlsPort, tls: { ca: ca.pem } }))
    const sasl = { mechanism: 'PLAIN', account: 'hare', password: 'field' } as const
    await hare.register({ nick: 'hare', caps: [...NEW, 'setname'], sasl })
    await fox.expect('730 fox hare')
    hare.send('AWAY :at lunch')
    await fox.expect(/^(@\S+ )?:hare!\S+ AWAY :at lunch/)
    hare.send('SETNAME :Hare of the fields')
    await fox.expect(/^(@\S+ )?:hare!\S+ SETNAME /)
    await hare.close()
    await fox.expect('731 fox hare')
    fox.send('MONITOR L')
    expect((await fox.expect('732')).params[1]).toBe('hare,badger')
  })

  test('answers go to who asked, by label', async () => {
    await begin()
    const fox = await foxClient('desk')
    const phone = await foxClient('phone')
    await hareClient()
    const from = fox.lines.length
    fox.send('@label=w WHOIS hare', '@label=who WHO #den %cuhnar', '@label=x NOSUCH')
    // PONG does not wait for what the flood control still holds.
    const answers = () => fox.lines.slice(from).flatMap(({ tags }) => tags['label'] ?? [])
    await waitFor(() => answers().length >= 3, { what: 'all answers', timeoutMs: REPLIES_MS })
    await fox.sync({ timeoutMs: REPLIES_MS })
    const answered = answers()
    expect(answered.toSorted()).toEqual(['w', 'who', 'x'])
    const leaked = (await phone.sync()).filter(({ command }) => /^(3\d\d|421)$/.test(command))
    expect(leaked).toEqual([])
  })

  test('KILL is recovered from, and a ban waited out with the reason told', async () => {
    await begin()
    const fox = await foxClient('desk')
    const hare = await hareClient()
    await killFox(hare)
    await fox.expect(/NOTICE fox :Disconnected from den: .*begone/)
    await fox.expect(/NOTICE fox :Connected to den again/, { timeoutMs: 60_000 })
    await fox.expect('366 * #den', { timeoutMs: REPLIES_MS })
    await foxClient('phone')
    hare.send('KLINE ANDKILL fox!*@* :no foxes')
    await fox.expect(/NOTICE fox :Disconnected from den: .*no foxes/, { timeoutMs: REPLIES_MS })
    fox.send('PRIVMSG BouncerServ :network status')
    const status = await fox.expect(/^:BouncerServ\S* .*no foxes/)
    expect(status.params[1]).toContain('banned')
    // Ergo tells us of our own end: clients are still there.
    expect(fox.lines.filter(({ command, nick }) => command === 'QUIT' && nick === 'fox')).toEqual(
      [],
    )
  })
})

test.skipIf(!isHere)('odd lines of a client end nothing', async () => {
  await begin()
  const fox = await foxClient('desk')
  const hare = await hareClient()
  fox.send(
    'PRIVMSG #den',
    'PRIVMSG #den :',
    'PRIVMSG',
    'PRIVMSG ,#den :comma',
    Buffer.from('PRIVMSG #den :caf\xe9\r\n', 'latin1'),
    `PRIVMSG #den :${'ü'.repeat(400)}`,
    'JOIN',
    'JOIN :',
    'JOIN #den,#den',
    'MODE #den +b',
    'MODE #den b',
    'TOPIC #den',
    'NAMES #nowhere',
    'NICK :',
    'NICK fox',
    'NICK hare',
    'KICK #den nobody',
    'INVITE nobody #den',
    'PRIVMSG #nowhere :there',
    'PRIVMSG @#den :ops',
    'TAGMSG #den',
    '@+x=\\ PRIVMSG #den :odd tag',
    'CHATHISTORY LATEST #nowhere * 5',
    'MONITOR',
    'WHO',
    'AWAY',
    'AWAY :',
    'USERHOST fox',
    'LUSERS',
    'VERSION',
    'REDACT #den nosuchid',
  )
  await fox.sync({ timeoutMs: 60_000 })
  fox.send('PRIVMSG #den :well')
  await hare.expect('PRIVMSG #den well', { timeoutMs: 60_000 })
  await fox.expect((line) => line.params[1] === 'well')
  expect(fox.nick).toBe('fox')
  const heard = texts(hare.lines)
  expect(
    heard
      .filter((text) => text.includes('ü'))
      .join('')
      .replaceAll(/[^ü]/g, ''),
  ).toHaveLength(400)
  expect(heard).toContain('odd tag')
  expect(scene.bouncer.log()).not.toMatch(/"level":(50|60)|a request failed/)
})
