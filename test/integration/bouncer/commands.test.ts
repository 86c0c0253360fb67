// What clients may say, and whatever else they say: each is answered, none hurts the others.
import { expect, test } from 'vitest'
import { startScene } from '../../../services/bouncer/bouncer.fixture.ts'

test('MONITOR: each client has its own nicks over one list of the network', async () => {
  await using scene = await startScene()
  const { server } = scene
  server.user('badger')
  await using desk = await scene.client('desk')
  await using phone = await scene.client('phone')
  desk.send('MONITOR + badger,mole')
  await desk.expect(/ 730 fox :?badger!/)
  await desk.expect(/ 731 fox :?mole/)
  phone.send('MONITOR + BADGER', 'MONITOR L')
  await phone.expect(/ 730 fox :?badger!/)
  await phone.expect('733')
  expect(
    phone.lines.filter(({ command }) => command === '732').map(({ params }) => params[1]),
  ).toEqual(['badger'])
  server.user('mole')
  await desk.expect(/ 730 fox :?mole!/)
  server.quit('badger', 'bye')
  await desk.expect('731 * badger')
  await phone.expect('731 * badger')
  await phone.sync()
  expect(phone.lines.filter(({ raw }) => raw.includes('mole'))).toEqual([])
  const removed = server.expectLine('MONITOR - mole')
  desk.send('MONITOR C', 'MONITOR L', 'MONITOR S', 'MONITOR X')
  await removed
  await desk.sync()
  expect(server.received.filter(({ raw }) => /MONITOR - badger/.test(raw))).toEqual([])
  const many = Array.from({ length: 120 }, (_, n) => `nick${n}`)
  for (let at = 0; at < 120; at += 20) phone.send(`MONITOR + ${many.slice(at, at + 20).join(',')}`)
  await phone.expect('734')
})

test('MONITOR of BouncerServ is answered here: it is always there', async () => {
  await using scene = await startScene()
  await using desk = await scene.client('desk')
  desk.send('MONITOR + bouncerserv')
  await desk.expect(/ 730 fox :?BouncerServ!/)
  scene.server.kill('fox', 'begone')
  await desk.expect(/NOTICE fox :Disconnected/)
  scene.network.keeper.start()
  await desk.expect(/NOTICE fox :Connected to den again/)
  desk.send('MONITOR S', 'MONITOR - BouncerServ')
  await desk.expect(/ 730 fox :?BouncerServ!/)
  await desk.sync()
  expect(desk.lines.filter(({ command }) => command === '731')).toEqual([])
  expect(scene.server.received.filter(({ command }) => command === 'MONITOR')).toEqual([])
})

test('MONITOR works by ISON where the network has none', async () => {
  await using scene = await startScene({
    server: { isupport: { CASEMAPPING: 'ascii', CHANTYPES: '#' } },
  })
  scene.server.user('badger')
  await using desk = await scene.client('desk')
  desk.send('MONITOR + badger,mole')
  await desk.expect(/ 730 fox :?badger/)
  await desk.expect(/ 731 fox :?mole/)
  expect(scene.server.received.some(({ command }) => command === 'MONITOR')).toBe(false)
})

test('what is said of people who share no channel is for those who watch them', async () => {
  const caps = { 'extended-monitor': '', 'away-notify': '', 'message-tags': '', batch: '' }
  await using scene = await startScene({ server: { caps }, channels: ['#den'] })
  scene.server.user('badger')
  await using watcher = await scene.client('watcher', ['away-notify', 'cap-notify'])
  await using other = await scene.client('other', ['away-notify'])
  watcher.send('CAP REQ extended-monitor', 'MONITOR + badger')
  await watcher.expect(/ 730 fox :?badger/)
  scene.server.raw(':badger!badger@badger.fake.test AWAY :lunch')
  await watcher.expect('AWAY lunch')
  expect((await other.sync()).filter(({ command }) => command === 'AWAY')).toEqual([])
})

