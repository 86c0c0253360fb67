// PRIVMSG, NOTICE, TAGMSG: what the person says, to channels and people, or to the bouncer itself.
import { type Message, messageFrom } from '../../irc/message.ts'
import type { Network } from '../../network.ts'
import { toService } from '../../service/bouncerserv.ts'
import { splitSay } from '../../upstream/split-say.ts'
import type { Upstream } from '../../upstream/upstream.ts'
import type { Downstream } from '../downstream.ts'
import { onPlayback } from './playback.ts'

/** Targets of one line. */
const MAX_TARGETS = 20

export function onSay(downstream: Downstream, message: Message): void {
  const [targets = '', ...rest] = message.params
  const list = targets.split(',')
  if (list.length > MAX_TARGETS) {
    downstream.numeric('407', targets.slice(0, 50), `Too many targets: at most ${MAX_TARGETS}`)
    return
  }
  for (const target of list) {
    if (target !== '') sayTo(downstream, { ...message, params: [target, ...rest] })
  }
}

function sayTo(downstream: Downstream, message: Message): void {
  const { network } = downstream
  const upstream = network?.upstream
  const [target = '', text = ''] = message.params
  if (target.toLowerCase() === '*playback') {
    onPlayback(downstream, text)
    return
  }
  if (toService(downstream, message)) return
  if (!network || !upstream?.isReady) {
    const where = network ? `connected to ${network.record.name}` : 'on a network'
    downstream.numeric('401', target, `You are not ${where}: nothing was sent`)
    return
  }
  if (message.command === 'TAGMSG' && !upstream.caps.has('message-tags')) return
  const line = { ...message, source: undefined, tags: clientTags(upstream, message) }
  for (const [index, part] of splitSay(upstream, line).entries()) {
    if (!sayPart(downstream, network, upstream, part, index === 0)) {
      refuse(downstream, network, line)
      return
    }
  }
}

/** Whether it was taken. Only the first part answers the request: its label must not come back twice. */
function sayPart(
  downstream: Downstream,
  network: Network,
  upstream: Upstream,
  line: Message,
  isFirst: boolean,
): boolean {
  if (upstream.caps.has('echo-message')) {
    return sayWithEcho(downstream, upstream, line, isFirst)
  }
  if (!upstream.send(line)) return false
  network.echo(line, downstream)
  return true
}

/** The network tells what it made of the line: that is what is stored and shown. */
function sayWithEcho(
  downstream: Downstream,
  upstream: Upstream,
  line: Message,
  isLabelled: boolean,
): boolean {
  const requester = downstream.labels.requester({ isLabelled })
  if (upstream.send(line, { requester })) return true
  requester.end(false)
  return false
}

function refuse(downstream: Downstream, network: Network, { command }: Message): void {
  const text = `Too much waits to be sent to ${network.record.name}: try again in a while`
  downstream.send(messageFrom(downstream.serverName, '263', downstream.nick, command, text))
}

/** What clients say to each other goes on; labels and the like are between the client and us. */
function clientTags(upstream: Upstream, { tags }: Message): ReadonlyMap<string, string> {
  if (tags.size === 0 || !upstream.caps.has('message-tags')) return new Map()
  return new Map([...tags].filter(([key]) => key.startsWith('+')))
}
