// What was said while nobody was there: fetched from a network that has a history of its own, in order, once, and the line
// of the gap says what came of it. https://ircv3.net/specs/extensions/chathistory
import { type SettableClock, settableClock } from '@fuchsbau/shared/clock.ts'
import { afterEach, describe, expect, test } from 'vitest'
import type { FakeConnection } from '../../test/support/fake-irc/connection.ts'
import { modernCaps, type ReceivedLine } from '../../test/support/fake-irc/world.ts'
import type { IrcClient } from '../../test/support/irc-client.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { type Scene, startScene } from './bouncer.fixture.ts'

let scene: Scene
let clock: SettableClock
afterEach(() => scene[Symbol.asyncDispose]())

const until = (isSo: () => boolean, what: string) => waitFor(isSo, { what, everyMs: 5 })
const isReady = () => scene.network.upstream?.channels.get('#den')?.isReady === true

/** A network with a history, and #den there. */
async function begin(page = 100) {
  clock = settableClock(1_700_000_000_000)
  const caps = { ...modernCaps, 'draft/chathistory': '', 'draft/multiline': 'max-bytes=4096' }
  const isupport = {
    CASEMAPPING: 'ascii',
    CHANTYPES: '#',
    PREFIX: '(ov)@+',
    CHATHISTORY: `${page}`,
  }
  const server = { caps, isupport, hasTimes: false }
  scene = await startScene({ server, clock, isConnected: false })
  clock.advance(0)
  await until(() => scene.network.upstream?.isReady === true, 'the welcome')
  const join = { tags: new Map(), source: undefined, command: 'JOIN', params: ['#den'] }
  scene.network.upstream?.send(join)
  await until(isReady, 'the members')
}

/** The connection is lost, and comes back; resolves when the channel's history was asked for. */
async function lose(): Promise<ReceivedLine> {
  scene.server.kill('fox', 'begone')
  await until(() => scene.network.keeper.state === 'waiting', 'the wait')
  clock.advance((scene.network.keeper.nextAt ?? clock.now()) - clock.now())
  return scene.server.expectLine('CHATHISTORY BETWEEN #den')
}

let batches = 0
/** Answers with lines `msgid text`, one each second before now. */
function answer(connection: FakeConnection, target: string, lines: readonly string[]) {
  batches += 1
  const batch = `h${batches}`
  connection.tell(`:irc.fake.test BATCH +${batch} chathistory ${target}`)
  for (const [index, line] of lines.entries()) {
    const [msgid = '', ...words] = line.split(' ')
    const time = new Date(clock.now() - (lines.length - index) * 100).toISOString()
    connection.tell(
      `:badger!b@den PRIVMSG ${target === '#den' ? '#den' : 'fox'} :${words.join(' ')}`,
      {
        batch,
        msgid,
        time,
      },
    )
  }
  connection.tell(`:irc.fake.test BATCH -${batch}`)
}

const stored = (target = '#den') =>
  scene.store.messages
    .after(
      { networkId: scene.network.record.id, foldedTarget: target, limit: 900, withEvents: true },
      { time: -1 },
    )
    .filter(({ kind }) => kind === 'PRIVMSG' || kind === 'GAP')
    .map(({ text }) => text)
const heard = (client: IrcClient, command = 'PRIVMSG') =>
  client.lines.filter((line) => line.command === command).map(({ params }) => params[1])

