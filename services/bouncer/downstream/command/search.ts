// SEARCH: what was said, by words, sender, conversation and time, in the client's network.
// https://codeberg.org/emersion/soju/src/branch/master/doc/ext/search.md
import { storedLine } from '../../history/playback.ts'
import type { Message } from '../../irc/message.ts'
import { parseServerTime } from '../../irc/server-time.ts'
import { parseTags } from '../../irc/tags.ts'
import type { Network } from '../../network.ts'
import type { StoredMessage } from '../../store/records.ts'
import { sendBatch } from '../batch.ts'
import type { Downstream } from '../downstream.ts'
import { toNetwork } from './pass.ts'

const MOST_RESULTS = 100
/** A page reads up to 4,000 candidates, about 20 ms: others wait no longer than five of them. */
const MOST_PAGES = 5
const MOST_CHARACTERS = 1_000

interface Wanted {
  text: string
  from?: string
  in?: string
  /** Both included. */
  after?: number
  before?: number
  limit: number
}

export function onSearch(downstream: Downstream, message: Message): void {
  const { network, caps } = downstream
  if (!caps.has('soju.im/search')) {
    toNetwork(downstream, message)
    return
  }
  const invalid = (what: string, why: string) =>
    downstream.fail('SEARCH', 'INVALID_PARAMS', what.slice(0, 50) || '*', why)
  if (!network) {
    invalid('*', 'You are on no network here')
    return
  }
  const wanted = readAttributes(message.params[0] ?? '', invalid)
  if (!wanted) return
  const isBroad = wanted.in === undefined && wanted.from === undefined && wanted.text === ''
  if (isBroad) {
    invalid('text', 'Say what is searched for: text, from or in')
    return
  }
  const lines = find(network, wanted).map((stored) =>
    storedLine(stored, downstream.nick, !network.isChannel(stored.target)),
  )
  sendBatch(downstream, 'soju.im/search', [], lines)
}

/** Undefined when one can't be read: it was told. Those that are not known are left out, as in message tags. */
function readAttributes(
  given: string,
  invalid: (what: string, why: string) => void,
): Wanted | undefined {
  if (given.length > MOST_CHARACTERS) {
    invalid('*', 'This is too much to search for')
    return
  }
  const attributes = parseTags(given, 0, given.length)
  const from = attributes.get('from')
  const target = attributes.get('in')
  const limit = attributes.get('limit') ?? String(MOST_RESULTS)
  const times: { after?: number; before?: number } = {}
  for (const bound of ['after', 'before'] as const) {
    const text = attributes.get(bound)
    const time = text === undefined ? undefined : parseServerTime(text)
    if (time !== undefined) times[bound] = time
    else if (text !== undefined) {
      invalid(bound, 'A time is of the form 2026-01-31T12:34:56.789Z')
      return
    }
  }
  if (!/^\d{1,9}$/.test(limit) || Number(limit) === 0) {
    invalid('limit', 'The limit is a number from 1 on')
    return
  }
  return {
    text: attributes.get('text') ?? '',
    ...(from && { from }),
    ...(target && { in: target }),
    ...times,
    limit: Math.min(Number(limit), MOST_RESULTS),
  }
}

/** Oldest first; the newest that fit, or where there is only a beginning, those next to it. */
function find(network: Network, wanted: Wanted): StoredMessage[] {
  if (wanted.text !== '' || wanted.from !== undefined) return findByWords(network, wanted)
  const { messages } = network.bouncer.store
  const { in: target = '', after, before, limit } = wanted
  const foldedTarget = network.fold(target)
  const query = { networkId: network.record.id, foldedTarget, limit, withEvents: false }
  const from = { time: (after ?? 0) - 1 }
  const to = { time: (before ?? Number.MAX_SAFE_INTEGER - 1) + 1 }
  if (after === undefined) return messages.before(query, to)
  return before === undefined ? messages.after(query, from) : messages.between(query, from, to)
}

function findByWords(network: Network, wanted: Wanted): StoredMessage[] {
  const { store } = network.bouncer
  const { text, from, in: target, after, before, limit } = wanted
  const query = {
    userId: network.user.record.id,
    networkIds: [network.record.id],
    text,
    limit: MOST_RESULTS,
    ...(from !== undefined && { from }),
    ...(target !== undefined && { foldedTarget: network.fold(target) }),
    ...(after !== undefined && { after: after - 1 }),
    ...(before !== undefined && { before: before + 1 }),
  }
  const found: StoredMessage[] = []
  let beforeId: number | undefined
  for (let page = 0; page < MOST_PAGES && found.length < limit; page++) {
    const { messages, next } = store.search.find({ ...query, ...(beforeId && { beforeId }) })
    // Topics are found too, but are no messages.
    found.push(...messages.filter(({ kind }) => kind === 'PRIVMSG' || kind === 'NOTICE'))
    beforeId = next
    if (next === undefined) break
  }
  return found.slice(0, limit).sort((a, b) => a.time - b.time || a.id - b.id)
}
