// CHATHISTORY: pages of what was said. https://ircv3.net/specs/extensions/chathistory
import * as pages from '../../history/page.ts'
import { storedLine } from '../../history/playback.ts'
import { select } from '../../history/selector.ts'
import { type Message, messageFrom } from '../../irc/message.ts'
import { formatServerTime, parseServerTime } from '../../irc/server-time.ts'
import type { Network } from '../../network.ts'
import type { Bound } from '../../store/ranges.ts'
import type { StoredMessage } from '../../store/records.ts'
import { sendBatch } from '../batch.ts'
import type { Downstream } from '../downstream.ts'
import { Line } from '../line.ts'

/** Messages of one answer, as told in ISUPPORT. */
export const MOST_MESSAGES = 1_000

/** How many references a subcommand takes, and what it reads. LATEST may also have `*`. */
const SUBCOMMANDS: Readonly<Record<string, { bounds: 1 | 2; read: Reader }>> = {
  AFTER: { bounds: 1, read: (paging, [bound]) => pages.after(paging, bound) },
  AROUND: { bounds: 1, read: (paging, [bound]) => pages.around(paging, bound) },
  BEFORE: { bounds: 1, read: (paging, [bound]) => pages.before(paging, bound) },
  BETWEEN: { bounds: 2, read: (paging, [from, to]) => pages.between(paging, from, to) },
  LATEST: { bounds: 1, read: (paging, [bound]) => pages.latest(paging, bound) },
}

type Reader = (paging: pages.Paging, bounds: readonly [Bound, Bound]) => StoredMessage[]

export function onChathistory(downstream: Downstream, { params }: Message): void {
  const [given = '', target = ''] = params
  const verb = given.toUpperCase()
  const fail = failing(downstream, verb, target)
  if (verb === 'TARGETS') {
    sendTargets(downstream, params, fail)
    return
  }
  const subcommand = Object.hasOwn(SUBCOMMANDS, verb) ? SUBCOMMANDS[verb] : undefined
  if (!subcommand) {
    downstream.fail(
      'CHATHISTORY',
      'INVALID_PARAMS',
      given.slice(0, 50) || '*',
      'Unknown subcommand',
    )
    return
  }
  const limit = readLimit(params[subcommand.bounds + 2])
  if (target === '' || params.length < subcommand.bounds + 3) {
    downstream.fail('CHATHISTORY', 'NEED_MORE_PARAMS', verb, 'Missing parameters')
    return
  }
  const { network } = downstream
  if (!network) fail('INVALID_TARGET', 'You are on no network here')
  else if (limit === undefined) fail('INVALID_PARAMS', 'The limit is a number from 1 on')
  else {
    const references = params.slice(2, subcommand.bounds + 2)
    const bounds =
      verb === 'LATEST' && references[0] === '*'
        ? []
        : readBounds(network, target, references, fail)
    if (bounds)
      answer(downstream, network, target, limit, (paging) => {
        const [first, second = first] = bounds
        return first && second ? subcommand.read(paging, [first, second]) : pages.latest(paging)
      })
  }
}

type Fail = (code: string, text: string, context?: string) => void

function failing(downstream: Downstream, verb: string, target: string): Fail {
  return (code, text, context) => {
    const words = [verb, target || '*', ...(context === undefined ? [] : [context || '*'])]
    downstream.fail('CHATHISTORY', code, ...words.map((word) => word.slice(0, 100)), text)
  }
}

function readLimit(text = ''): number | undefined {
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0) return
  return Math.min(Number(text), MOST_MESSAGES)
}

/** Undefined when one can't be read: the client was told. */
function readBounds(
  network: Network,
  target: string,
  references: readonly string[],
  fail: Fail,
): Bound[] | undefined {
  const { store } = network.bouncer
  const conversation = { networkId: network.record.id, foldedTarget: network.fold(target) }
  const bounds: Bound[] = []
  for (const reference of references) {
    const selected = select(store, conversation, reference)
    if (selected.ok) {
      bounds.push(selected.bound)
      continue
    }
    if (selected.why === 'type') {
      fail('INVALID_MSGREFTYPE', 'A message is named by timestamp= or msgid=', reference)
    } else if (selected.why === 'form')
      fail('INVALID_PARAMS', 'This is no valid reference', reference)
    else fail('MESSAGE_ERROR', 'There is no such message', reference)
    return
  }
  return bounds
}

function answer(
  downstream: Downstream,
  network: Network,
  target: string,
  limit: number,
  read: (paging: pages.Paging) => StoredMessage[],
): void {
  const query = {
    networkId: network.record.id,
    foldedTarget: network.fold(target),
    limit,
    withEvents: downstream.caps.has('draft/event-playback'),
  }
  const isPrivate = !network.isChannel(target)
  const lines = read({ store: network.bouncer.store, query }).map((stored) =>
    storedLine(stored, downstream.nick, isPrivate),
  )
  sendBatch(downstream, 'chathistory', [target], lines)
  for (const { id } of lines) downstream.catchUp.sentAhead(id)
}

/** Which conversations were heard of between two times. */
function sendTargets(downstream: Downstream, params: readonly string[], fail: Fail): void {
  const [, from = '', to = '', given] = params
  const times = [from, to].map((text) =>
    text.startsWith('timestamp=') ? parseServerTime(text.slice('timestamp='.length)) : undefined,
  )
  const [after, before] = times
  const limit = readLimit(given)
  if (given === undefined) {
    downstream.fail('CHATHISTORY', 'NEED_MORE_PARAMS', 'TARGETS', 'Missing parameters')
  } else if (after === undefined || before === undefined || limit === undefined) {
    fail('INVALID_PARAMS', 'TARGETS takes two times and a limit', to)
  } else {
    const { network, serverName } = downstream
    const found = network
      ? downstream.bouncer.store.messages
          .targets(network.record.id, after, before, MOST_MESSAGES)
          .filter(({ target }) => !network.isDetached(target))
          .slice(0, limit)
      : []
    const lines = found.map(({ target, time }) => {
      const message = messageFrom(
        serverName,
        'CHATHISTORY',
        'TARGETS',
        target,
        formatServerTime(time),
      )
      return new Line(message, { time })
    })
    sendBatch(downstream, 'draft/chathistory-targets', [], lines)
  }
}