test('NAMES, MODE and TOPIC are answered from what is known, in the form that the client asked for', async () => {
  await using scene = await startScene({ channels: ['#den'] })
  const { server } = scene
  server.join('#den', 'badger', { modes: 'ov' })
  server.topic('#den', 'badger', 'cosy')
  await scene.settled()
  await using old = await scene.client('old')
  await using full = await scene.client('full', [
    'multi-prefix',
    'userhost-in-names',
    'draft/no-implicit-names',
  ])
  await using since = await scene.client('since', ['no-implicit-names'])
  for (const { lines } of [full, since]) {
    expect(lines.some(({ command }) => command === '353')).toBe(false)
  }
  await old.sync()
  const before = server.received.length
  old.send('NAMES #den', 'TOPIC #DEN')
  full.send('NAMES #den')
  const names = await old.expect('353 * * #den *', { since: old.lines.length })
  expect(names.params[3]?.split(' ')).toContain('badger')
  await old.expect('332 * #den cosy')
  const all = await full.expect('353')
  expect(all.params[3]).toContain('fox!fox@')
  expect(server.received.slice(before).map(({ command }) => command)).not.toContain('NAMES')
})

test('nonsense is answered by FAIL or a numeric, and the connection goes on', async () => {
  await using scene = await startScene({ channels: ['#den'] })
  await using other = await scene.client('other', ['standard-replies'])
  const long = 'x'.repeat(7_000)
  const commands = [
    'CHATHISTORY',
    'MARKREAD',
    'MONITOR',
    'REDACT',
    'JOIN',
    'PART',
    'NAMES',
    'MODE',
    'TOPIC',
    'PRIVMSG',
    'NOTICE',
    'TAGMSG',
    'AWAY',
    'NICK',
    'PING',
    'PONG',
    'CAP',
    'WHO',
    'KICK',
    'BATCH',
    'constructor',
    '__proto__',
    'PASS',
    'USER',
  ]
  const params = [
    '',
    ' ',
    ' *',
    ' :',
    ' #den',
    ` ${long}`,
    ` ${'#a,'.repeat(300)}`,
    ' #den \u0001\u0002 * * * * *',
    ' -1 0 NaN',
    ' + ,,,,',
    ' LATEST #den msgid=__proto__ 1',
    ' :\u0000',
  ]
  await using client = await scene.client('hostile', [
    'standard-replies',
    'labeled-response',
    'batch',
    'message-tags',
  ])
  for (const command of commands) {
    for (const param of params) client.send(`@label=n;+a=b ${command}${param}`)
  }
  client.send('PING over')
  await client.expect('PONG * over', { timeoutMs: 20_000 })
  expect(client.lines.filter(({ raw }) => raw.includes('INTERNAL_ERROR'))).toEqual([])
  expect((await other.sync()).filter(({ command }) => command === 'FAIL')).toEqual([])
  expect(scene.network.channels.size).toBeLessThan(20)
})

test('typing and other client tags pass, and are not stored', async () => {
  await using scene = await startScene({ channels: ['#den'] })
  const { server, store, network } = scene
  server.join('#den', 'badger')
  await scene.settled()
  const newest = store.messages.lastId(network.record.id)
  await using client = await scene.client('phone', ['message-tags'])
  await using old = await scene.client('old')
  server.tagmsg('#den', 'badger', { '+typing': 'active' })
  const typing = await client.expect('TAGMSG #den')
  expect(typing.tags).toMatchObject({ '+typing': 'active' })
  client.send('@+typing=active;label=x TAGMSG #den')
  const sent = await server.expectLine('TAGMSG #den')
  expect(sent.tags['+typing']).toBe('active')
  await scene.settled()
  expect(store.messages.lastId(network.record.id)).toBe(newest)
  expect((await old.sync()).filter(({ command }) => command === 'TAGMSG')).toEqual([])
})

