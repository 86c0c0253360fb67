// Where a network is, as people write it: `libera`, `irc.example.org`, `ircs://host:port`, `irc+insecure://host`,
// `host:+6697`, `[::1]:6697`.

import type { NetworkFields } from '../manage/network-fields.ts'
import { type Outcome, refuse } from '../manage/outcome.ts'
import { nearestNetwork, wellKnownNetwork } from './well-known.ts'

export type Address = Required<Pick<NetworkFields, 'host' | 'port' | 'transport'>> & {
  name?: string
}

const SCHEMES: Readonly<Record<string, Address['transport']>> = {
  'ircs:': 'tls',
  'irc+insecure:': 'plain',
}

/** A well-known network has a name; TLS and port 6697 are the default. */
export function readAddress(text: string): Outcome<{ address: Address }> {
  const known = wellKnownNetwork(text)
  if (known) {
    const { name, host, port } = known
    return { ok: true, address: { name, host, port, transport: 'tls' } }
  }
  const [, scheme, rest = ''] = /^(?:([a-z+]+:)\/\/)?(.*?)\/?$/i.exec(text.trim()) ?? []
  const transport = scheme === undefined ? 'tls' : SCHEMES[scheme.toLowerCase()]
  if (!transport) {
    const hint = scheme === 'irc:' ? ' Without TLS it is irc+insecure://HOST.' : ''
    return refuse(`An address is ircs://HOST:PORT.${hint}`, 'host')
  }
  const [, bracketed, plain, plus, port] =
    /^(?:\[([^\]]+)\]|([^:\s]+|[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*))(?::(\+?)(\d{1,5}))?$/i.exec(
      rest,
    ) ?? []
  const host = bracketed ?? plain
  if (!host)
    return refuse(
      `“${text.slice(0, 60)}” is no address, such as ircs://irc.libera.chat:6697.`,
      'host',
    )
  if (scheme === undefined && !host.includes('.') && !host.includes(':') && host !== 'localhost') {
    const meant = nearestNetwork(host)
    const hint = meant ? `did you mean ${meant}?` : 'give its host, such as ircs://irc.example.org.'
    return refuse(`${host} is no well-known network: ${hint}`, 'host')
  }
  const defaultPort = transport === 'tls' ? 6697 : 6667
  if (plus && transport === 'plain')
    return refuse('+PORT means TLS: leave out irc+insecure://.', 'port')
  return { ok: true, address: { host, port: port ? Number(port) : defaultPort, transport } }
}

/** As `readAddress` reads it. */
export function formatAddress({ host, port, transport }: Address): string {
  const shown = host.includes(':') ? `[${host}]` : host
  return `${transport === 'tls' ? 'ircs' : 'irc+insecure'}://${shown}:${port}`
}
