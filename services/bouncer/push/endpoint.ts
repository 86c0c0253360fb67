// What a client gives to be woken: the address of its push service, and its keys (RFC 8291).

import { createECDH } from 'node:crypto'
import { isIP } from 'node:net'
import { isPublicAddress } from '@fuchsbau/shared/public-address.ts'

const MOST_CHARACTERS = 1_024

/** An https URL without a login, of a name or a public address; `allowPrivateAddress` also admits http and any address. */
export function parseEndpoint(text: string, allowPrivateAddress: boolean): URL | undefined {
  const url = text.length <= MOST_CHARACTERS && /^[!-~]+$/.test(text) ? URL.parse(text) : null
  if (url?.username !== '' || url.password !== '') return
  if (url.protocol !== 'https:' && !(allowPrivateAddress && url.protocol === 'http:')) return
  const host = hostOf(url)
  const isRefused = isIP(host) !== 0 && !isPublicAddress(host)
  return isRefused && !allowPrivateAddress ? undefined : url
}

/** The host as a name or an address: brackets of IPv6 taken off. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '')

/** Whether these are a point of P-256 and a secret of 16 bytes, base64url. */
export function areKeys(p256dh: string, auth: string): boolean {
  return (
    isBase64(p256dh) &&
    isBase64(auth) &&
    Buffer.from(auth, 'base64url').length === 16 &&
    isPoint(Buffer.from(p256dh, 'base64url'))
  )
}

const isBase64 = (text: string) => /^[\w-]{1,128}={0,2}$/.test(text)

function isPoint(point: Buffer): boolean {
  if (point.length !== 65 || point[0] !== 4) return false
  const ours = createECDH('prime256v1')
  ours.generateKeys()
  try {
    return ours.computeSecret(point).length > 0
  } catch {
    return false
  }
}
