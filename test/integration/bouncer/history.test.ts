// CHATHISTORY, read markers, redaction and ZNC's playback, as clients see them.
// https://ircv3.net/specs/extensions/chathistory
import { expect, test } from 'vitest'
import { type Scene, startScene } from '../../../services/bouncer/bouncer.fixture.ts'
import type { IrcClient } from '../../support/irc-client.ts'
import type { IrcLine } from '../../support/irc-line.ts'

const CAPS = ['batch', 'message-tags', 'server-time', 'labeled-response', 'draft/chathistory']
const AT = Date.UTC(2026, 0, 1, 12)

/** Stores lines as if they had been said; `times` in ms behind noon. */
function remember({ store, network }: Scene, times: readonly number[], target = '#den') {
  return times.map((time, index) =>
    store.messages.append({
      networkId: network.record.id,
      target,
      foldedTarget: target.toLowerCase(),
      time: AT + time,
      kind: 'PRIVMSG',
      source: 'badger!b@host',
      text: `line ${index}`,
      isOwn: false,
    }),
  )
}

/** Asks, and takes the lines up to the barrier. */
async function ask(client: IrcClient, line: string): Promise<IrcLine[]> {
  await client.sync()
  client.send(line)
  return client.sync()
}

const said = (lines: readonly IrcLine[]) =>
  lines.filter(({ command }) => command === 'PRIVMSG').map(({ params }) => params[1])
const iso = (time: number) => new Date(AT + time).toISOString()

test('each subcommand gives its lines, oldest first, bounds left out, in a batch with the label', async () => {
  await using scene = await startScene()
  const lines = remember(scene, [0, 10, 20, 30, 40])
  await using client = await scene.client('phone', CAPS)
  const middle = lines[2]?.msgid ?? ''
  const cases: [string, string[]][] = [
    ['LATEST #den * 2', ['line 3', 'line 4']],
    [`LATEST #den timestamp=${iso(20)} 10`, ['line 3', 'line 4']],
    [`BEFORE #den timestamp=${iso(20)} 1`, ['line 1']],
    [`BEFORE #DEN msgid=${middle} 10`, ['line 0', 'line 1']],
    [`AFTER #den timestamp=${iso(20)} 1`, ['line 3']],
    [`AFTER #den msgid=${middle} 10`, ['line 3', 'line 4']],
    [`AROUND #den msgid=${middle} 3`, ['line 1', 'line 2', 'line 3']],
    [`BETWEEN #den timestamp=${iso(0)} timestamp=${iso(40)} 2`, ['line 1', 'line 2']],
    [`BETWEEN #den timestamp=${iso(40)} timestamp=${iso(0)} 2`, ['line 2', 'line 3']],
    ['LATEST #nowhere * 5', []],
  ]
  for (const [question, expected] of cases) {
    const answer = await ask(client, `@label=q1 CHATHISTORY ${question}`)
    expect(said(answer), question).toEqual(expected)
    expect(answer[0]?.command, question).toBe('BATCH')
    expect(answer[0]?.params.slice(1), question).toEqual(['chathistory', question.split(' ')[1]])
    expect(answer[0]?.tags['label'], question).toBe('q1')
    const reference = answer[0]?.params[0]?.slice(1)
    expect(answer.slice(1, -1).every(({ tags }) => tags['batch'] === reference)).toBe(true)
    expect(answer.at(-1)?.params).toEqual([`-${reference}`])
  }
})

test('paging by time or by msgid skips nothing of lines that share a millisecond', async () => {
  await using scene = await startScene()
  remember(
    scene,
    Array.from({ length: 1_000 }, (_, n) => Math.floor(n / 7) * 3),
  )
  await using client = await scene.client('phone', CAPS)
  const all = Array.from({ length: 1_000 }, (_, n) => `line ${n}`)
  for (const by of ['time', 'msgid'] as const) {
    const reference = (line: IrcLine | undefined) =>
      by === 'time' ? `timestamp=${line?.tags['time']}` : `msgid=${line?.tags['msgid']}`
    const forward: string[] = []
    let from = `timestamp=${iso(-1)}`
    for (;;) {
      const page = (await ask(client, `CHATHISTORY AFTER #den ${from} 50`)).filter(isSaid)
      if (page.length === 0) break
      forward.push(...page.map(({ params }) => params[1] ?? ''))
      from = reference(page.at(-1))
    }
    expect(forward, `forward by ${by}`).toEqual(all)
    let backward: string[] = []
    let question = 'LATEST #den * 50'
    for (;;) {
      const page = (await ask(client, `CHATHISTORY ${question}`)).filter(isSaid)
      if (page.length === 0) break
      backward = [...page.map(({ params }) => params[1] ?? ''), ...backward]
      question = `BEFORE #den ${reference(page[0])} 50`
    }
    expect(backward, `backward by ${by}`).toEqual(all)
  }
})

