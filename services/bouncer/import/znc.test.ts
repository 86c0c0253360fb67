// Moving in from ZNC, from a directory as ZNC keeps it.
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { line, tempDirectory, testStore } from '../store/store.fixture.ts'
import { importZnc } from './znc.ts'

const HASH = 'ab'.repeat(32)
const CONFIG = `Version = 1.9.1
LoadModule = certauth
<Listener l>
  Port = 6697
</Listener>
<User fox>
  Admin = true
  Nick = fox
  AltNick = fox_
  Ident = foxy
  RealName = A fox
  Timezone = Europe/Berlin
  LoadModule = log
  LoadModule = webadmin
  <Network libera>
    Server = irc.libera.chat +6697 se cret
    Server = irc.eu.libera.chat 6667
    LoadModule = perform
    LoadModule = sasl
    LoadModule = cert
    LoadModule = keepnick
    LoadModule = partyline
    TrustedServerFingerprint = ${'0f:'.repeat(31)}0f
    <Chan #Den>
      Key = key
      Detached = true
    </Chan>
    <Chan #open>
    </Chan>
    <Chan #off>
      Disabled = true
    </Chan>
  </Network>
  <Network oftc>
    Server = irc.oftc.net
    Nick = vixen
    LoadModule = nickserv
    IRCConnectEnabled = false
  </Network>
  <Network nowhere>
  </Network>
  <Pass password>
    Method = sha256
    Hash = ${HASH}
    Salt = salt
  </Pass>
</User>
<User a/b>
  Pass = plain#x
</User>
`

function zncDirectory(files: Readonly<Record<string, string>>): string {
  const directory = tempDirectory()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  return directory
}

const registry = (values: Readonly<Record<string, string>>) => {
  const encoded = (text: string) =>
    [...Buffer.from(text)]
      .map((byte) => {
        const sign = String.fromCharCode(byte)
        return /[A-Za-z0-9]/.test(sign) ? sign : `%${byte.toString(16).padStart(2, '0')};`
      })
      .join('')
  return Object.entries(values)
    .map(([name, value]) => `${encoded(name)} ${encoded(value)}\n`)
    .join('')
}

const PEM =
  '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n'
const LIBERA = 'users/fox/networks/libera/moddata'
const LOG = 'users/fox/moddata/log/libera'
const FILES = {
  'configs/znc.conf': CONFIG,
  'moddata/certauth/.registry': registry({ fox: `${'11'.repeat(20)} ${'22'.repeat(32)} ` }),
  [`${LIBERA}/perform/.registry`]: registry({
    Perform: 'PRIVMSG Q :AUTH %nick% x\nMODE %nick% +x\n',
  }),
  [`${LIBERA}/sasl/.registry`]: registry({ username: 'fox', password: 'p w', mechanisms: 'PLAIN' }),
  [`${LIBERA}/cert/user.pem`]: PEM,
  'users/fox/networks/oftc/moddata/nickserv/.registry': registry({ Password: 'ns' }),
  [`${LOG}/#den/2026-01-02.log`]: `[12:00:00] *** Joins: bob (b@host)
[12:00:01] <bob> fuchs über alles
garbage
[12:00:01] <fox> hi
`,
  [`${LOG}/#den/2026-01-03.log`]: '[00:00:01] <bob> next day\n',
  [`${LOG}/#den/2099-01-01.log`]: '[00:00:01] <bob> from the future\n',
  [`${LOG}/bob/2026-01-02.log`]: '[12:00:02] <Bob> psst\n[12:00:03] <foxy> yes?\n',
  [`${LOG}/status/2026-01-02.log`]: '[12:00:00] Connected to IRC (irc.libera.chat +6697)\n',
}

