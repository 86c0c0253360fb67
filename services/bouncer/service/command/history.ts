// `history …`: searching, showing and deleting what was said.
import { textLine } from '../../history/export.ts'
import { nickOf } from '../../irc/source.ts'
import { refuse } from '../../manage/outcome.ts'
import type { StoredMessage } from '../../store/records.ts'
import {
  type Answer,
  type Command,
  MISUSED,
  networkOf,
  type PersonalAsking,
  personal,
} from '../command.ts'
import { formatTime, readFlags } from '../words.ts'

const MAX_FOUND = 50
const DEFAULT_FOUND = 10
/** More is no pleasure in a client; the web pages and the command line have no limit. */
const MAX_SHOWN = 200

export const HISTORY_COMMANDS: readonly Command[] = [
  {
    name: 'history search',
    usage: 'WORDS [-network NAME] [-in TARGET] [-from NICK] [-limit NUMBER]',
    help: [
      'Finds lines that have all the words, newest first; "…" finds them in that order.',
      '-network NAME: unless in all of them; -in TARGET: in one channel or with one person',
      `-from NICK: who said it; -limit NUMBER: ${DEFAULT_FOUND} unless you say otherwise, at most ${MAX_FOUND}`,
    ],
    handle: personal(search),
  },
  {
    name: 'history export',
    usage: 'TARGET [-network NAME]',
    help: [
      `Shows a conversation as text: its last ${MAX_SHOWN} lines.`,
      'Whole, as text or JSON: on the web pages, or by “fuchsbau bouncer export”.',
    ],
    handle: personal(show),
  },
  {
    name: 'history delete',
    usage: 'TARGET [-network NAME] -yes',
    help: [
      'Deletes all that was said in a channel or with a person. There is no way back: say -yes.',
    ],
    needsOwnLogin: true,
    handle: personal(remove),
  },
]

function search(asking: PersonalAsking, words: readonly string[]): Answer {
  const spec = { network: 'text', in: 'text', from: 'text', limit: 'text' } as const
  const read = readFlags(words, spec)
  if (!read.ok) return read
  const { flags, rest } = read
  const limit = Number(flags.limit ?? DEFAULT_FOUND)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_FOUND) {
    return refuse(`-limit is a number from 1 to ${MAX_FOUND}.`)
  }
  if (rest.length === 0 && flags.from === undefined) return MISUSED
  const isOne = flags.network !== undefined || flags.in !== undefined
  const found = isOne ? networkOf(asking, flags.network) : undefined
  if (found && !found.ok) return found
  const { user, bouncer } = asking
  const { messages } = bouncer.store.search.find({
    userId: user.record.id,
    ...(found && { networkIds: [found.network.record.id] }),
    ...(found && flags.in !== undefined && { foldedTarget: found.network.fold(flags.in) }),
    ...(flags.from !== undefined && { from: flags.from }),
    text: rest.map((word) => (word.includes(' ') ? `"${word}"` : word)).join(' '),
    limit,
  })
  if (messages.length === 0) return ['Nothing was found.']
  return messages.map((stored) => describe(asking, stored))
}

function describe(
  { user }: PersonalAsking,
  { networkId, target, source, text, time }: StoredMessage,
): string {
  const network = user.networks.get(networkId)?.record.name ?? ''
  return `${formatTime(time)} ${target}/${network} <${nickOf(source)}> ${text}`
}

function show(asking: PersonalAsking, words: readonly string[]): Answer {
  const found = conversation(asking, words)
  if (!found.ok) return found
  const { network, target } = found
  const last = asking.bouncer.store.messages.latest({
    networkId: network.record.id,
    foldedTarget: network.fold(target),
    limit: MAX_SHOWN,
    withEvents: true,
  })
  return last.length > 0
    ? last.map(textLine)
    : [`Nothing is known of ${target} on ${network.record.name}.`]
}

function remove(asking: PersonalAsking, words: readonly string[]): Answer {
  const found = conversation(asking, words)
  if (!found.ok) return found
  const { network, target } = found
  if (!found.isSure) {
    return refuse(
      `All of ${target} on ${network.record.name} would be deleted. To do so, add -yes.`,
    )
  }
  const { removal } = asking.bouncer.store
  const foldedTarget = network.fold(target)
  const isKnown = removal.forget({ networkId: network.record.id, foldedTarget })
  return isKnown
    ? [`Deleted the history of ${target} on ${network.record.name}.`]
    : refuse(`Nothing is known of ${target} on ${network.record.name}.`)
}

function conversation(asking: PersonalAsking, words: readonly string[]) {
  const read = readFlags(words, { network: 'text', yes: 'flag' } as const)
  if (!read.ok) return read
  const [target, ...more] = read.rest
  if (target === undefined || more.length > 0) return MISUSED
  const found = networkOf(asking, read.flags.network)
  return found.ok ? { ...found, target, isSure: read.flags.yes === true } : found
}
