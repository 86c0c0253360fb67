// Which URLs of other servers we talk to: https, of a name or a globally reachable address, nothing else.
// Names are judged again by their addresses when a connection is made (agent.ts), so DNS rebinding gains nothing.
import { isIP } from 'node:net'
import { isPublicAddress } from '@fuchsbau/shared/public-address.ts'

/** A URL of another server that may be requested, or why not. */
export type CheckedUrl =
  | { ok: true; url: URL }
  | { ok: false; kind: 'bad-url' | 'private-address'; message: string }

const maxUrlLength = 2048

/**
 * Parses the URL of a remote resource: at most 2,048 characters, https, no credentials, a host that is a
 * name or a public address. `allowPrivateAddress` (tests) also admits http and any address. Odd spellings
 * of an address (`0x7f.1`, `2130706433`, `127.0.0.1.`) are what the URL standard makes of them.
 */
export function checkUrl(text: string, allowPrivateAddress: boolean): CheckedUrl {
  const url = text.length <= maxUrlLength ? URL.parse(text) : null
  if (url === null) return { ok: false, kind: 'bad-url', message: 'not a URL' }
  const isHttp = url.protocol === 'http:' && allowPrivateAddress
  if (url.protocol !== 'https:' && !isHttp) {
    return { ok: false, kind: 'bad-url', message: `scheme ${url.protocol} is not allowed` }
  }
  if (url.username !== '' || url.password !== '') {
    return { ok: false, kind: 'bad-url', message: 'credentials in a URL are not allowed' }
  }
  const host = bareHost(url.hostname)
  if (!allowPrivateAddress && isIP(host) !== 0 && !isPublicAddress(host)) {
    return { ok: false, kind: 'private-address', message: `${host} is not a public address` }
  }
  return { ok: true, url }
}

/** The host of a URL as an address or a name: brackets of IPv6 taken off. */
export function bareHost(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}
