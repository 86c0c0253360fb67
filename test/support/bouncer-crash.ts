// A flood that goes on through kills of the bouncer: what its clients got, and what is there afterwards.

import { fetchHistory } from './bouncer-history.ts'
import { type BouncerProcess, openBouncerStore, startBouncer } from './bouncer-process.ts'
import { type FakeIrcServer, startFakeIrc } from './fake-irc-server.ts'
import type { IrcClient } from './irc-client.ts'
import { waitFor } from './wait-for.ts'

const CHANNEL = '#den'
const CAPS = ['server-time', 'message-tags', 'batch', 'draft/chathistory']

export interface CrashReport {
  kills: number
  /** Lines that were said, and those that reached a client before a kill. */
  said: number
  heard: number
  /** What is wrong: nothing, if all is well. */
  problems: string[]
}

/** What is stored, oldest first. */
interface Kept {
  id: number
  text: string
}

/** Floods a bouncer with so many lines in each round, kills it in the middle, starts it again, and looks. */
export async function floodThroughKills(rounds: number, lines: number): Promise<CrashReport> {
  await using server = await startFakeIrc()
  await using bouncer = await startBouncer({
    people: [{ name: 'fox', port: server.port, channels: [CHANNEL] }],
  })
  await server.expectLine(`JOIN ${CHANNEL}`)
  const report: CrashReport = { kills: 0, said: 0, heard: 0, problems: [] }
  const heard = new Set<string>()
  /** Behind which line the old client is to go on. */
  let receipt = 0
  for (let round = 0; round < rounds; round++) {
    const old = await bouncer.client('fox', 'old')
    const modern = await bouncer.client('fox', 'modern', CAPS)
    const flood = server.flood(lines, { target: CHANNEL, nick: 'hare', text: textOf(round) })
    // A different place in each round, from a fifth of the flood on.
    const until = Math.floor(lines * (0.2 + (0.6 * (round + 1)) / (rounds + 1)))
    await waitFor(() => saidTo(modern).length >= until, {
      what: `${until} lines of round ${round}`,
      timeoutMs: 60_000,
      everyMs: 1,
    })
    await bouncer.kill()
    report.kills += 1
    await Promise.all([flood, old.closed, modern.closed])
    report.said += lines
    for (const text of [...saidTo(modern), ...saidTo(old)]) heard.add(text)
    report.heard = heard.size
    const kept = readStore(bouncer)
    report.problems.push(...compare(`round ${round}`, kept.lines, heard))
    report.problems.push(...playedFrom(`round ${round}`, saidTo(old), kept.lines, receipt))
    receipt = kept.receipt
    await comeBack(server, bouncer)
  }
  report.problems.push(...(await lookByProtocol(bouncer, heard, rounds, receipt)))
  return report
}

const textOf = (round: number) => (index: number) => `round ${round} line ${index}`

/** A client without server-time gets the time in the text. */
const STAMP = /^\[[\d:]+\] /

function saidTo({ lines }: IrcClient): string[] {
  return lines
    .filter(({ command, nick }) => command === 'PRIVMSG' && nick === 'hare')
    .map(({ params }) => (params[1] ?? '').replace(STAMP, ''))
}

/** Said lines, and the receipt of the old client. */
function readStore(bouncer: BouncerProcess): { lines: Kept[]; receipt: number } {
  const store = openBouncerStore(bouncer)
  const [network] = store.networks.all()
  const lines: Kept[] = []
  for (let last = 0, isMore = true; isMore; ) {
    const page = store.messages.afterId(network?.id ?? 0, last, 1000)
    for (const { id, text, kind } of page) if (kind === 'PRIVMSG') lines.push({ id, text })
    last = page.at(-1)?.id ?? last
    isMore = page.length > 0
  }
  const receipt = store.receipts.get(network?.id ?? 0, 'old') ?? 0
  store.close()
  return { lines, receipt }
}

/** Starts it again; resolves when it is in the channel. */
async function comeBack(server: FakeIrcServer, bouncer: BouncerProcess): Promise<void> {
  await bouncer.start()
  await server.expectLine(`JOIN ${CHANNEL}`, { timeoutMs: 30_000 })
}

/** No line that was heard is missing, none is there twice, and all are in the order in which they were said. */
function compare(when: string, kept: readonly Kept[], heard: ReadonlySet<string>): string[] {
  const texts = kept.map(({ text }) => text)
  const there = new Set(texts)
  const missing = [...heard].filter((text) => !there.has(text))
  const problems = missing
    .slice(0, 5)
    .map((text) => `${when}: "${text}" was heard and is not there`)
  if (there.size < texts.length) problems.push(`${when}: ${texts.length - there.size} are doubled`)
  const ordered = texts.toSorted((a, b) => placeOf(a) - placeOf(b))
  if (texts.some((text, index) => text !== ordered[index])) problems.push(`${when}: out of order`)
  return problems
}

function placeOf(text: string): number {
  const [, round = 0, index = 0] = /^round (\d+) line (\d+)$/.exec(text) ?? []
  return Number(round) * 1_000_000 + Number(index)
}

/**
 * A client that cannot fetch history got what is behind its receipt, each line once and in order, as far as it got before
 * the kill.
 */
function playedFrom(
  when: string,
  got: readonly string[],
  kept: readonly Kept[],
  receipt: number,
): string[] {
  const due = kept.filter(({ id }) => id > receipt).map(({ text }) => text)
  const wrong = got.findIndex((text, index) => text !== due[index])
  if (wrong < 0) return []
  return [`${when}: line ${wrong} of the old client is "${got[wrong]}", not "${due[wrong]}"`]
}

/** What clients see when all is quiet: the history, its gaps, and the rest for the old client. */
async function lookByProtocol(
  bouncer: BouncerProcess,
  heard: ReadonlySet<string>,
  kills: number,
  receipt: number,
): Promise<string[]> {
  await using modern = await bouncer.client('fox', 'modern', CAPS)
  const history = await fetchHistory(modern, CHANNEL)
  const kept = history
    .filter(({ nick }) => nick === 'hare')
    .map(({ params }, id) => ({ id, text: params[1] ?? '' }))
  const problems = compare('chathistory', kept, heard)
  const gaps = history.filter(({ params }) => params[1]?.startsWith('No lines from here'))
  if (gaps.length !== kills) problems.push(`${gaps.length} gaps are visible, not ${kills}`)
  const old = await bouncer.client('fox', 'old')
  const last = kept.at(-1)?.text
  await waitFor(() => saidTo(old).at(-1) === last || saidTo(old).length > kept.length, {
    what: `"${last}" to be played`,
    context: () => saidTo(old).slice(-3).join(),
  })
  await old.close()
  await bouncer.stop()
  const stored = readStore(bouncer)
  problems.push(...playedFrom('the end', saidTo(old), stored.lines, receipt))
  const newest = stored.lines.at(-1)?.id ?? 0
  if (stored.receipt < newest) problems.push('QUIT did not move the receipt of the old client')
  return problems
}
