// The form of a network: its fields, and what was typed as fields of manage/.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import type { NetworkFields } from '../manage/network-fields.ts'
import type { NetworkRecord } from '../store/records.ts'
import { type Field, type Problem, renderField } from './fields.ts'

const YES_NO = [
  ['tls', 'TLS (encrypted)'],
  ['plain', 'plain (everybody on the way can read it)'],
] as const

const MAIN: readonly Field[] = [
  { name: 'host', label: 'Host', isRequired: true, placeholder: 'irc.example.org' },
  { name: 'name', label: 'Name', hint: 'As you write it in clients: you/NAME. Empty: the host.' },
  { name: 'nick', label: 'Nick', hint: 'Empty: the one of your settings.' },
]
const CONNECTION: readonly Field[] = [
  { name: 'port', label: 'Port', kind: 'number', hint: 'Empty: 6697 with TLS, 6667 without.' },
  { name: 'transport', label: 'Connection', options: YES_NO },
  {
    name: 'fingerprint',
    label: "Fingerprint of the server's certificate",
    hint: 'SHA-256 or SHA-512; only for servers whose certificate no authority has signed.',
  },
  { name: 'serverPassword', label: 'Server password', kind: 'new-secret' },
  { name: 'socks', label: 'SOCKS5 proxy', placeholder: 'user:password@host:port' },
]
const ACCOUNT: readonly Field[] = [
  {
    name: 'saslMechanism',
    label: 'SASL',
    options: [
      ['', 'none'],
      ['PLAIN', 'PLAIN (name and password)'],
      ['SCRAM-SHA-256', 'SCRAM-SHA-256 (name and password)'],
      ['EXTERNAL', 'EXTERNAL (client certificate)'],
    ],
  },
  { name: 'saslUser', label: 'Account name' },
  { name: 'saslPassword', label: 'Account password', kind: 'new-secret' },
  {
    name: 'nickservPassword',
    label: 'NickServ password',
    kind: 'new-secret',
    hint: 'For networks without SASL.',
  },
]
const REST: readonly Field[] = [
  {
    name: 'alternateNicks',
    label: 'Alternate nicks',
    hint: 'Taken in this order while the nick is in use; separated by spaces.',
  },
  { name: 'username', label: 'User name (ident)' },
  { name: 'realname', label: 'Real name' },
  {
    name: 'connectCommands',
    label: 'Commands on connect',
    kind: 'area',
    hint: 'Lines of IRC, one a line, such as: MODE you +x',
  },
  { name: 'encoding', label: 'Encoding', hint: 'utf-8, or what an old network uses instead.' },
  { name: 'isAutoAway', label: 'Set me away when my last client leaves', kind: 'check' },
]
const SECRETS = ['serverPassword', 'saslPassword', 'nickservPassword'] as const
const TEXTS = [
  'host',
  'name',
  'nick',
  'fingerprint',
  'socks',
  'saslUser',
  'username',
  'realname',
  'encoding',
] as const

/** All fields, the seldom ones folded away until something in them is wrong. */
export function renderNetworkFields(
  values: Record<string, string>,
  problem?: Problem,
  record?: NetworkRecord,
): Html {
  const group = (title: string, fields: readonly Field[]) => {
    const isOpen = fields.some(({ name }) => name === problem?.field)
    return html`<details${isOpen && html` open`}><summary>${title}</summary>
${fields.map((field) => {
  const isSet = SECRETS.some((name) => name === field.name && record?.[name])
  return isSet
    ? html`${renderField({ ...field, hint: 'One is set. Empty: it stays.' }, '', problem)}
${renderField({ name: `${field.name}-remove`, label: 'Remove it', kind: 'check' }, '')}`
    : renderField(field, values[field.name] ?? '', problem)
})}
</details>`
  }
  return html`${MAIN.map((field) => renderField(field, values[field.name] ?? '', problem))}
${group('Port, TLS and proxy', CONNECTION)}
${group('Account on the network (SASL, NickServ)', ACCOUNT)}
${group('More', REST)}`
}

/** What the form begins with. */
export function valuesOf(record: Partial<NetworkRecord>): Record<string, string> {
  const { port, alternateNicks = [], connectCommands = [], isAutoAway = true } = record
  const texts = Object.fromEntries(TEXTS.map((name) => [name, record[name] ?? '']))
  return {
    ...texts,
    port: port === undefined ? '' : String(port),
    transport: record.transport ?? 'tls',
    saslMechanism: record.saslMechanism ?? '',
    alternateNicks: alternateNicks.join(' '),
    connectCommands: connectCommands.join('\n'),
    isAutoAway: isAutoAway ? 'yes' : '',
    encoding: record.encoding ?? 'utf-8',
  }
}

/** What was typed, to be shown again: all but secrets. */
export function typedIn(fields: URLSearchParams): Record<string, string> {
  const isSecret = (name: string) => SECRETS.some((secret) => secret === name)
  return Object.fromEntries([...fields].filter(([name]) => !isSecret(name)))
}

/**
 * What was typed as fields of a network; manage/ checks them. Empty fields of a new network are left to their defaults;
 * an empty secret stays as it is, unless it is to be removed.
 */
export function readNetwork(fields: URLSearchParams, isNew: boolean): NetworkFields {
  const given: Record<string, unknown> = {}
  const set = (name: string, value: unknown, isEmpty: boolean) => {
    if (!(isNew && isEmpty)) given[name] = value
  }
  const textOf = (name: string) => (fields.get(name) ?? '').trim()
  for (const name of TEXTS) set(name, textOf(name), textOf(name) === '')
  // Neither can be taken away.
  for (const name of ['name', 'nick']) if (given[name] === '') delete given[name]
  if (given['encoding'] === '') given['encoding'] = 'utf-8'
  for (const name of SECRETS) {
    const secret = fields.get(name) ?? ''
    if (secret !== '') given[name] = secret
    else if (fields.has(`${name}-remove`)) given[name] = ''
  }
  const transport = fields.get('transport') ?? 'tls'
  given['transport'] = transport
  const port = textOf('port')
  const usual = transport === 'plain' ? 6667 : 6697
  set('port', port === '' ? usual : Number(port), port === '')
  given['saslMechanism'] = fields.get('saslMechanism') ?? ''
  given['alternateNicks'] = textOf('alternateNicks')
    .split(/[\s,]+/)
    .filter(Boolean)
  given['connectCommands'] = (fields.get('connectCommands') ?? '').split(/\r?\n/)
  given['isAutoAway'] = fields.has('isAutoAway')
  return given as NetworkFields
}
