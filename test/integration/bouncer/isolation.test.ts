// One person never sees or touches what is another's, whatever she asks by IRC. Fox asks; owl has secrets.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type BouncerProcess,
  openBouncerStore,
  startBouncer,
} from '../../support/bouncer-process.ts'
import { type FakeIrcServer, startFakeIrc } from '../../support/fake-irc-server.ts'
import { connect, type IrcClient } from '../../support/irc-client.ts'

const CAPS = [
  'batch',
  'draft/chathistory',
  'labeled-response',
  'message-tags',
  'server-time',
  'standard-replies',
  'soju.im/bouncer-networks',
  'soju.im/search',
]
/** Of owl: what she heard, where and from whom, her network, her client, her network's host. */
const SECRETS = ['moonstone', '#grotto', 'hedgehog', 'burrow', 'owlphone', 'irc.owl.test']
/** The first person's network has this number in the database. */
const OWLS = 1

let foxes: FakeIrcServer
let owls: FakeIrcServer
let bouncer: BouncerProcess
let owl: IrcClient
/** Is there all the time, so that the person does not come and go with each client that asks. */
let stays: IrcClient
let msgid = ''
let heardBefore = 0
let toldBefore = 0

beforeAll(async () => {
  foxes = await startFakeIrc({ name: 'irc.fox.test' })
  owls = await startFakeIrc({ name: 'irc.owl.test' })
  bouncer = await startBouncer({
    people: [
      { name: 'owl', port: owls.port, network: 'burrow', channels: ['#grotto'] },
      { name: 'fox', port: foxes.port, channels: ['#den'] },
    ],
  })
  await foxes.expectLine('JOIN #den')
  await owls.expectLine('JOIN #grotto')
  owl = await bouncer.client('owl', 'owlphone', CAPS)
  await owl.expect('366 * #grotto')
  owls.say('#grotto', 'hedgehog', 'the moonstone is under the oak')
  msgid = (await owl.expect('PRIVMSG #grotto')).tags['msgid'] ?? ''
  owls.say('owl', 'hedgehog', 'bring the moonstone')
  owl.send('MARKREAD #grotto timestamp=2026-01-01T00:00:00.000Z')
  await owl.expect('MARKREAD #grotto')
  foxes.say('#den', 'hare', 'nothing to hide')
  await owl.sync()
  stays = await bouncer.client('fox', 'stays')
  heardBefore = owl.lines.length
  toldBefore = owls.received.length
})

afterAll(async () => {
  await stays.close()
  await bouncer[Symbol.asyncDispose]()
  await foxes.stop()
  await owls.stop()
})

