// Strict Transport Security: a network that says so is spoken to by TLS from then on. https://ircv3.net/specs/extensions/sts
import type { NetworkRecord } from '../store/records.ts'

export interface StsOffer {
  /** Where TLS is, told on a plain connection. */
  port: number | undefined
  /** How long the policy holds, s; 0 ends it. Told on a connection with TLS. */
  durationS: number | undefined
  isPreload: boolean
}

/** Ten years: what is longer is as good as for ever, and must not overflow a date. */
const MAX_DURATION_S = 315_360_000

/** Takes the value of the `sts` capability apart; what is malformed in it is as if it were not there. */
export function parseSts(value: string): StsOffer {
  const offer: StsOffer = { port: undefined, durationS: undefined, isPreload: false }
  for (const token of value.split(',')) {
    const [key, text = ''] = token.split('=', 2)
    const number = /^\d{1,15}$/.test(text) ? Number(text) : undefined
    if (key === 'port' && number !== undefined && number > 0 && number < 65_536) offer.port = number
    if (key === 'duration' && number !== undefined)
      offer.durationS = Math.min(number, MAX_DURATION_S)
    if (key === 'preload') offer.isPreload = true
  }
  return offer
}

/** Whom a policy binds. A proxy may lead any port to the host: what is told through one is for this network alone. */
export function stsHost({ id, host, socks }: NetworkRecord): string {
  return socks === '' ? host.toLowerCase() : `${host.toLowerCase()} for ${id}`
}
