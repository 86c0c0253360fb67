// https://ircv3.net/specs/extensions/capability-negotiation
import { afterAll, beforeAll, expect, test } from 'vitest'
import { modernCaps } from '../../../../test/support/fake-irc/world.ts'
import { connect, type IrcClient } from '../../../../test/support/irc-client.ts'
import { type Scene, startScene } from '../../bouncer.fixture.ts'

let scene: Scene
beforeAll(async () => {
  scene = await startScene({ server: { caps: { ...modernCaps } } })
})
afterAll(() => scene[Symbol.asyncDispose]())

/** The parameters of what is answered, the nick left out. */
async function ask(client: IrcClient, ...lines: string[]): Promise<string[][]> {
  client.send(...lines)
  const answered = await client.sync()
  return answered
    .filter(({ command }) => /^(CAP|410)$/.test(command))
    .map(({ params: [, ...rest] }) => rest)
}

test('cap-notify cannot be switched off by who has said 302', async () => {
  await using client = await connect({ port: scene.port })
  await ask(client, 'CAP LS 302')
  expect(await ask(client, 'CAP REQ cap-notify')).toEqual([['ACK', 'cap-notify']])
  for (const list of ['-cap-notify', 'server-time -cap-notify']) {
    expect(await ask(client, `CAP REQ :${list}`)).toEqual([['NAK', list]])
    expect(await ask(client, 'CAP LIST')).toEqual([['LIST', 'cap-notify']])
  }
})

test('cap-notify can be switched on and off by others', async () => {
  await using client = await connect({ port: scene.port })
  await ask(client, 'CAP LS')
  expect(await ask(client, 'CAP REQ cap-notify', 'CAP LIST')).toEqual([
    ['ACK', 'cap-notify'],
    ['LIST', 'cap-notify'],
  ])
  expect(await ask(client, 'CAP REQ -cap-notify', 'CAP LIST')).toEqual([
    ['ACK', '-cap-notify'],
    ['LIST', ''],
  ])
})

test('values and lists of several lines are for requests with 302, which is not forgotten', async () => {
  await using client = await connect({ port: scene.port })
  expect((await ask(client, 'CAP LS 307')).join(' ')).toContain('sasl=PLAIN')
  const plain = await ask(client, 'CAP LS')
  expect(plain).toHaveLength(1)
  expect(plain.join(' ')).not.toContain('=')
  expect(await ask(client, 'CAP REQ -cap-notify')).toEqual([['NAK', '-cap-notify']])
})

test('what is not there cannot be switched on, what is not on can be switched off', async () => {
  await using client = await connect({ port: scene.port })
  expect(await ask(client, 'CAP REQ :server-time nothing', 'CAP LIST')).toEqual([
    ['NAK', 'server-time nothing'],
    ['LIST', ''],
  ])
  // The network has none, so it is not offered.
  expect(await ask(client, 'CAP REQ draft/multiline')).toEqual([['NAK', 'draft/multiline']])
  expect(await ask(client, 'CAP REQ -draft/multiline')).toEqual([['ACK', '-draft/multiline']])
})

test('an answer is never longer than a line', async () => {
  await using client = await connect({ port: scene.port })
  await ask(client, 'CAP LS 302')
  const caps = Array.from({ length: 45 }, () => 'batch chghost')
    .join(' ')
    .slice(0, 498)
    .trimEnd()
  client.send(`CAP REQ :${caps}x`)
  const answer = (await client.sync()).filter(({ params }) => params[1] === 'NAK')
  expect(answer.map(({ params }) => params[2]).join(' ')).toBe(`${caps}x`)
  for (const { raw } of answer) expect(Buffer.byteLength(raw)).toBeLessThanOrEqual(510)
})

test('an unknown subcommand is named in the answer, as far as it can be', async () => {
  await using client = await connect({ port: scene.port })
  const words = 'Unknown CAP command: LS, LIST, REQ or END'
  expect(await ask(client, 'CAP FOO', 'CAP :', 'CAP :a b')).toEqual([
    ['FOO', words],
    ['*', words],
    ['*', words],
  ])
})

test('who asks without a list, and not for 302, is told of what comes and goes, without values', async () => {
  await using own = await startScene({ server: { caps: { 'cap-notify': '' } } })
  await using client = await connect({ port: own.port })
  client.send(
    'CAP REQ cap-notify',
    'PASS you/den@old:secret',
    'NICK fox',
    'USER x 0 * :x',
    'CAP END',
  )
  await client.expect('376')
  own.server.addCap('draft/multiline', 'max-bytes=4096')
  const told = await client.expect('CAP * NEW')
  expect(told.params.at(-1)).toContain('draft/multiline')
  expect(told.params.at(-1)).not.toContain('=')
})
