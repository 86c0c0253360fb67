// `PRIVMSG *playback :PLAY * 0`: clients that know ZNC's playback module say from when on they want to have lines.
// https://wiki.znc.in/Playback
import { latest } from '../../history/page.ts'
import { playable } from '../../history/playback.ts'
import { casemappingOf } from '../../irc/casemapping.ts'
import { matchesMask } from '../../irc/mask.ts'
import { messageFrom } from '../../irc/message.ts'
import type { Network } from '../../network.ts'
import { sendBatch } from '../batch.ts'
import type { Downstream } from '../downstream.ts'

/** Of each conversation the newest; and no more when so much waits for the client. */
const MOST_LINES = 1_000
const MOST_BYTES = 4 * 1024 * 1024
const MAX_MASKS = 50

/** What a client says to `*playback`. */
export function onPlayback(downstream: Downstream, text: string): void {
  const { network } = downstream
  const [verb = '', masks = '*', from = '0', to] = text.trim().split(/\s+/)
  if (!network) tell(downstream, 'You are on no network here')
  else if (verb.toUpperCase() === 'PLAY')
    play(downstream, network, { masks, from: ms(from), to: ms(to) })
  else if (verb.toUpperCase() === 'LIST') list(downstream, network, masks)
  else if (verb.toUpperCase() === 'CLEAR')
    tell(downstream, 'Nothing needs to be cleared: ask for what is new, PLAY * and its time')
  else tell(downstream, 'PLAY <buffers> [from] [to], LIST [buffers]; times are seconds since 1970')
}

function tell(downstream: Downstream, text: string): void {
  downstream.send(messageFrom('*playback!playback@fuchsbau', 'PRIVMSG', downstream.nick, text))
}

/** Ms of seconds as the module writes them; undefined when it is none. */
function ms(seconds: string | undefined): number | undefined {
  const value = Number(seconds)
  return seconds !== undefined && Number.isFinite(value) && value >= 0
    ? Math.floor(value * 1000)
    : undefined
}

interface Wanted {
  masks: string
  from: number | undefined
  to: number | undefined
}

function play(downstream: Downstream, network: Network, { masks, from = 0, to }: Wanted): void {
  const { store } = network.bouncer
  const bound = from > 0 ? { time: from } : undefined
  for (const { target, foldedTarget } of conversations(network, masks)) {
    if (downstream.waiting > MOST_BYTES) break
    const query = {
      networkId: network.record.id,
      foldedTarget,
      limit: MOST_LINES,
      withEvents: false,
    }
    const lines = latest({ store, query }, bound)
      .filter(({ time }) => to === undefined || time <= to)
      .flatMap((stored) => playable(downstream, network, stored) ?? [])
    if (lines.length > 0) sendBatch(downstream, 'znc.in/playback', [target], lines)
    for (const { id } of lines) downstream.catchUp.sentAhead(id)
  }
}

/** First and last time of each conversation, in seconds. */
function list(downstream: Downstream, network: Network, masks: string): void {
  const { store } = network.bouncer
  for (const { target, foldedTarget, time } of conversations(network, masks)) {
    const query = { networkId: network.record.id, foldedTarget, limit: 1, withEvents: false }
    const [first] = store.messages.after(query, { time: -1 })
    if (first) tell(downstream, `${target} ${first.time / 1000} ${time / 1000}`)
  }
}

function conversations(network: Network, masks: string) {
  const casemapping = casemappingOf(network.record.casemapping)
  const wanted = masks.split(',').slice(0, MAX_MASKS)
  return network.bouncer.store.messages
    .sizes(network.record.id)
    .filter(({ target }) => wanted.some((mask) => matchesMask(mask, target, casemapping)))
}
