// Files that are given as soju's database, and are not; rows that nobody would expect.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { importSoju } from '../import/soju.ts'
import { SojuDatabase, SojuUnusable } from './soju-database.ts'
import { tempDirectory, testStore } from './store.fixture.ts'

function place(): string {
  const directory = tempDirectory()
  mkdirSync(directory)
  return join(directory, 'main.db')
}

const TABLES = `
CREATE TABLE User (id INTEGER PRIMARY KEY, username TEXT, password TEXT, admin INTEGER);
CREATE TABLE Network (id INTEGER PRIMARY KEY, name TEXT, user INTEGER, addr TEXT, nick TEXT, certfp TEXT);
CREATE TABLE Channel (id INTEGER PRIMARY KEY, network INTEGER, name TEXT, key TEXT, detached INTEGER, relay_detached INTEGER);
CREATE TABLE MessageTarget (id INTEGER PRIMARY KEY, network INTEGER, target TEXT);
CREATE TABLE Message (id INTEGER PRIMARY KEY, target INTEGER, raw, time);
`

test('a file that is missing, no database, or of another program is told', () => {
  const file = place()
  expect(() => new SojuDatabase(file)).toThrow(SojuUnusable)
  writeFileSync(file, 'nothing of this kind'.repeat(1000))
  expect(() => new SojuDatabase(file)).toThrow(/cannot be read|not a database/)
  const other = place()
  new Database(other).exec('CREATE TABLE User (id INTEGER)').close()
  expect(() => new SojuDatabase(other)).toThrow('is not a database of soju')
})

test('what an old version lacks is left out, and hostile rows are counted and skipped', async () => {
  const file = place()
  const database = new Database(file)
  database.exec(TABLES)
  database.exec(`
    INSERT INTO User VALUES (1, 'fox', 'no hash', 1), (2, 'a/b', NULL, 0), (3, NULL, NULL, 0);
    INSERT INTO Network VALUES (1, NULL, 1, 'ircs://irc.example.org', NULL, 'sha-512:aa'),
      (2, 'sock', 1, 'irc+unix:///run/x', NULL, NULL), (3, 'plain', 1, 'irc+insecure://[::1]:7000', 'vixen', NULL);
    INSERT INTO Channel VALUES (1, 1, '#den', 'a b', 1, 3), (2, 1, 'bad name', NULL, 0, 0);
    INSERT INTO MessageTarget VALUES (1, 1, '#den'), (2, 1, 'x y');
    INSERT INTO Message VALUES
      (1, 1, '@msgid=m1 :hare!h@h PRIVMSG #den :hello', '2026-01-01T10:00:00.000Z'),
      (2, 1, ':hare!h@h PRIVMSG #den :no time', 'yesterday'),
      (3, 1, ':hare!h@h WALLOPS :of no kind', '2026-01-01T10:00:00.000Z'),
      (4, 1, 'PRIVMSG #den :of nobody', '2026-01-01T10:00:00.000Z'),
      (5, 1, x'00ff', '2026-01-01T10:00:00.000Z'),
      (6, 1, ':hare!h@h PRIVMSG #den :two' || char(10) || 'lines', '2026-01-01T10:00:00.000Z'),
      (7, 2, ':hare!h@h PRIVMSG x :bad target', '2026-01-01T10:00:00.000Z'),
      (8, 1, ':hare!h@h PRIVMSG #den :from the future', '2099-01-01T10:00:00.000Z');`)
  database.close()
  const { store, clock } = testStore()
  const said: string[] = []
  expect(await importSoju({ store, clock, file, print: (line) => said.push(line) })).toBe(true)
  const [first, plain, ...others] = store.networks.all()
  expect(others).toEqual([])
  expect(first).toMatchObject({
    name: 'irc.example.org',
    port: 6697,
    transport: 'tls',
    nick: 'fox',
    fingerprint: '',
  })
  expect(plain).toMatchObject({ host: '::1', port: 7000, transport: 'plain', nick: 'vixen' })
  expect(store.channels.list(first?.id ?? 0)).toMatchObject([
    { name: '#den', key: '', isDetached: true, relayDetached: 'message', reattachOn: 'none' },
  ])
  expect(store.users.named('fox')?.password).toBe('')
  const query = { networkId: first?.id ?? 0, foldedTarget: '#den', limit: 10, withEvents: true }
  expect(store.messages.latest(query)).toMatchObject([{ text: 'hello', msgid: 'm1', isOwn: false }])
  const all = said.join('\n')
  expect(all).toContain('1 lines; 0 read markers; 7 lines are left out')
  expect(all).toContain('network sock: not taken')
  expect(all).toContain('a/b: not taken')
  expect(all).toContain('certfp: not taken')
  expect(all).toContain('no password is taken')
})
