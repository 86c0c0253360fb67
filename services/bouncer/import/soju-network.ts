// A row of soju's Network as a network here, with its channels.
// https://codeberg.org/emersion/soju/src/branch/master/doc/soju.1.scd

import { NETWORK_DEFAULTS } from '../store/records.ts'
import type { SojuRow } from '../store/soju-database.ts'
import { isKey, isOneLine, isTargetName, networkName } from './names.ts'
import type { FoundNetwork } from './person.ts'

const FILTERS = ['default', 'none', 'highlight', 'message'] as const

/** A column as text; '' when it is absent. */
export function textIn(row: SojuRow, column: string): string {
  const value = row[column]
  return typeof value === 'string' ? value : ''
}

/** A column as a number; 0 when it is absent. */
export function numberIn(row: SojuRow, column: string): number {
  const value = row[column]
  return typeof value === 'number' ? value : 0
}

/** Undefined when its address is none that can be taken: the remarks say so. */
export function readSojuNetwork(
  row: SojuRow,
  user: SojuRow,
  channels: readonly SojuRow[],
  remarks: string[],
): FoundNetwork | undefined {
  const address = textIn(row, 'addr')
  const server = parseAddress(address)
  if (!server) {
    remarks.push(`network ${textIn(row, 'name') || address}: not taken, ${address} is no host`)
    return
  }
  const own: string[] = []
  const called = textIn(row, 'name') || address
  const name = networkName(called.replace(/^[a-z+]+:\/\//, ''))
  if (name !== called) own.push(`it is called ${name} here, because of the signs in its name`)
  const nick = textIn(row, 'nick') || textIn(user, 'nick') || textIn(user, 'username')
  return {
    record: {
      ...NETWORK_DEFAULTS,
      name,
      isEnabled: row['enabled'] !== 0,
      ...server,
      fingerprint: readFingerprint(row, own),
      serverPassword: textIn(row, 'pass'),
      nick,
      username: textIn(row, 'username') || nick,
      realname: textIn(row, 'realname') || textIn(user, 'realname') || nick,
      ...readSasl(row, own),
      connectCommands: textIn(row, 'connect_commands')
        .split(/[\r\n]+/)
        .filter((line) => line.trim() !== '' && isOneLine(line))
        .slice(0, 100),
      isAutoAway: row['auto_away'] !== 0,
    },
    channels: channels.flatMap(readChannel),
    remarks: own,
  }
}

/** `host`, `ircs://host:port` or `irc+insecure://host:port`. */
function parseAddress(address: string) {
  const [, scheme = 'ircs', rest = ''] = /^(?:([a-z+]+):\/\/)?(.*)$/.exec(address) ?? []
  const found = /^(\[[0-9a-f:.]+\]|[^\s/:@[\]]{1,253})(?::(\d{1,5}))?\/?$/iu.exec(rest)
  if (!found || !/^(ircs|irc\+insecure)$/.test(scheme)) return
  const transport: 'tls' | 'plain' = scheme === 'ircs' ? 'tls' : 'plain'
  const port = Number(found[2] ?? (transport === 'tls' ? 6697 : 6667))
  if (port < 1 || port > 65_535) return
  return { host: (found[1] ?? '').replace(/[[\]]/g, ''), port, transport }
}

function readFingerprint(row: SojuRow, remarks: string[]): string {
  const given = textIn(row, 'certfp')
  const hex = given
    .replace(/^sha-?(256|512):/i, '')
    .replaceAll(':', '')
    .toLowerCase()
  if (given === '' || /^([0-9a-f]{64}|[0-9a-f]{128})$/.test(hex)) return hex
  remarks.push(
    `certfp: not taken, it is neither SHA-256 nor SHA-512; set it again (BouncerServ: network update)`,
  )
  return ''
}

function readSasl(row: SojuRow, remarks: string[]) {
  const certificate = pem('CERTIFICATE', row['sasl_external_cert'])
  const privateKey = pem('PRIVATE KEY', row['sasl_external_key'])
  const shown = certificate && privateKey ? { certificate, privateKey } : NO_CERTIFICATE
  const saslUser = textIn(row, 'sasl_plain_username')
  const saslPassword = textIn(row, 'sasl_plain_password')
  const mechanism = textIn(row, 'sasl_mechanism')
  if (mechanism === 'PLAIN')
    return { saslMechanism: 'PLAIN', saslUser, saslPassword, ...shown } as const
  const none = { saslMechanism: '', saslUser: '', saslPassword: '', ...shown } as const
  if (mechanism === '') return none
  if (mechanism === 'EXTERNAL' && shown.certificate)
    return { ...none, saslMechanism: 'EXTERNAL' } as const
  remarks.push(`SASL ${mechanism}: not taken, it has no certificate or is not known here`)
  return none
}

const NO_CERTIFICATE = { certificate: '', privateKey: '' }

/** DER as PEM. */
function pem(label: string, der: SojuRow[string]): string {
  if (!Buffer.isBuffer(der) || der.length === 0) return ''
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

function readChannel(row: SojuRow): FoundNetwork['channels'] {
  const name = textIn(row, 'name')
  const key = textIn(row, 'key')
  if (!isTargetName(name)) return []
  const filter = (column: string, byDefault: 'highlight' | 'none') => {
    const value = FILTERS[numberIn(row, column)] ?? 'default'
    return value === 'default' ? byDefault : value
  }
  return [
    {
      name,
      key: isKey(key) ? key : '',
      isDetached: numberIn(row, 'detached') !== 0,
      reattachOn: filter('reattach_on', 'none'),
      relayDetached: filter('relay_detached', 'highlight'),
      detachAfterMs: numberIn(row, 'detach_after') * 1000,
    },
  ]
}
