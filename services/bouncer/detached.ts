// What is said in detached channels: it may attach them again, or be told as a notice, as their owner chose.
import type { Network } from './network.ts'
import type { Stored } from './upstream/port.ts'

/** A line that only detached channels heard. */
export function heardDetached(
  network: Network,
  line: { command: string },
  stored: readonly Stored[],
): void {
  const [first] = stored
  const channel = first && network.channels.get(first.target)
  if (!channel || line.command !== 'PRIVMSG' || first.isOwn) return
  const isHighlight = network.isHighlight(first.text)
  if (channel.reattachOn === 'message' || (channel.reattachOn === 'highlight' && isHighlight)) {
    network.attach(channel.name)
  } else if (
    channel.relayDetached === 'message' ||
    (channel.relayDetached === 'highlight' && isHighlight)
  ) {
    network.notice(`${channel.name} <${first.source.split('!', 1)[0]}> ${first.text}`)
  }
}