/** What fox says, and a line of the answer, so that it is known that it was handled. */
const requests: readonly [request: string, answer: RegExp][] = [
  ['BOUNCER LISTNETWORKS', / BOUNCER NETWORK 2 /],
  [`BOUNCER CHANGENETWORK ${OWLS} name=mine`, / FAIL BOUNCER INVALID_NETID /],
  [`BOUNCER CHANGENETWORK ${OWLS} host=127.0.0.1;port=1`, / FAIL BOUNCER INVALID_NETID /],
  [`BOUNCER DELNETWORK ${OWLS}`, / FAIL BOUNCER INVALID_NETID /],
  [`BOUNCER BIND ${OWLS}`, / FAIL BOUNCER /],
  ['CHATHISTORY LATEST #grotto * 100', / (BATCH \+|FAIL CHATHISTORY )/],
  ['CHATHISTORY LATEST hedgehog * 100', / (BATCH \+|FAIL CHATHISTORY )/],
  ['CHATHISTORY AROUND #den msgid=MSGID 100', / (BATCH \+|FAIL CHATHISTORY )/],
  ['CHATHISTORY BEFORE #grotto msgid=MSGID 100', / (BATCH \+|FAIL CHATHISTORY )/],
  [
    'CHATHISTORY TARGETS timestamp=1970-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 100',
    / BATCH \+/,
  ],
  ['SEARCH text=moonstone', / (BATCH \+|FAIL SEARCH )/],
  ['SEARCH from=hedgehog', / (BATCH \+|FAIL SEARCH )/],
  ['SEARCH in=#grotto;text=oak', / (BATCH \+|FAIL SEARCH )/],
  ['MARKREAD #grotto', / (MARKREAD #grotto \*|FAIL MARKREAD )/],
  ['REDACT #grotto MSGID', / (FAIL REDACT|4\d\d )/],
  ['NAMES #grotto', / 366 /],
  ['TOPIC #grotto', / (331|332|403|442) /],
  ['MODE #grotto', / (324|403|442|401) /],
  ['WHO #grotto', / 315 /],
  ['WHOIS owl', / (318|401) /],
  ['MONITOR + hedgehog', / 73[01] /],
  ['PRIVMSG BouncerServ :network status', /BouncerServ.*den/],
  ['PRIVMSG BouncerServ :network update burrow -enabled false', /BouncerServ/],
  ['PRIVMSG BouncerServ :network quote burrow QUIT', /BouncerServ/],
  ['PRIVMSG BouncerServ :network disconnect burrow', /BouncerServ/],
  ['PRIVMSG BouncerServ :network delete burrow', /BouncerServ/],
  ['PRIVMSG BouncerServ :channel status -network burrow', /BouncerServ/],
  ['PRIVMSG BouncerServ :channel status', /BouncerServ/],
  ['PRIVMSG BouncerServ :history search moonstone', /BouncerServ/],
  ['PRIVMSG BouncerServ :history search moonstone -network burrow', /BouncerServ/],
  ['PRIVMSG BouncerServ :history delete #grotto -network burrow -yes', /BouncerServ/],
  ['PRIVMSG BouncerServ :sasl status -network burrow', /BouncerServ/],
  ['PRIVMSG BouncerServ :sasl set-plain -network burrow owl hoot', /BouncerServ/],
  ['PRIVMSG BouncerServ :certfp generate -network burrow', /BouncerServ/],
  ['PRIVMSG BouncerServ :user status owl', /BouncerServ/],
  ['PRIVMSG BouncerServ :user status', /BouncerServ/],
  ['PRIVMSG BouncerServ :user update owl -password stolen', /BouncerServ/],
  ['PRIVMSG BouncerServ :user update owl -enabled false', /BouncerServ/],
  ['PRIVMSG BouncerServ :user update fox -admin true', /BouncerServ/],
  ['PRIVMSG BouncerServ :user delete owl -yes', /BouncerServ/],
  ['PRIVMSG BouncerServ :user run owl network status', /BouncerServ/],
  ['PRIVMSG BouncerServ :server status', /BouncerServ/],
  ['PRIVMSG BouncerServ :server debug owl', /BouncerServ/],
  ['PRIVMSG BouncerServ :server notice give me the moonstone', /BouncerServ/],
  ['PRIVMSG *status :ListNetworks', /\*status/],
  ['PRIVMSG *status :ListChans', /\*status/],
  ['PRIVMSG *status :ListClients owl', /\*status/],
  ['PRIVMSG *status :ListUsers', /\*status/],
  ['PRIVMSG *status :ListAllUserNetworks', /\*status/],
  ['PRIVMSG *status :DelNetwork burrow', /\*status/],
  ['PRIVMSG *status :Traffic', /\*status/],
  ['PRIVMSG *playback :PLAY * 0', / (PRIVMSG|BATCH) /],
  ['PRIVMSG *playback :LIST *', / /],
]

describe('what fox is answered tells nothing of owl', () => {
  test.each(requests)('%s', async (request, answer) => {
    const said = request.replace('MSGID', msgid)
    await using fox = await bouncer.client('fox', 'asks', CAPS)
    await fox.sync({ timeoutMs: 20_000 })
    fox.send(said)
    await fox.expect(answer, { timeoutMs: 20_000 })
    // Behind this all is answered.
    await fox.sync({ timeoutMs: 20_000 })
    // What she has said herself may be said again.
    const unsaid = SECRETS.filter((secret) => !said.includes(secret))
    const told = fox.lines.filter(({ raw }) => unsaid.some((secret) => raw.includes(secret)))
    expect(told.map(({ raw }) => raw)).toEqual([])
    const lines = fox.lines.filter(({ raw }) => raw.includes('under the oak'))
    expect(lines).toEqual([])
  })
})

describe('fox cannot log in to what is owls', () => {
  const logins: readonly [what: string, user: string, beforeEnd: string[]][] = [
    ['her network by name', 'fox/burrow@x', []],
    ['her network by number', 'fox/1', []],
    ['her network by BOUNCER BIND', 'fox', [`BOUNCER BIND ${OWLS}`]],
    ['her account with the password of another', 'owl/burrow', []],
  ]
  test.each(logins)('%s', async (what, user, beforeEnd) => {
    await using fox = await connect({ port: bouncer.port })
    const { pass } = bouncer.login('fox')
    const wrong = what.includes('account') ? 'fox’s own' : pass
    const sasl = { mechanism: 'PLAIN', account: user, password: wrong } as const
    const attempt = fox.register({ nick: 'fox', sasl, caps: CAPS, beforeEnd, timeoutMs: 3_000 })
    const welcome = await attempt.catch(() => undefined)
    const unsaid = SECRETS.filter((secret) => !user.includes(secret))
    const told = fox.lines.filter(({ raw }) => unsaid.some((secret) => raw.includes(secret)))
    expect(told.map(({ raw }) => raw)).toEqual([])
    // BIND is refused, and she is on no network then.
    expect(welcome?.isupport.get('BOUNCER_NETID') ?? '').toBe('')
    if (beforeEnd.length === 0) expect(welcome).toBeUndefined()
  })
})

test('owl has noticed nothing, and all that is hers is as it was', async () => {
  await owl.sync()
  const isLife = ({ command }: { command: string }) => /^(PING|PONG)$/.test(command)
  const heard = owl.lines.slice(heardBefore).filter((line) => !isLife(line))
  expect(heard.map(({ raw }) => raw)).toEqual([])
  const told = owls.received.slice(toldBefore).filter((line) => !isLife(line))
  expect(told.map(({ raw }) => raw)).toEqual([])
  await owl.close()
  await using again = await bouncer.client('owl', 'owlphone')
  await again.expect('366 * #grotto')
  await bouncer.stop()
  const store = openBouncerStore(bouncer)
  expect(store.users.list().map(({ name, isAdmin }) => [name, isAdmin])).toEqual([
    ['fox', false],
    ['owl', true],
  ])
  const networks = store.networks
    .all()
    .map(({ id, name, port, isEnabled, saslUser, certificate }) => ({
      id,
      name,
      port,
      isEnabled,
      saslUser,
      certificate,
    }))
  const unchanged = { isEnabled: true, saslUser: '', certificate: '' }
  expect(networks).toEqual([
    { id: OWLS, name: 'burrow', port: owls.port, ...unchanged },
    { id: 2, name: 'den', port: foxes.port, ...unchanged },
  ])
  const kept = store.messages.afterId(OWLS, 0, 100)
  expect(kept.filter(({ text }) => text.includes('moonstone'))).toHaveLength(2)
  store.close()
})
