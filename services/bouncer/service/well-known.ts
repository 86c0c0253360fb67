// Networks that can be added by name. Only those whose servers show a certificate that is good for the name here: EFnet,
// IRCnet, Undernet and QuakeNet have none for the whole network.
import { nearest } from '@fuchsbau/shared/nearest.ts'

export interface WellKnownNetwork {
  /** As her network is called, unless she names it. */
  name: string
  /** As it calls itself. */
  title: string
  host: string
  /** With TLS. */
  port: number
}

export const WELL_KNOWN_NETWORKS: readonly WellKnownNetwork[] = [
  { name: 'libera', title: 'Libera.Chat', host: 'irc.libera.chat', port: 6697 },
  { name: 'oftc', title: 'OFTC', host: 'irc.oftc.net', port: 6697 },
  { name: 'hackint', title: 'hackint', host: 'irc.hackint.org', port: 6697 },
  { name: 'dalnet', title: 'DALnet', host: 'irc.dal.net', port: 6697 },
  { name: 'ergo', title: 'Ergo Test Network', host: 'testnet.ergo.chat', port: 6697 },
  { name: 'espernet', title: 'EsperNet', host: 'irc.esper.net', port: 6697 },
  { name: 'euirc', title: 'euIRC', host: 'irc.euirc.net', port: 6697 },
  { name: 'gamesurge', title: 'GameSurge', host: 'irc.gamesurge.net', port: 6697 },
  { name: 'geekshed', title: 'GeekShed', host: 'irc.geekshed.net', port: 6697 },
  { name: 'rizon', title: 'Rizon', host: 'irc.rizon.net', port: 6697 },
  { name: 'snoonet', title: 'Snoonet', host: 'irc.snoonet.org', port: 6697 },
  { name: 'tilde', title: 'tilde.chat', host: 'irc.tilde.chat', port: 6697 },
  { name: 'w3c', title: 'W3C', host: 'irc.w3.org', port: 6697 },
]

/** By its name, its title or its host, in any case. */
export function wellKnownNetwork(text: string): WellKnownNetwork | undefined {
  const wanted = text.trim().toLowerCase()
  return WELL_KNOWN_NETWORKS.find(({ name, title, host }) =>
    [name, title.toLowerCase(), host].includes(wanted),
  )
}

/** The one that was probably meant by a name that is none of them. */
export function nearestNetwork(text: string): string | undefined {
  return nearest(
    text.toLowerCase(),
    WELL_KNOWN_NETWORKS.map(({ name }) => name),
  )
}
