// BOUNCER: a client lists, binds to, adds, changes and removes the networks of its user.
// https://codeberg.org/emersion/soju/src/branch/master/doc/ext/bouncer-networks.md
import type { Message } from '../../irc/message.ts'
import { parseTags } from '../../irc/tags.ts'
import { NOT_BY_APP } from '../../manage/authority.ts'
import type { NetworkFields } from '../../manage/network-fields.ts'
import { createNetwork, removeNetwork, updateNetwork } from '../../manage/networks.ts'
import { type Refusal, refuse } from '../../manage/outcome.ts'
import type { Network } from '../../network.ts'
import type { User } from '../../user.ts'
import { listNetworks } from '../announcements.ts'
import type { Downstream } from '../downstream.ts'

/** One subcommand of a client that has registered. */
type Subcommand = (downstream: Downstream, user: User, params: readonly string[]) => void

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  LISTNETWORKS: listNetworks,
  ADDNETWORK: add,
  CHANGENETWORK: change,
  DELNETWORK: remove,
}

/** Attributes and the fields that they set. */
const FIELDS = {
  name: 'name',
  host: 'host',
  port: 'port',
  tls: 'transport',
  nickname: 'nick',
  username: 'username',
  realname: 'realname',
  pass: 'serverPassword',
} as const satisfies Record<string, keyof NetworkFields>

const READ_ONLY: readonly string[] = ['state', 'error']
const MAY_BE_EMPTY: readonly string[] = ['username', 'realname', 'pass', 'host']
/** Of a value in an answer. */
const SHOWN = 50

export function onBouncer(downstream: Downstream, { params }: Message): void {
  const [given = '', ...rest] = params
  const subcommand = given.toUpperCase()
  const { user, registration } = downstream
  if (subcommand === 'BIND') {
    bind(downstream, rest)
    return
  }
  if (!registration.isDone || !user) {
    downstream.fail('BOUNCER', 'ACCOUNT_REQUIRED', subcommand.slice(0, SHOWN), 'Log in first')
    return
  }
  const handle = Object.hasOwn(SUBCOMMANDS, subcommand) ? SUBCOMMANDS[subcommand] : undefined
  if (handle) handle(downstream, user, rest)
  else downstream.fail('BOUNCER', 'UNKNOWN_COMMAND', given.slice(0, SHOWN), 'Unknown subcommand')
}

/** After the login and before the welcome: the network for the lifetime of the connection. */
function bind(downstream: Downstream, params: readonly string[]): void {
  const { registration, bouncer } = downstream
  const { account } = registration
  if (registration.isDone) {
    const text = 'Cannot bind to a network after registration'
    downstream.fail('BOUNCER', 'REGISTRATION_IS_COMPLETED', 'BIND', text)
  } else if (!account) {
    downstream.fail('BOUNCER', 'ACCOUNT_REQUIRED', 'BIND', 'Authentication required')
  } else {
    const network = networkOf(downstream, bouncer.users.get(account.id), 'BIND', params)
    if (network) registration.boundNetworkId = network.record.id
  }
}

function add(downstream: Downstream, user: User, [text = '']: readonly string[]): void {
  const fields = readAttributes(downstream, 'ADDNETWORK', '*', text)
  if (!fields) return
  if (!fields.host) {
    const words = 'Missing required attribute'
    downstream.fail('BOUNCER', 'NEED_ATTRIBUTE', 'ADDNETWORK', 'host', words)
    return
  }
  const made = createNetwork(user, fields)
  if (made.ok) downstream.reply('BOUNCER', 'ADDNETWORK', String(made.network.record.id))
  else refused(downstream, 'ADDNETWORK', '*', made)
}

function change(downstream: Downstream, user: User, params: readonly string[]): void {
  const network = networkOf(downstream, user, 'CHANGENETWORK', params)
  if (!network) return
  const id = String(network.record.id)
  const fields = readAttributes(downstream, 'CHANGENETWORK', id, params[1] ?? '')
  if (!fields) return
  if (Object.keys(fields).length === 0) {
    const words = 'Say at least one attribute'
    downstream.fail('BOUNCER', 'NEED_ATTRIBUTE', 'CHANGENETWORK', '*', words)
    return
  }
  const updated = updateNetwork(user, network, fields)
  if (updated.ok) downstream.reply('BOUNCER', 'CHANGENETWORK', id)
  else refused(downstream, 'CHANGENETWORK', id, updated)
}

function remove(downstream: Downstream, user: User, params: readonly string[]): void {
  const network = networkOf(downstream, user, 'DELNETWORK', params)
  if (!network) return
  const id = String(network.record.id)
  // As BouncerServ's “network delete”: its history would go with it.
  const removed = downstream.isAppLogin ? refuse(NOT_BY_APP) : removeNetwork(user, network)
  if (removed.ok) downstream.reply('BOUNCER', 'DELNETWORK', id)
  else refused(downstream, 'DELNETWORK', id, removed)
}

/** Her own network of this id; whose any other is, is not told. */
function networkOf(
  downstream: Downstream,
  user: User | undefined,
  subcommand: string,
  [id = '']: readonly string[],
): Network | undefined {
  const network = /^[1-9]\d{0,14}$/.test(id) ? user?.networks.get(Number(id)) : undefined
  if (!network) {
    const shown = id.slice(0, SHOWN) || '*'
    downstream.fail('BOUNCER', 'INVALID_NETID', subcommand, shown, 'Network not found')
  }
  return network
}

/** Undefined when an attribute is wrong, which the client has been told then. */
function readAttributes(
  downstream: Downstream,
  subcommand: string,
  id: string,
  text: string,
): NetworkFields | undefined {
  const fields: NetworkFields = {}
  const fail = (code: string, name: string, words: string) =>
    void downstream.fail('BOUNCER', code, subcommand, id, name.slice(0, SHOWN), words)
  for (const [name, value] of parseTags(text, 0, text.length)) {
    if (READ_ONLY.includes(name)) return fail('READ_ONLY_ATTRIBUTE', name, 'Read-only attribute')
    const field = Object.hasOwn(FIELDS, name) ? FIELDS[name as keyof typeof FIELDS] : undefined
    if (!field) return fail('UNKNOWN_ATTRIBUTE', name, 'Unknown attribute')
    // Clients send what they leave to the bouncer as empty.
    if (value === '' && !MAY_BE_EMPTY.includes(name)) continue
    if (field === 'transport') {
      if (value !== '0' && value !== '1') {
        return fail('INVALID_ATTRIBUTE', name, 'Invalid attribute value: 0 or 1')
      }
      fields.transport = value === '1' ? 'tls' : 'plain'
    } else if (field === 'port') fields.port = /^\d{1,5}$/.test(value) ? Number(value) : 0
    else fields[field] = value
  }
  return fields
}

function refused(
  downstream: Downstream,
  subcommand: string,
  id: string,
  { reason, field }: Refusal,
): void {
  const attribute = Object.entries(FIELDS).find(([, known]) => known === field)?.[0]
  if (!attribute) downstream.fail('BOUNCER', 'UNKNOWN_ERROR', subcommand, id, reason)
  else downstream.fail('BOUNCER', 'INVALID_ATTRIBUTE', subcommand, id, attribute, reason)
}