function world(files: Readonly<Record<string, string>> = FILES) {
  const { store, clock } = testStore()
  clock.set(Date.parse('2026-02-01T12:00:00Z'))
  const directory = zncDirectory(files)
  const said: string[] = []
  const take = () => importZnc({ store, clock, directory, print: (text) => said.push(text) })
  const lines = (networkId: number, foldedTarget: string) =>
    store.messages
      .latest({ networkId, foldedTarget, limit: 1000, withEvents: true })
      .map(({ kind, source, text, time, isOwn, target }) => ({
        kind,
        source,
        text,
        time,
        isOwn,
        target,
      }))
  return { store, directory, said, take, lines }
}

test('users come with their networks, channels, keys, passwords and certificates', async () => {
  const { store, take, said } = world()
  expect(await take()).toBe(true)
  const fox = store.users.named('fox')
  expect(fox).toMatchObject({ isAdmin: true, nick: 'fox', password: `znc-sha256$salt$${HASH}` })
  const [libera, oftc, ...others] = store.networks.list(fox?.id ?? 0)
  expect(others).toEqual([])
  expect(libera).toMatchObject({
    name: 'libera',
    host: 'irc.libera.chat',
    port: 6697,
    transport: 'tls',
    serverPassword: 'se cret',
    alternateNicks: ['fox_'],
    username: 'foxy',
    realname: 'A fox',
    saslMechanism: 'PLAIN',
    saslUser: 'fox',
    saslPassword: 'p w',
    connectCommands: ['PRIVMSG Q :AUTH fox x', 'MODE fox +x'],
    fingerprint: '0f'.repeat(32),
    privateKey: expect.stringContaining('AAAA'),
    certificate: expect.stringContaining('BBBB'),
  })
  expect(oftc).toMatchObject({
    host: 'irc.oftc.net',
    port: 6667,
    transport: 'plain',
    nick: 'vixen',
    nickservPassword: 'ns',
    isEnabled: false,
  })
  expect(store.channels.list(libera?.id ?? 0)).toMatchObject([
    { name: '#Den', key: 'key', isDetached: true },
    { name: '#open', key: '', isDetached: false },
  ])
  expect(store.credentials.byFingerprint('22'.repeat(32))?.userId).toBe(fox?.id)
  expect(store.users.named('a/b')).toBeUndefined()
  const all = said.join('\n')
  expect(all).toContain('a/b: not taken')
  expect(all).toContain('network nowhere: not taken')
  expect(all).toContain('module keepnick: not needed, the nick is always regained')
  expect(all).toContain('module partyline: not taken')
  expect(all).toContain('the others: irc.eu.libera.chat:6667')
  expect(all).toContain('1 client certificates not taken')
  expect(all).not.toContain('p w')
})

test('the log becomes history, in the zone of the user, once, however often it is imported', async () => {
  const { store, directory, take, lines, said } = world()
  await take()
  const id = store.networks.all()[0]?.id ?? 0
  const at = (text: string) => Date.parse(text)
  const den = [
    { kind: 'JOIN', source: 'bob!b@host', text: '', time: at('2026-01-02T11:00:00Z') },
    { kind: 'PRIVMSG', source: 'bob', text: 'fuchs über alles', time: at('2026-01-02T11:00:01Z') },
    { kind: 'PRIVMSG', source: 'fox', text: 'hi', time: at('2026-01-02T11:00:01Z'), isOwn: true },
    { kind: 'PRIVMSG', source: 'bob', text: 'next day', time: at('2026-01-02T23:00:01Z') },
  ].map((each) => ({ isOwn: false, target: '#Den', ...each }))
  expect(lines(id, '#den')).toEqual(den)
  expect(lines(id, 'bob').map(({ text, isOwn, target }) => [text, isOwn, target])).toEqual([
    ['psst', false, 'Bob'],
    ['yes?', true, 'Bob'],
  ])
  expect(said.at(-1)).toBe(
    'fox/libera: 6 lines of 4 log files; 1 damaged lines are left out; 1 files are dated in the future',
  )
  await take()
  expect(lines(id, '#den')).toEqual(den)
  expect(said.at(-1)).toBe(
    'fox/libera: 0 lines of 0 log files; 4 files were taken before; 1 files are dated in the future',
  )
  appendFileSync(join(directory, LOG, '#den/2026-01-03.log'), '[00:00:02] <bob> more\n')
  await take()
  expect(lines(id, '#den').map(({ text }) => text)).toEqual([
    '',
    'fuchs über alles',
    'hi',
    'next day',
    'more',
  ])
  expect(store.networks.all()).toHaveLength(2)
})