const isSaid = ({ command }: IrcLine) => command === 'PRIVMSG'

test('what cannot be read is a FAIL with its code, and nothing else', async () => {
  await using scene = await startScene()
  remember(scene, [0])
  await using client = await scene.client('phone', [...CAPS, 'standard-replies'])
  const cases: [string, string][] = [
    ['', 'INVALID_PARAMS'],
    ['ALL #den * 5', 'INVALID_PARAMS'],
    ['LATEST #den *', 'NEED_MORE_PARAMS'],
    ['BETWEEN #den timestamp=2026-01-01T00:00:00.000Z 5', 'NEED_MORE_PARAMS'],
    ['LATEST #den * many', 'INVALID_PARAMS'],
    ['LATEST #den * 0', 'INVALID_PARAMS'],
    ['LATEST #den * -5', 'INVALID_PARAMS'],
    ['BEFORE #den timestamp=yesterday 5', 'INVALID_PARAMS'],
    ['BEFORE #den when=now 5', 'INVALID_MSGREFTYPE'],
    ['BEFORE #den msgid=none 5', 'MESSAGE_ERROR'],
    ['TARGETS timestamp=2026-01-01T00:00:00.000Z', 'NEED_MORE_PARAMS'],
    ['TARGETS * * 5', 'INVALID_PARAMS'],
    [`LATEST ${'x'.repeat(4_000)} nonsense 5`, 'INVALID_MSGREFTYPE'],
  ]
  for (const [question, code] of cases) {
    const answer = await ask(client, `CHATHISTORY ${question}`)
    const words = answer.map(({ command, params }) => [command, ...params.slice(0, 2)])
    expect(words, question).toEqual([['FAIL', 'CHATHISTORY', code]])
  }
})

test('events are in the batch for clients that ask for them, and only for those', async () => {
  await using scene = await startScene({ channels: ['#den'] })
  const { server } = scene
  server.join('#den', 'badger')
  server.topic('#den', 'badger', 'cosy')
  server.mode('#den', 'badger', '+v', 'fox')
  server.nick('badger', 'brock')
  server.join('#den', 'mole')
  server.kick('#den', 'brock', 'mole', 'too loud')
  server.say('#den', 'brock', 'hello')
  server.part('#den', 'brock', 'bye')
  server.join('#den', 'shrew')
  server.quit('shrew', 'gone')
  await scene.settled()
  await using plain = await scene.client('plain', CAPS)
  await using full = await scene.client('full', [...CAPS, 'draft/event-playback'])
  const heard = await ask(plain, 'CHATHISTORY LATEST #den * 50')
  expect(heard.map(({ command }) => command)).toEqual(['BATCH', 'PRIVMSG', 'BATCH'])
  const events = await ask(full, 'CHATHISTORY LATEST #den * 50')
  expect(events.slice(2, -1).map(({ raw }) => raw.replace(/^@\S+ /, ''))).toEqual([
    ':badger!badger@badger.fake.test JOIN #den',
    ':badger!badger@badger.fake.test TOPIC #den cosy',
    ':badger!badger@badger.fake.test MODE #den +v fox',
    ':badger!badger@badger.fake.test NICK brock',
    ':mole!mole@mole.fake.test JOIN #den',
    ':brock!badger@badger.fake.test KICK #den mole :too loud',
    ':brock!badger@badger.fake.test PRIVMSG #den hello',
    ':brock!badger@badger.fake.test PART #den bye',
    ':shrew!shrew@shrew.fake.test JOIN #den',
    ':shrew!shrew@shrew.fake.test QUIT gone',
  ])
})

test('TARGETS names the conversations heard of between two times', async () => {
  await using scene = await startScene()
  remember(scene, [0, 50], '#den')
  remember(scene, [20], 'badger')
  remember(scene, [90], '#late')
  await using client = await scene.client('phone', CAPS)
  const answer = await ask(
    client,
    `@label=t CHATHISTORY TARGETS timestamp=${iso(10)} timestamp=${iso(60)} 10`,
  )
  expect(answer[0]?.params.slice(1)).toEqual(['draft/chathistory-targets'])
  expect(answer[0]?.tags['label']).toBe('t')
  expect(answer.slice(1, -1).map(({ params }) => params)).toEqual([
    ['TARGETS', 'badger', iso(20)],
    ['TARGETS', '#den', iso(50)],
  ])
})

