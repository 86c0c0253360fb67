// The tokens of 005 that a client is told: those of its network, all of them, and ours; and again what changes in them.
// https://modern.ircdocs.horse/#rplisupport-005
import { isupportLines } from '../irc/isupport.ts'
import { MOST_MESSAGES } from './command/chathistory.ts'
import type { Downstream } from './downstream.ts'
import { MOST_WATCHED } from './monitors.ts'

/** Told of each client's tokens; a network that is away takes none back. */
const told = new WeakMap<Downstream, Map<string, string>>()

/** All tokens, at the welcome. */
export function sendIsupport(downstream: Downstream): void {
  const tokens = tokensOf(downstream)
  told.set(downstream, tokens)
  sendTokens(downstream, [...tokens.values()])
}

/** What has changed since, removed tokens as `-NAME`. */
export function updateIsupport(downstream: Downstream): void {
  const before = told.get(downstream)
  if (!before) return
  const now = tokensOf(downstream)
  const gone = [...before.keys()].filter((name) => !now.has(name)).map((name) => `-${name}`)
  const changed = [...now].filter(([name, token]) => before.get(name) !== token)
  told.set(downstream, now)
  sendTokens(downstream, [...gone, ...changed.map(([, token]) => token)])
}

function sendTokens(downstream: Downstream, tokens: readonly string[]): void {
  for (const line of isupportLines(tokens)) {
    downstream.numeric('005', ...line, 'are supported by this server')
  }
}

function tokensOf(downstream: Downstream): Map<string, string> {
  const { network } = downstream
  const upstream = network?.upstream
  // While a network is away names are folded as it did at last.
  const folding = `CASEMAPPING=${network?.record.casemapping ?? 'ascii'}`
  const given = upstream?.isupport.tokens() ?? [folding, 'CHANTYPES=#']
  const all = [
    ...(network ? [`NETWORK=${network.record.name}`] : []),
    // The network's own key for web push is not ours, nor is its history.
    ...given.filter((token) => !/^(?:VAPID|draft\/CHATHISTORY)=/.test(token)),
    ...ownTokens(downstream),
  ]
  return new Map(all.map((token) => [token.split('=', 1)[0] ?? '', token]))
}

/** What the bouncer does itself, in place of the network's word on it. */
function ownTokens({ network, caps, bouncer }: Downstream): string[] {
  const netid = caps.has('soju.im/bouncer-networks')
    ? [`BOUNCER_NETID=${network?.record.id ?? ''}`]
    : []
  const vapid = caps.has('soju.im/webpush') ? [`VAPID=${bouncer.push.publicKey}`] : []
  const filehost = bouncer.uploadsUrl ? [`soju.im/FILEHOST=${bouncer.uploadsUrl}`] : []
  const always = [...netid, ...vapid, ...filehost]
  if (!network) return always
  const watched = Math.min(network.upstream?.isupport.monitor ?? MOST_WATCHED, MOST_WATCHED)
  return [
    ...always,
    `CHATHISTORY=${MOST_MESSAGES}`,
    'MSGREFTYPES=msgid,timestamp',
    `MONITOR=${watched}`,
  ]
}