test('lines from when the bouncer was connected itself are left out, and clients are not given the old ones as new', async () => {
  const { store, directory, take, lines } = world()
  await take()
  const id = store.networks.all()[0]?.id ?? 0
  expect(store.receipts.get(id, '')).toBe(store.messages.lastId(id))
  store.messages.append(
    line(id, 'live', {
      target: '#Den',
      foldedTarget: '#den',
      time: Date.parse('2026-01-04T10:00:00Z'),
    }),
  )
  store.commitTurn()
  const level = store.messages.lastId(id)
  store.receipts.set(id, 'phone', level)
  const log =
    '[10:00:00] <bob> while ZNC was alone\n[11:00:00] <bob> live\n[11:00:05] <bob> live too\n'
  writeFileSync(join(directory, LOG, '#den/2026-01-04.log'), log)
  await take()
  expect(lines(id, '#den').map(({ text }) => text)).toEqual([
    '',
    'fuchs über alles',
    'hi',
    'next day',
    'while ZNC was alone',
    'live',
  ])
  expect(store.receipts.get(id, 'phone')).toBe(store.messages.lastId(id))
  expect(store.receipts.get(id, 'phone')).toBeGreaterThan(level)
})

test('a user who is here already keeps her password, and a directory that is none is told', async () => {
  const { store, take, said } = world()
  await take()
  const fox = store.users.named('fox')
  if (fox) store.users.put({ ...fox, password: '$argon2id$new' })
  await take()
  expect(store.users.named('fox')?.password).toBe('$argon2id$new')
  const nothing = world({ 'readme.txt': '' })
  expect(await nothing.take()).toBe(false)
  expect(nothing.said.join()).toContain('has no configs/znc.conf')
  expect(said.join('\n')).toContain('fox: is here already')
})

test.each([
  [`Pass = md5#${'cd'.repeat(16)}#salt#`, `znc-md5$salt$${'cd'.repeat(16)}`],
  [`Pass = ${'cd'.repeat(16)} -`, `znc-md5$$${'cd'.repeat(16)}`],
  ['Pass = plain#geheim', /^\$argon2id\$/],
  [
    '<Pass p>\nMethod = Argon2id\nHash = $argon2id$v=19$m=6144,t=6,p=1$c2FsdHNhbHQ$aGFzaGhhc2g\n</Pass>',
    '$argon2id$v=19$m=6144,t=6,p=1$c2FsdHNhbHQ$aGFzaGhhc2g',
  ],
  ['<Pass p>\nMethod = rot13\nHash = x\n</Pass>', /^$/],
])('a password as %s is kept', async (pass, expected) => {
  const { store, take } = world({ 'configs/znc.conf': `<User fox>\n${pass}\n</User>\n` })
  await take()
  expect(store.users.named('fox')?.password).toMatch(
    typeof expected === 'string' ? new RegExp(`^${RegExp.escape(expected)}$`) : expected,
  )
})

test('a configuration from before ZNC 1.0 has one network in the user', async () => {
  const text =
    '<User fox>\nServer = irc.example.org 6667\nNick = fox\n<Chan #a>\n</Chan>\n</User>\n'
  const log = 'users/fox/moddata/log/#a_20100102.log'
  const { store, take, lines } = world({ 'configs/znc.conf': text, [log]: '[10:00:00] <a> old\n' })
  await take()
  const [network] = store.networks.all()
  expect(network).toMatchObject({ name: 'default', host: 'irc.example.org' })
  expect(lines(network?.id ?? 0, '#a')).toMatchObject([{ text: 'old' }])
})
