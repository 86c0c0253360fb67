// Hostile lines, 10,000 of a person's clients and 10,000 of her network: the process goes on, holds no more memory, and
// another person, on another network, notices nothing. Deterministic; FUCHSBAU_FUZZ_SEED tries another course.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientLine, dice, serverLine } from '../../support/bouncer-fuzz.ts'
import { type BouncerProcess, startBouncer } from '../../support/bouncer-process.ts'
import { type FakeIrcServer, startFakeIrc } from '../../support/fake-irc-server.ts'
import { heldMiB, MEASURABLE } from '../../support/heap.ts'
import { connect, type IrcClient } from '../../support/irc-client.ts'
import type { IrcLine } from '../../support/irc-line.ts'
import { waitFor } from '../../support/wait-for.ts'

const LINES = 10_000
/** After so many the clients are replaced by new ones. */
const LINES_OF_CLIENT = 250
const AT_ONCE = 25
const seed = Number(process.env['FUCHSBAU_FUZZ_SEED'] ?? 4)
const CAPS = ['message-tags', 'server-time', 'batch', 'labeled-response', 'standard-replies']

let foxes: FakeIrcServer
let owls: FakeIrcServer
let bouncer: BouncerProcess
/** Logged in as the other person, all the time. */
let owl: IrcClient

beforeAll(async () => {
  foxes = await startFakeIrc({ name: 'irc.fox.test' })
  owls = await startFakeIrc({ name: 'irc.owl.test' })
  bouncer = await startBouncer({
    people: [
      { name: 'owl', port: owls.port, network: 'burrow', channels: ['#burrow'] },
      { name: 'fox', port: foxes.port, channels: ['#den'] },
    ],
    env: MEASURABLE,
  })
  await foxes.expectLine('JOIN #den')
  await owls.expectLine('JOIN #burrow')
  owl = await bouncer.client('owl', 'watch', CAPS)
  await owl.sync()
})

afterAll(async () => {
  await owl.close()
  await bouncer[Symbol.asyncDispose]()
  await foxes.stop()
  await owls.stop()
})

/** What the other person and her network have heard by now, but for signs of life. */
async function unnoticed() {
  const pid = bouncer.pid()
  await owl.sync()
  const seen = owl.lines.length
  const told = owls.received.length
  const isLife = ({ command }: { command: string }) => /^(PING|PONG)$/.test(command)
  return async () => {
    expect(bouncer.pid(), bouncer.log()).toBe(pid)
    await owl.sync({ timeoutMs: 10_000 })
    const heard = owl.lines.slice(seen).filter((line) => !isLife(line))
    expect(heard.map(({ raw }) => raw)).toEqual([])
    const sent = owls.received.slice(told).filter((line) => !isLife(line))
    expect(sent.map(({ raw }) => raw)).toEqual([])
    expect(bouncer.log()).not.toMatch(/"level":"(error|fatal)"/)
  }
}

/** A client or a network is never sent what was smuggled into a parameter, nor bytes that are no part of a line. */
function expectClean(lines: readonly { raw: string; command: string }[]) {
  const dirty = lines.filter(
    ({ raw, command }) => command === 'INJECTED' || /[\r\n\0]/.test(raw) || command === '',
  )
  expect(dirty.map(({ raw }) => raw.slice(0, 200))).toEqual([])
}

test(`${LINES} fuzzed lines of a network: no harm done`, async () => {
  await using fox = await bouncer.client('fox', 'watch', CAPS)
  const expectUnnoticed = await unnoticed()
  const random = dice(seed + 1)
  let held = 0
  const isThere = () => foxes.connections.some(({ isRegistered }) => isRegistered)
  for (let sent = 0; sent < LINES; sent += AT_ONCE) {
    if (sent === LINES / 5) held = await heldMiB(bouncer)
    for (let left = AT_ONCE; left > 0; left--) foxes.raw(serverLine(random))
    await fox.sync({ timeoutMs: 20_000 })
    if (!isThere()) await waitFor(isThere, { what: 'the bouncer to be back', timeoutMs: 20_000 })
  }
  // A megabyte without an end is not kept.
  foxes.raw(Buffer.concat([Buffer.alloc(1024 * 1024, 'z'), Buffer.from('\n')]))
  expect(fox.lines.length).toBeGreaterThan(LINES / 10)
  expectClean(fox.lines)
  expectClean(foxes.received)
  expect((await heldMiB(bouncer)) - held).toBeLessThan(12)
  await expectUnnoticed()
}, 120_000)

