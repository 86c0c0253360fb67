// Three programs of one person at once: irssi and WeeChat by playback, senpai by chathistory and bouncer-networks. What is
// on their screens. SCREENSHOTS=DIRECTORY writes them down, to be looked at.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBouncer } from '../support/bouncer-process.ts'
import { type Ca, createCa } from '../support/ca.ts'
import { freePorts } from '../support/daemon.ts'
import { startInspircd } from '../support/inspircd.ts'
import { connect, type IrcClient } from '../support/irc-client.ts'
import { startFreshIrssi, startIrssi, startSenpai, startWeechat } from '../support/irc-terminal.ts'
import { requirePeer } from '../support/peers.ts'
import { startRelay } from '../support/relay.ts'
import type { Terminal } from '../support/terminal.ts'
import { waitFor } from '../support/wait-for.ts'

let ca: Ca
beforeAll(async () => {
  ca = await createCa()
})
afterAll(() => ca.close())

const size = { columns: 100, rows: 44 }
const REPLIES_MS = 20_000

/** A program, and how one looks into its windows. */
interface Program {
  name: string
  terminal: Terminal
  /** Shows a window. */
  command: string
  /** What its screen has when that is shown. */
  sign(window: string): RegExp
}

const irssiOf = (terminal: Terminal): Program => ({
  name: 'irssi',
  terminal,
  command: '/window goto',
  sign: (window) => new RegExp(`:net/${window}\\b`),
})
const weechatOf = (terminal: Terminal): Program => ({
  name: 'weechat',
  terminal,
  command: '/buffer',
  sign: (window) => new RegExp(`\\[irc/net\\] \\d+:${window}\\b`),
})
const senpaiOf = (terminal: Terminal): Program => ({
  name: 'senpai',
  terminal,
  command: '/buffer',
  sign: (window) => new RegExp(`${window} +▐`),
})

/** Types as a person does, who sees what she typed before she presses Enter. */
async function enter({ terminal }: Program, text: string) {
  await terminal.type(text)
  await terminal.waitFor(text)
  await terminal.press('Enter')
}

async function open(program: Program, window: string) {
  await enter(program, `${program.command} ${window}`)
  await program.terminal.waitFor(program.sign(window))
}

/** Says a line in a window, which the other side hears. */
async function say(program: Program, window: string, text: string, hare: IrcClient) {
  await open(program, window)
  await enter(program, text)
  await hare.expect(({ params }) => params.at(-1) === text, { timeoutMs: REPLIES_MS })
}

/** Who said what in a window, by the numbers of the lines, once it has the last one. */
async function linesIn(program: Program, window: string, last: string, moment: string) {
  await open(program, window)
  const screen = await program.terminal.waitFor(new RegExp(`\\b${last}\\b`))
  keep(screen, `${moment}-${program.name}-${window.replace('#', '')}`)
  const lines = screen.matchAll(/(?:\b(hare|fox)\b[>\s│]+)?\b([CP]\d)\b/g)
  return Array.from(lines, ([, who = 'nobody', number]) => `${who} ${number}`)
}

function keep(screen: string, name: string) {
  const directory = process.env['SCREENSHOTS']
  if (directory === undefined) return
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, `${name}.txt`), screen)
}

const isHere = (['inspircd4', 'irssi', 'weechat', 'senpai', 'tmux'] as const).every(requirePeer)

