// What a client is told when it has logged in: 001 to 005, the message of the day, then the state of its network.
import { beginToWatch } from './announcements.ts'
import { updateCaps } from './cap-changes.ts'
import type { Downstream } from './downstream.ts'
import { sendIsupport } from './isupport-tokens.ts'
import { showNetwork, takeNick } from './show.ts'

export function welcome(downstream: Downstream): void {
  const { network } = downstream
  const upstream = network?.upstream
  if (upstream?.isReady) takeNick(downstream, upstream.nick)
  const where = network ? `${network.record.name}, by way of Fuchsbau` : 'Fuchsbau'
  downstream.numeric('001', `Welcome to ${where}, ${downstream.nick}`)
  downstream.numeric('002', `Your host is ${downstream.serverName}`)
  downstream.numeric(
    '003',
    `This bouncer was started ${new Date(downstream.bouncer.startedAt).toUTCString()}`,
  )
  downstream.numeric(
    '004',
    ...(upstream?.welcome.get('004') ?? [
      downstream.serverName,
      'fuchsbau',
      'aiwroOs',
      'ovimnpstklb',
    ]),
  )
  sendIsupport(downstream)
  sendMotd(downstream)
  updateCaps(downstream)
  beginToWatch(downstream)
  if (network && upstream?.isReady) showNetwork(downstream, network)
  else if (network) {
    const { lastError } = network.keeper
    const reason = lastError ? `: ${lastError}` : ' yet'
    downstream.reply('NOTICE', downstream.nick, `Not connected to ${network.record.name}${reason}`)
  }
  downstream.catchUp.begin()
}

function sendMotd(downstream: Downstream): void {
  const motd = downstream.network?.upstream?.motd ?? []
  if (motd.length === 0) {
    downstream.numeric('422', 'No message of the day')
    return
  }
  downstream.numeric('375', `- ${downstream.serverName} Message of the day -`)
  for (const line of motd) downstream.numeric('372', line)
  downstream.numeric('376', 'End of message of the day')
}