test(`${LINES} fuzzed lines of clients, before and after the welcome: no harm done`, async () => {
  const expectUnnoticed = await unnoticed()
  const random = dice(seed)
  let held = 0
  for (let sent = 0; sent < LINES; sent += LINES_OF_CLIENT) {
    if (sent === LINES / 5) held = await heldMiB(bouncer)
    const isWelcome = sent % (LINES_OF_CLIENT * 2) === 0
    await using client = isWelcome
      ? await bouncer.client('fox', `c${sent}`, CAPS)
      : await connect({ port: bouncer.port })
    for (let left = LINES_OF_CLIENT; left > 0 && !client.isClosed; left -= AT_ONCE) {
      client.send(...Array.from({ length: AT_ONCE }, () => clientLine(random)))
      // Behind the welcome it is still answered, or has been sent away with a reason. A PONG would wait for the network.
      client.send(`@label=sync${left} CAP LIST`)
      const isAnswer = ({ tags }: IrcLine) => tags['label'] === `sync${left}`
      if (isWelcome) {
        const answer = client.expect(isAnswer, { timeoutMs: 20_000 }).catch(String)
        const outcome = await Promise.race([answer, client.closed])
        if (!client.isClosed) expect(outcome).toHaveProperty('command')
      }
    }
    expectClean(client.lines)
    if (client.isClosed) expect(client.lines.at(-1)?.command).toBe('ERROR')
  }
  expectClean(foxes.received)
  expect((await heldMiB(bouncer)) - held).toBeLessThan(12)
  await expectUnnoticed()
}, 120_000)

const answers: readonly [line: string, answer: RegExp][] = [
  ['x'.repeat(9_000), /^:\S+ 417 /],
  [`@+a=${'x'.repeat(5_000)} TAGMSG #den`, /^:\S+ 417 /],
  ['JOIN', /^:\S+ 461 \S+ JOIN /],
  ['PRIVMSG', /^:\S+ (461 \S+ PRIVMSG|411|412) /],
  ['CAP NONSENSE', /^:\S+ 410 \S+ NONSENSE /],
  ['CAP REQ :no-such-cap', /^:\S+ CAP \S+ NAK /],
  ['USER a 0 * :b', /^:\S+ 462 /],
  ['PASS :x', /^:\S+ 462 /],
  ['AUTHENTICATE NONSENSE', /^:\S+ (907|908) /],
  ['CHATHISTORY NONSENSE #den * 10', /^:\S+ FAIL CHATHISTORY INVALID_PARAMS /],
  ['CHATHISTORY LATEST #den * many', /^:\S+ FAIL CHATHISTORY INVALID_PARAMS /],
  ['CHATHISTORY BEFORE #den yesterday 10', /^:\S+ FAIL CHATHISTORY INVALID_MSGREFTYPE /],
  ['CHATHISTORY BEFORE #den', /^:\S+ FAIL CHATHISTORY NEED_MORE_PARAMS /],
  ['MARKREAD', /^:\S+ (FAIL MARKREAD NEED_MORE_PARAMS|461 \S+ MARKREAD) /],
  ['MARKREAD #den yesterday', /^:\S+ FAIL MARKREAD INVALID_PARAMS /],
  ['MONITOR', /^:\S+ 461 \S+ MONITOR /],
]

test.each(answers.map(([line, answer]) => [line.slice(0, 40), line, answer] as const))(
  '%s is answered in the words of the protocol',
  async (_, line, answer) => {
    await using fox = await bouncer.client('fox', 'asks', CAPS)
    await fox.sync({ timeoutMs: 20_000 })
    fox.send(line)
    await expect(fox.expect(answer)).resolves.toBeDefined()
  },
)

test('then both are as well as before', async () => {
  const later = foxes.received.length
  foxes.cut()
  await foxes.expectLine('CAP END', { since: later, timeoutMs: 20_000 })
  await using fox = await bouncer.client('fox', 'after', CAPS)
  fox.send('JOIN #well')
  // Channels that were joined on the way are joined again before it, one line in 2 s.
  await fox.expect('366 * #well', { timeoutMs: 60_000 })
  foxes.say('#well', 'hare', 'all is well')
  await fox.expect('PRIVMSG #well')
  owls.say('#burrow', 'vole', 'here too')
  expect((await owl.expect('PRIVMSG #burrow')).params).toEqual(['#burrow', 'here too'])
}, 100_000)