test('the limits are told: 1000 messages, msgid before timestamp', async () => {
  await using scene = await startScene({
    server: { isupport: { CHATHISTORY: '5', NETWORK: 'Fake' } },
  })
  await using client = await scene.client('old')
  const tokens = client.lines
    .filter(({ command }) => command === '005')
    .flatMap(({ params }) => params)
  expect(tokens).toEqual(
    expect.arrayContaining(['CHATHISTORY=1000', 'MSGREFTYPES=msgid,timestamp']),
  )
  expect(tokens).not.toContain('CHATHISTORY=5')
})

test('a read marker moves forward only, and is told to all clients of the person', async () => {
  await using scene = await startScene({ channels: ['#den'] })
  const caps = ['draft/read-marker', 'standard-replies']
  await using desk = await scene.client('desk', caps)
  await using phone = await scene.client('phone', caps)
  await desk.expect('MARKREAD #den *')
  await phone.expect('366')
  desk.send(`MARKREAD #den timestamp=${iso(50)}`)
  await desk.expect(`MARKREAD #den timestamp=${iso(50)}`)
  await phone.expect(`MARKREAD #den timestamp=${iso(50)}`)
  phone.send(`MARKREAD #DEN timestamp=${iso(20)}`, 'MARKREAD badger', 'MARKREAD', 'MARKREAD #den *')
  const answers = (await phone.sync()).map(({ command, params }) =>
    [command, ...params].slice(0, 3),
  )
  expect(answers).toEqual([
    ['MARKREAD', '#DEN', `timestamp=${iso(50)}`],
    ['MARKREAD', 'badger', '*'],
    ['FAIL', 'MARKREAD', 'NEED_MORE_PARAMS'],
    ['FAIL', 'MARKREAD', 'INVALID_PARAMS'],
  ])
  const silent = await desk.sync()
  expect(silent.filter(({ command }) => command === 'MARKREAD')).toEqual([])
  await using again = await scene.client('again', caps)
  await again.sync()
  const order = again.lines
    .map(({ command }) => command)
    .filter((command) => ['JOIN', 'MARKREAD', '366'].includes(command))
  expect(order).toEqual(['JOIN', 'MARKREAD', '366'])
})

test('a message that is taken back is gone from the history, and clients that know REDACT are told', async () => {
  await using scene = await startScene({
    channels: ['#den'],
    server: {
      caps: { 'message-tags': '', 'server-time': '', 'draft/message-redaction': '', batch: '' },
    },
  })
  const { server } = scene
  await using client = await scene.client('phone', [...CAPS, 'cap-notify'])
  await client.expect(/CAP \S+ NEW :?.*draft\/message-redaction/)
  client.send('CAP REQ draft/message-redaction')
  await client.expect('CAP * ACK')
  await using old = await scene.client('old')
  server.join('#den', 'badger')
  server.say('#den', 'badger', 'oops', { msgid: 'oops-1' })
  server.say('#den', 'badger', 'fine')
  await client.expect('PRIVMSG #den fine')
  server.raw(':badger!badger@badger.fake.test REDACT #den oops-1 :typo')
  await client.expect('REDACT #den oops-1 typo')
  expect(said(await ask(client, 'CHATHISTORY LATEST #den * 10'))).toEqual(['fine'])
  expect((await old.sync()).filter(({ command }) => command === 'REDACT')).toEqual([])
  const sent = server.expectLine('REDACT #den some-id why')
  client.send('REDACT #den some-id :why')
  await expect(sent).resolves.toMatchObject({ command: 'REDACT' })
})

test('ZNC’s playback: PLAY gives what is newer than a time, and attaching alone gives nothing', async () => {
  await using scene = await startScene()
  remember(scene, [0, 1_000, 2_000])
  remember(scene, [1_500], 'badger')
  await using client = await scene.client('znc', [
    'batch',
    'server-time',
    'message-tags',
    'znc.in/playback',
  ])
  expect(client.lines.filter(isSaid)).toEqual([])
  const all = await ask(client, 'PRIVMSG *playback :PLAY * 0')
  expect(said(all)).toHaveLength(4)
  const newer = await ask(client, `PRIVMSG *playback :play #de* ${(AT + 1_000) / 1000}`)
  expect(said(newer)).toEqual(['line 2'])
  const list = await ask(client, 'PRIVMSG *playback :LIST')
  expect(said(list)).toContain(`#den ${AT / 1000} ${(AT + 2_000) / 1000}`)
})