describe('a channel of a network with a history', () => {
  test('is filled before what is said now, for the history and for clients that are here', async () => {
    await begin()
    scene.server.join('#den', 'badger')
    await using modern = await scene.client('modern', [
      'draft/chathistory',
      'server-time',
      'batch',
      'message-tags',
    ])
    await using old = await scene.client('old')
    scene.server.say('#den', 'badger', 'before', { msgid: 'm-0' })
    await old.expect('PRIVMSG #den')
    const { params, connection } = await lose()
    const [, , since, bound, limit] = params
    const at = (text = '') => Date.parse(text.slice('timestamp='.length))
    // A dead line is noticed late: it is asked for more than is missing.
    expect(at(since)).toBeLessThanOrEqual(clock.now() - 90_000)
    expect(at(bound)).toBe(clock.now() + 1)
    expect(limit).toBe('100')
    scene.server.say('#den', 'badger', 'after', { msgid: 'm-3' })
    connection.tell(':badger!b@den BATCH +live draft/multiline #den')
    connection.tell(':badger!b@den PRIVMSG #den :a text', { batch: 'live' })
    connection.tell(':badger!b@den PRIVMSG #den :of two lines', { batch: 'live' })
    connection.tell(':badger!b@den BATCH -live')
    await scene.settled()
    expect(stored()).not.toContain('after')
    answer(connection, '#den', ['m-0 before', 'm-1 meanwhile', 'm-2 and more'])
    await scene.settled()
    for (const client of [modern, old]) await client.sync()
    const said = ['meanwhile', 'and more', 'after', 'a text', 'of two lines']
    expect(heard(modern)).toEqual(['before', ...said])
    expect(heard(old).map((text) => text?.replace(/^\[[\d:]+\] /, ''))).toEqual(['before', ...said])
    expect(old.lines.findLast(({ command }) => command === 'JOIN')).toBeDefined()
    expect(stored().filter((text) => !text.startsWith('Not'))).toEqual(['before', ...said])
    expect(stored()[1]).toMatch(
      /^Not connected from here on until .*Z: .*begone.*; the network's history had 2 lines of that time$/,
    )
    // Clients fetch when they are in the channel again: it is whole then.
    const order = modern.lines.map(({ command, params }) => `${command} ${params[1] ?? ''}`)
    expect(order.lastIndexOf('PRIVMSG and more')).toBeLessThan(order.lastIndexOf('JOIN '))
  })

  test('is fetched page by page, a bounded number, and the history says where it ends', async () => {
    await begin(100)
    const asked: string[] = []
    let count = 0
    scene.server.on('CHATHISTORY', ({ params }, connection) => {
      if (params[0] === 'TARGETS') return true
      asked.push(params[2] ?? '')
      answer(
        connection,
        '#den',
        Array.from({ length: 100 }, () => `p-${count++} line`),
      )
      return true
    })
    await lose()
    const isAll = () => {
      clock.advance(2_000)
      return asked.length === 50
    }
    await until(isAll, 'the pages')
    await scene.settled()
    expect(asked).toHaveLength(50)
    expect(asked[1]).toBe('msgid=p-99')
    expect(scene.store.messages.countAfterId(scene.network.record.id, 0)).toBeGreaterThan(5_000)
    const gaps = scene.store.messages
      .latest({
        networkId: scene.network.record.id,
        foldedTarget: '#den',
        limit: 1_000,
        withEvents: true,
      })
      .filter(({ kind }) => kind === 'GAP')
    expect(gaps.at(-1)?.text).toMatch(/^No lines from here on until .*more than was fetched$/)
  })

  test('that refuses it, or does not answer, goes on without, and the gap is told as one', async () => {
    await begin()
    await using client = await scene.client('', ['standard-replies'])
    const refused = await lose()
    scene.server.join('#den', 'badger')
    scene.server.say('#den', 'badger', 'after a refusal')
    refused.connection.tell(':irc.fake.test FAIL CHATHISTORY INVALID_TARGET BETWEEN #den :no')
    await client.expect('PRIVMSG #den')
    expect(stored()[0]).toMatch(/^No lines from here on/)
    await lose()
    scene.server.say('#den', 'badger', 'after silence')
    await scene.settled()
    expect(heard(client)).toEqual(['after a refusal'])
    clock.advance(10_000)
    await client.expect((line) => line.params[1] === 'after silence')
    expect(stored().filter((text) => text.startsWith('No lines'))).toHaveLength(2)
    expect(client.lines.filter(({ command }) => command === 'FAIL')).toEqual([])
  })

  test('what comes too late is not shown behind newer lines to who can fetch it', async () => {
    await begin()
    await using modern = await scene.client('modern', [
      'draft/chathistory',
      'server-time',
      'batch',
      'message-tags',
    ])
    await using old = await scene.client('old')
    const { connection } = await lose()
    scene.server.join('#den', 'badger')
    scene.server.say('#den', 'badger', 'now')
    await scene.settled()
    clock.advance(10_000)
    await modern.expect('PRIVMSG #den')
    answer(connection, '#den', ['m-1 meanwhile'])
    await scene.settled()
    await modern.sync()
    await old.sync()
    expect(heard(modern)).toEqual(['now'])
    expect(heard(old)).toEqual(['now', expect.stringMatching(/^\[\d\d:\d\d:\d\d\] meanwhile$/)])
  })
})

test('what is told before our own JOIN, as Ergo does, waits for what was missed, too', async () => {
  await begin()
  await using client = await scene.client('', ['server-time', 'message-tags'])
  scene.server.on('JOIN', (_, connection) => {
    connection.tell(':badger!b@den PRIVMSG #den :early', { msgid: 'm-2' })
    return false
  })
  const { connection } = await lose()
  await scene.settled()
  expect(heard(client)).toEqual([])
  answer(connection, '#den', ['m-1 meanwhile', 'm-2 early'])
  await client.expect('PRIVMSG #den early')
  expect(heard(client)).toEqual(['meanwhile', 'early'])
  expect(stored().slice(1)).toEqual(['meanwhile', 'early'])
})

test('a channel that cannot be joined again waits for nothing', async () => {
  await begin()
  await using client = await scene.client()
  scene.server.kill('fox', 'begone')
  await until(() => scene.network.keeper.state === 'waiting', 'the wait')
  scene.server.on('JOIN', (_, connection) => {
    connection.tell(':badger!b@den PRIVMSG #den :from outside')
    connection.numeric('474', '#den', 'Cannot join channel (+b)')
    return true
  })
  clock.advance((scene.network.keeper.nextAt ?? clock.now()) - clock.now())
  await client.expect('PRIVMSG #den')
  expect(stored()).toEqual(['from outside'])
})

test('private conversations are fetched, too', async () => {
  await begin()
  await using client = await scene.client('', ['server-time', 'message-tags'])
  scene.server.on('CHATHISTORY', ({ params: [verb, target = ''] }, connection) => {
    if (verb === 'TARGETS') {
      connection.tell(':irc.fake.test BATCH +t draft/chathistory-targets')
      for (const name of ['#den', 'badger', 'badger']) {
        connection.tell(`:irc.fake.test CHATHISTORY TARGETS ${name} 2023-11-14T22:13:00.000Z`, {
          batch: 't',
        })
      }
      connection.tell(':irc.fake.test BATCH -t')
    } else answer(connection, target, target === '#den' ? [] : ['d-1 psst'])
    return true
  })
  await lose()
  await client.expect('PRIVMSG fox psst')
  await scene.settled()
  expect(stored('badger')).toEqual(['psst'])
  expect(heard(client)).toEqual(['psst'])
})
