// What a client is told when it has logged in: 001 to 005, the message of the day, then the state of its network.
import { isupportLines } from '../irc/isupport.ts'
import { messageFrom } from '../irc/message.ts'
import type { Downstream } from './downstream.ts'
import { showNetwork } from './show.ts'

export function welcome(downstream: Downstream): void {
  const { network } = downstream
  const upstream = network?.upstream
  if (upstream?.isReady) takeNick(downstream, upstream.nick)
  const where = network ? `${network.record.name}, by way of Fuchsbau` : 'Fuchsbau'
  downstream.numeric('001', `Welcome to ${where}, ${downstream.nick}`)
  downstream.numeric('002', `Your host is ${downstream.serverName}`)
  downstream.numeric('003', `This bouncer was started ${new Date(downstream.bouncer.startedAt).toUTCString()}`)
  downstream.numeric('004', ...(upstream?.welcome.get('004') ?? [downstream.serverName, 'fuchsbau', 'aiwroOs', 'ovimnpstklb']))
  sendIsupport(downstream)
  if (network && upstream?.isReady) showNetwork(downstream, network)
  else {
    downstream.numeric('422', 'No message of the day')
    if (network) {
      const { lastError } = network.keeper
      const reason = lastError ? `: ${lastError}` : ' yet'
      downstream.reply('NOTICE', downstream.nick, `Not connected to ${network.record.name}${reason}`)
    }
  }
  downstream.catchUp.begin()
}

/** The tokens of the network, all of them, and ours. */
export function sendIsupport(downstream: Downstream): void {
  const { network } = downstream
  const upstream = network?.upstream
  const tokens = new Map<string, string>()
  for (const token of upstream?.isupport.tokens() ?? ['CASEMAPPING=ascii', 'CHANTYPES=#']) {
    tokens.set(token.split('=', 1)[0] ?? '', token)
  }
  if (network && !tokens.has('NETWORK')) tokens.set('NETWORK', `NETWORK=${network.record.name}`)
  for (const line of isupportLines([...tokens.values()])) {
    downstream.numeric('005', ...line, 'are supported by this server')
  }
}

/** The client calls the person as the network does. */
export function takeNick(downstream: Downstream, nick: string): void {
  if (downstream.nick === nick) return
  // Before 001 its source is what the client believes itself to be.
  const source = `${downstream.nick}!${downstream.username}@${downstream.serverName}`
  downstream.send(messageFrom(source, 'NICK', nick))
  downstream.nick = nick
}
