// What a client may ask for that has logged in by an app password.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect, type IrcClient } from '../../../test/support/irc-client.ts'
import type { Sasl } from '../../../test/support/irc-register.ts'
import { type Scene, startScene } from '../bouncer.fixture.ts'
import { listCertificates } from '../manage/certificates.ts'
import { createAppPassword } from '../manage/passwords.ts'

let scene: Scene
let appPassword: string
beforeAll(async () => {
  scene = await startScene({ channels: ['#den'] })
  await scene.addPerson('vera', { isEnabled: false })
  const made = await createAppPassword(scene.user, 'phone')
  if (!made.ok) throw new Error(made.reason)
  appPassword = made.password
})
afterAll(() => scene[Symbol.asyncDispose]())

async function ask(client: IrcClient, text: string, service = 'BouncerServ'): Promise<string> {
  client.send(`PRIVMSG ${service} :${text}`)
  const lines = await client.sync()
  return lines.flatMap(({ nick, params }) => (nick === service ? [params[1]] : [])).join('\n')
}

/** Each logs in as `you`. */
const WAYS: readonly (readonly [string, (password: string) => Promise<IrcClient>])[] = [
  ['PASS', (password) => scene.client('phone', undefined, { password })],
  ['PLAIN', (password) => bySasl({ mechanism: 'PLAIN', account: 'you/den', password })],
  ['SCRAM', (password) => bySasl({ mechanism: 'SCRAM-SHA-256', account: 'you/den', password })],
]

async function bySasl(sasl: Sasl): Promise<IrcClient> {
  const client = await connect({ port: scene.port })
  await client.register({ nick: 'fox', sasl })
  return client
}

const stateOf = () => ({
  users: [...scene.bouncer.users.values()].map(({ record }) => record),
  apps: scene.store.credentials.appPasswords(scene.user.record.id).map(({ id }) => id),
  certificates: listCertificates(scene.user),
  networks: [...scene.user.networks.keys()],
  lines: scene.store.messages.sizes(scene.network.record.id),
})

const FORBIDDEN = [
  'password',
  'password "a new password"',
  'user create kit',
  'user add kit -password "a new password" -admin',
  'user update -password "a new password"',
  'user update vera -password "a new password"',
  'user up vera -admin',
  'user delete vera -yes',
  'user run vera password "a new password"',
  'user run you user run vera password',
  'app-password create another',
  'app-password revoke 1',
  `certificate add ${'AB'.repeat(32)}`,
  `certificate remove ${'AB'.repeat(32)}`,
  'history delete #den -yes',
  'hist del #den -network den -yes',
  'network delete den',
  'net rem den',
]

/** The same in the words of ZNC. */
const FORBIDDEN_TO_STATUS = ['AddUser kit "a new password"', 'ClearBuffer #den', 'DelNetwork den']

const REFUSED = /logged in by an app password/

test.each(WAYS)('nothing of the account or the history, after %s', async (_, logIn) => {
  await using client = await logIn(appPassword)
  const before = stateOf()
  for (const text of FORBIDDEN) {
    expect([text, await ask(client, text)]).toEqual([text, expect.stringMatching(REFUSED)])
  }
  for (const text of FORBIDDEN_TO_STATUS) {
    expect([text, await ask(client, text, '*status')]).toEqual([
      text,
      expect.stringMatching(REFUSED),
    ])
  }
  client.send(`BOUNCER DELNETWORK ${scene.network.record.id}`)
  expect((await client.sync()).map(({ params }) => params.at(-1))).toContainEqual(
    expect.stringMatching(REFUSED),
  )
  expect(stateOf()).toEqual(before)
})

test('what a program is used for', async () => {
  await using client = await scene.client('phone', undefined, { password: appPassword })
  for (const text of [
    ...['help password', 'password -help', 'user status', 'app-password list', 'certificate list'],
    ...[
      'network status',
      'network update den -realname Fox',
      'channel update #den -detached false',
    ],
    ...['history search nothing', 'client list', 'server status', 'user run vera network status'],
  ]) {
    expect([text, await ask(client, text)]).toEqual([text, expect.not.stringMatching(REFUSED)])
    expect([text, await ask(client, text)]).toEqual([text, expect.stringMatching(/./)])
  }
})

test.each(WAYS)('all, by her own password, after %s', async (_, logIn) => {
  await using client = await logIn('secret')
  expect(await ask(client, 'app-password create desk')).toMatch(/shown once/)
  expect(await ask(client, 'user update vera -nick vixen')).toBe('Changed the user vera.')
  expect(await ask(client, 'history delete #den -yes')).not.toMatch(REFUSED)
})