test.skipIf(!isHere)('irssi, WeeChat and senpai see everything once, in order', async () => {
  await using ircd = await startInspircd({ ca })
  await using hare = await connect({ port: ircd.port })
  await hare.register({ nick: 'hare' })
  hare.send('JOIN #den')
  await hare.expect('366 * #den')
  const people = [{ name: 'fox', port: ircd.port, channels: ['#den'] }]
  await using bouncer = await startBouncer({ people })
  await hare.expect(({ command, nick }) => command === 'JOIN' && nick === 'fox')
  await using watch = await bouncer.client('fox', 'watch', ['draft/read-marker', 'server-time'])

  await using relay = await startRelay(bouncer.port)
  const { pass } = bouncer.login('fox')
  const options = { ca, port: bouncer.port, nick: 'fox', ...size }
  const irssiOptions = { ...options, pass: `fox/den@irssi:${pass}` }
  const senpaiOptions = { ...options, port: relay.port, sasl: { account: 'fox', password: pass } }
  /** What the stranger says, when the bouncer has it. */
  const hear = async (target: string, text: string) => {
    hare.send(`PRIVMSG ${target} :${text}`)
    return watch.expect(({ params }) => params[1] === text)
  }
  /** The others have read the line when somebody has. */
  const readUpTo = (target: string, time: string) =>
    watch.expect(
      ({ command, params: [name, marker = ''] }) =>
        command === 'MARKREAD' && name === target && marker >= `timestamp=${time}`,
    )

  await using firstIrssi = await startIrssi(irssiOptions)
  await using onlyWeechat = await startWeechat({ ...options, pass: `fox/den@weechat:${pass}` })
  await using onlySenpai = await startSenpai(senpaiOptions)
  const weechat = weechatOf(onlyWeechat)
  const senpai = senpaiOf(onlySenpai)
  const all = [irssiOf(firstIrssi), weechat, senpai] as const
  for (const { terminal } of all) await terminal.waitFor(/#den|Act: 2/)
  await hear('#den', 'C1 hello')
  await hear('#den', 'C2 how are you?')
  await hear('fox', 'P1 psst')
  for (const [index, program] of all.entries()) {
    await say(program, '#den', `C${index + 3} fine, says ${program.name}`, hare)
    await say(program, 'hare', `P${index + 2} and ${program.name} whispers`, hare)
  }
  const said = ['hare C1', 'hare C2', 'fox C3', 'fox C4', 'fox C5']
  const whispered = ['hare P1', 'fox P2', 'fox P3', 'fox P4']
  for (const program of all) {
    expect(await linesIn(program, 'hare', 'P4', 'together'), program.name).toEqual(whispered)
    expect(await linesIn(program, '#den', 'C5', 'together'), program.name).toEqual(said)
  }

  // irssi leaves in order.
  await enter(all[0], '/quit')
  await waitFor(() => firstIrssi.hasEnded(), { what: 'the end of irssi' })
  const { tags } = await hear('#den', 'C6 is irssi here?')
  await readUpTo('#den', tags['time'] ?? '')
  await hear('fox', 'P5 where is irssi?')
  await say(weechat, '#den', 'C7 no, says WeeChat', hare)
  await say(senpai, 'hare', 'P6 away, whispers senpai', hare)
  await hear('#den', 'C8 bye')
  await using nextIrssi = await startIrssi(irssiOptions)
  const irssi = irssiOf(nextIrssi)
  await nextIrssi.waitFor(/Act: .*3/)
  expect(await linesIn(irssi, '#den', 'C8', 'back')).toEqual(['hare C6', 'fox C7', 'hare C8'])
  expect(await linesIn(irssi, 'hare', 'P6', 'back')).toEqual(['hare P5', 'fox P6'])

  // senpai is cut off, misses two lines, and comes back by itself.
  await say(senpai, '#den', 'C9 a tunnel comes, says senpai', hare)
  const { tags: lastKnown } = await watch.expect(
    ({ params }) => params[1]?.startsWith('C9') === true,
  )
  relay.cut()
  // senpai compares whole seconds: what it missed in the second of the last line it knows, it shows above all others.
  const isLater = () =>
    Math.floor(Date.now() / 1000) > Math.floor(Date.parse(lastKnown['time'] ?? '') / 1000)
  await waitFor(isLater, { what: 'the next second' })
  await hear('#den', 'C0 good night')
  await hear('fox', 'P7 sleep well')
  relay.open()
  keep(await onlySenpai.waitFor(/^ *hare +1\b/m, { timeoutMs: 90_000 }), 'back-senpai')
  said.push('hare C6', 'fox C7', 'hare C8', 'fox C9', 'hare C0')
  whispered.push('hare P5', 'fox P6', 'hare P7')
  for (const program of [irssi, weechat, senpai]) {
    const missed = program === irssi ? { said: 5, whispered: 4 } : { said: 0, whispered: 0 }
    expect(await linesIn(program, 'hare', 'P7', 'end'), program.name).toEqual(
      whispered.slice(missed.whispered),
    )
    expect(await linesIn(program, '#den', 'C0', 'end'), program.name).toEqual(
      said.slice(missed.said),
    )
  }
})

const hasIrssi = (['inspircd4', 'irssi', 'tmux'] as const).every(requirePeer)

test.skipIf(!hasIrssi)('a new irssi is connected by what the README says', async () => {
  await using ircd = await startInspircd({ ca })
  await using hare = await connect({ port: ircd.port })
  await hare.register({ nick: 'hare' })
  hare.send('JOIN #den')
  const [port = 0] = await freePorts(1)
  const env = { FUCHSBAU_BOUNCER_LISTEN: `127.0.0.1:${port}`, FUCHSBAU_OWNER_PASSWORD: 'fox-den' }
  await using bouncer = await startBouncer({ people: [], env })
  const [, fingerprint = ''] = /certificate \(SHA-256\): (\S+)/.exec(bouncer.log()) ?? []
  const readme = join(import.meta.dirname, '../../services/bouncer/README.md')
  const [, block = ''] = /```\n(\/network add [^`]*)```/.exec(readFileSync(readme, 'utf8')) ?? []
  const lines = block
    .replaceAll('FINGERPRINT', fingerprint)
    .replaceAll('PASSWORD', 'fox-den')
    .replaceAll('127.0.0.1 6697', `127.0.0.1 ${port}`)
    // Libera itself is not disturbed.
    .replace(
      'network add libera\n',
      `network create -name libera -addr irc+insecure://127.0.0.1:${ircd.port}\n`,
    )
    .trimEnd()
    .split('\n')
  expect(lines).toHaveLength(7)
  await using irssi = await startFreshIrssi({ columns: 150, rows: 60 })
  await irssi.waitFor('[(status)]')
  for (const line of lines) {
    await irssi.enter(line)
    if (line === '/connect fuchsbau') await irssi.waitFor('Welcome to Fuchsbau')
    if (line.startsWith('/msg')) {
      await irssi.enter('/window goto BouncerServ')
      await irssi.waitFor('Clients reach it as you/libera')
      await irssi.enter('/window goto 1')
    }
  }
  keep(await irssi.waitFor('Welcome to libera, by way of Fuchsbau'), 'new-irssi')
  await irssi.enter('/join #den')
  const { nick } = await hare.expect(
    ({ command, nick: who }) => command === 'JOIN' && who !== 'hare',
    { timeoutMs: REPLIES_MS },
  )
  expect(nick).toBe('you')
})
