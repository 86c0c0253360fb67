// The kinds of values that settings of the bundle have: what each takes, and what to say of one that is wrong.
import { createPublicKey, X509Certificate } from 'node:crypto'
import { BlockList, isIPv4 } from 'node:net'
import type { Parsed } from '@fuchsbau/shared/setting.ts'

/** The value as it is written to the file, or what was expected, to follow "must be". */
export type Parse = (text: string) => Parsed<string>

export const domain = matching(
  /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/,
  'a domain name in small letters, without https:// and without a dot at the end',
)
export const user = matching(
  /^[a-z0-9][a-z0-9._-]{0,29}$/,
  'a user name: a–z, 0–9, ".", "_" and "-", at most 30',
)
export const email = matching(/^[^\s@"'$]+@[^\s@"'$]+\.[^\s@"'$]+$/, 'an e-mail address')
/** Of an object of Kubernetes. */
export const objectName = matching(
  /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/,
  'a name of Kubernetes: small letters, digits, "-" and "."',
)
export const word = matching(/^[A-Za-z0-9][\w-]{0,62}$/, 'a word of letters, digits, "-" and "_"')
export const path = matching(/^[\w-]+(?:\/[\w.-]+)*$/, 'a path without slashes at its ends')
export const size = matching(/^[1-9]\d{0,5}(?:Mi|Gi|Ti)$/, 'a size such as 500Mi, 20Gi or 1Ti')
export const tag = matching(/^\w[\w.-]{0,127}$/, 'the tag of an image')
export const digest = matching(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 digits from 0 to f')
export const image = matching(
  /^[a-z0-9.-]+(?::\d+)?(?:\/[a-z0-9._-]+)+:\w[\w.-]{0,127}(?:@sha256:[0-9a-f]{64})?$/,
  'the whole name of an image, with its registry and its tag',
)
export const schedule = matching(
  /^[\d*][\d*,/-]*(?: (?:[\d*]|[A-Z]{3})[\d*,/A-Z-]*){4}$/i,
  'five fields of cron: minute, hour, day, month, day of the week',
)

export const replicas = matching(/^[01]$/, '0 or 1')

export const address: Parse = (text) =>
  isIPv4(text) ? { ok: true, value: text } : { ok: false, expected: 'an IPv4 address' }

export const addressOrName: Parse = (text) =>
  isIPv4(text) || domain(text).ok
    ? { ok: true, value: text }
    : { ok: false, expected: 'an IPv4 address, or a domain name' }

/** A number of BGP. Cilium takes 32 bits. */
export const asn: Parse = (text) => {
  const isNumber = /^[1-9]\d{0,9}$/.test(text) && Number(text) < 2 ** 32
  return isNumber
    ? { ok: true, value: text }
    : { ok: false, expected: 'a number from 1 to 4294967295 (private: 64512 to 65534)' }
}

export const network: Parse = (text) => {
  const [start = '', bits = ''] = text.split('/')
  const isNetwork = isIPv4(start) && /^(?:[89]|[12]\d|3[0-2])$/.test(bits)
  if (!isNetwork || text !== `${start}/${bits}`) {
    return { ok: false, expected: 'an IPv4 network with its length, from /8 to /32' }
  }
  const first = addressAt(text, 0)
  return first === start
    ? { ok: true, value: text }
    : { ok: false, expected: `the first address of the network: ${first}/${bits}` }
}

/** One or several, with commas. */
export const networks: Parse = (text) => {
  const parsed = text.split(',').map((each) => network(each.trim()))
  const wrong = parsed.find((each) => !each.ok)
  if (wrong) return wrong
  return { ok: true, value: parsed.map((each) => (each.ok ? each.value : '')).join(',') }
}

export const httpsUrl: Parse = (text) => {
  const url = URL.parse(text)
  const isPlain = url?.protocol === 'https:' && url.username === '' && url.search + url.hash === ''
  return isPlain
    ? { ok: true, value: url.href.replace(/\/$/, '') }
    : { ok: false, expected: 'an address with https:// and nothing after the path' }
}

/** A certificate or several: the PEM text, or its base64 in one line, as which it is kept. */
export const certificates: Parse = (text) => {
  const expected = 'certificates as PEM (@FILE), or the base64 of that in one line'
  const pem = text.includes('-----BEGIN') ? `${text.trim()}\n` : fromBase64(text).toString()
  const each = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  if (!each || pem.includes('PRIVATE KEY')) return { ok: false, expected }
  try {
    for (const one of each) new X509Certificate(one)
  } catch {
    return { ok: false, expected }
  }
  return { ok: true, value: Buffer.from(pem).toString('base64') }
}

/** The public key of cosign: its PEM text, or the one line between the marks, as which it is kept. */
export const publicKey: Parse = (text) => {
  const line = text.replaceAll(/-----(?:BEGIN|END) PUBLIC KEY-----|\s/g, '')
  try {
    createPublicKey({ key: fromBase64(line), format: 'der', type: 'spki' })
    return { ok: true, value: line }
  } catch {
    return {
      ok: false,
      expected: 'a public key as PEM (@cosign.pub), or the one line between its marks',
    }
  }
}

/** Whether an address is in a network. */
export function isWithin(text: string, cidr: string): boolean {
  const [start = '', bits = '32'] = cidr.split('/')
  const list = new BlockList()
  list.addSubnet(start, Number(bits), 'ipv4')
  return list.check(text, 'ipv4')
}

/** The address so many steps into a network; undefined when that is not in it, or it is none. */
export function addressAt(cidr: string, step: number): string | undefined {
  const [start = '', bits = ''] = cidr.split('/')
  if (!isIPv4(start)) return
  const count = 2 ** (32 - Number(bits))
  const number = start.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const wanted = number - (number % count) + step
  if (step >= count) return
  return [24, 16, 8, 0].map((shift) => Math.floor(wanted / 2 ** shift) % 256).join('.')
}

function matching(pattern: RegExp, expected: string): Parse {
  return (text) => (pattern.test(text) ? { ok: true, value: text } : { ok: false, expected })
}

function fromBase64(text: string): Buffer {
  return /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0)
}