test('a text of several lines goes on as one, and is told to each client as it can read it', async () => {
  const caps = { 'message-tags': '', batch: '', 'draft/multiline': 'max-bytes=4096,max-lines=5' }
  await using scene = await startScene({ server: { caps }, channels: ['#den'] })
  const { server } = scene
  const needs = ['batch', 'message-tags', 'cap-notify', 'standard-replies', 'echo-message']
  await using one = await scene.client('one', needs)
  await using other = await scene.client('other', needs)
  await using old = await scene.client('old')
  for (const client of [one, other]) {
    await client.expect(/CAP \S+ NEW .*draft\/multiline=max-bytes=4096,max-lines=5/)
    client.send('CAP REQ draft/multiline')
    await client.expect('CAP * ACK')
  }
  one.send(
    'BATCH +1 draft/multiline #den',
    '@batch=1 PRIVMSG #den :first',
    '@batch=1 PRIVMSG #den :',
    '@batch=1;draft/multiline-concat PRIVMSG #den :last',
    'BATCH -1',
  )
  const begin = await other.expect('BATCH * draft/multiline #den')
  const reference = begin.params[0]?.slice(1)
  await other.expect(`BATCH -${reference}`)
  const parts = other.lines
    .filter(({ tags }) => tags['batch'] === reference)
    .map(({ params }) => params[1])
  expect(parts).toEqual(['first', '', 'last'])
  await server.expectLine(
    (line) => line.command === 'PRIVMSG' && 'draft/multiline-concat' in line.tags,
    { timeoutMs: 15_000 },
  )
  await old.sync()
  expect(
    old.lines.filter(({ command }) => command === 'PRIVMSG').map(({ params }) => params[1]),
  ).toEqual(['first', 'last'])
  one.send('BATCH +2 draft/multiline #den', '@batch=2 PRIVMSG #other :x', 'BATCH -2')
  await one.expect('FAIL BATCH MULTILINE_INVALID_TARGET #den #other *')
  one.send(
    'BATCH +3 draft/multiline #den',
    ...Array.from({ length: 6 }, () => '@batch=3 PRIVMSG #den :x'),
    'BATCH -3',
  )
  await one.expect('FAIL BATCH MULTILINE_MAX_LINES 5 *')
  one.send('BATCH -9')
  await one.expect('FAIL BATCH MULTILINE_INVALID *')
})

test('ISUPPORT is told again when it changes, and only what has changed', async () => {
  await using scene = await startScene()
  await using client = await scene.client('phone')
  await client.sync()
  scene.server.isupport('NICKLEN', '20')
  const more = await client.expect('005 * NICKLEN=20 *')
  expect(more.params).toHaveLength(3)
  scene.server.isupport('TOPICLEN', undefined)
  await client.expect('005 * -TOPICLEN *')
})

test('every labelled request has exactly one answer with its label', async () => {
  await using scene = await startScene({ channels: ['#den'] })
  await using client = await scene.client('phone', [
    'labeled-response',
    'batch',
    'message-tags',
    'echo-message',
  ])
  const requests = [
    'AWAY :lunch',
    'AWAY',
    'PONG nothing',
    'PING token',
    'TOPIC #den',
    'NAMES #den',
    'MONITOR L',
    'CAP LIST',
    'PRIVMSG #den :hello',
    'WHOIS fox',
    'MODE #den',
    'JOIN #den',
    'MARKREAD #den',
  ]
  for (const [index, request] of requests.entries()) client.send(`@label=r${index} ${request}`)
  // PONG does not wait long for what the flood control holds.
  for (const index of requests.keys()) {
    await client.expect(({ tags }) => tags['label'] === `r${index}`, {
      timeoutMs: 20_000,
      since: 0,
    })
  }
  await client.sync()
  for (const [index, request] of requests.entries()) {
    const answers = client.lines.filter(({ tags }) => tags['label'] === `r${index}`)
    expect(answers, request).toHaveLength(1)
  }
})

test('WHO and NAMES of the network are shortened for clients that know one prefix only', async () => {
  await using scene = await startScene({ channels: ['#den'] })
  const { server } = scene
  server.join('#den', 'badger', { modes: 'ov' })
  await scene.settled()
  await using old = await scene.client('old')
  await using full = await scene.client('full', ['multi-prefix'])
  old.send('WHO #den')
  full.send('WHO #den')
  const flags = async (client: typeof old) => {
    await client.expect('315', { timeoutMs: 15_000 })
    return client.lines.find(({ command, params }) => command === '352' && params[5] === 'badger')
      ?.params[6]
  }
  expect(await flags(old)).toBe('H@')
  expect(await flags(full)).toBe('H@+')
})
