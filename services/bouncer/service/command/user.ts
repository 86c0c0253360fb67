// `user …` and `password`: persons of this bouncer.

import { mayManage, NOT_ADMIN } from '../../manage/authority.ts'
import { refuse } from '../../manage/outcome.ts'
import { setPassword } from '../../manage/passwords.ts'
import { createUser, removeUser, type UserFields, updateUser } from '../../manage/users.ts'
import type { User } from '../../user.ts'
import {
  type Answer,
  type Asking,
  type Command,
  MISUSED,
  type PersonalAsking,
  personal,
} from '../command.ts'
import { counted, formatTime, readFlags } from '../words.ts'

const FLAGS = {
  username: 'text',
  password: 'text',
  nick: 'text',
  realname: 'text',
  admin: 'flag',
  enabled: 'flag',
  'bind-address': 'text',
} as const

const FLAG_HELP = [
  '-password PASSWORD: without it one is made and shown once',
  '-nick NICK, -realname TEXT: for networks that have none of their own',
  '-admin true|false: may manage users and the server (for administrators)',
  '-enabled true|false: whether the user may log in and is connected (for administrators)',
  '-bind-address IP: where outgoing connections come from (for administrators)',
] as const

export const USER_COMMANDS: readonly Command[] = [
  {
    name: 'user status',
    aliases: ['user list'],
    usage: '[NAME]',
    help: ['Shows users: all of them for administrators, else yourself.'],
    handle: status,
  },
  {
    name: 'user create',
    aliases: ['user add'],
    usage: 'NAME [flags]',
    help: ['Makes a user.', ...FLAG_HELP],
    isAdmin: true,
    needsOwnLogin: true,
    handle: create,
  },
  {
    name: 'user update',
    usage: '[NAME] [flags]',
    help: ['Changes a user: yourself, or anybody for administrators.', ...FLAG_HELP],
    needsOwnLogin: true,
    handle: update,
  },
  {
    name: 'user delete',
    aliases: ['user remove'],
    usage: 'NAME -yes',
    help: ['Deletes a user with networks, history and uploads. There is no way back: say -yes.'],
    needsOwnLogin: true,
    handle: remove,
  },
  {
    name: 'password',
    usage: '[PASSWORD]',
    help: ['Sets your password, or makes one. For a program, better make an “app-password”.'],
    needsOwnLogin: true,
    handle: personal(password),
  },
]

/** The user that is named, or the one who asks, if she may manage that one. */
function userOf({ bouncer, by, user }: Asking, name: string | undefined) {
  const found = name === undefined ? user : bouncer.userNamed(name)
  // Whether there is such a user is not everybody's business.
  if (found && !mayManage(by, found)) return refuse(NOT_ADMIN)
  if (!found && !by.record.isAdmin) return refuse(NOT_ADMIN)
  return found
    ? ({ ok: true, user: found } as const)
    : refuse(name === undefined ? 'Say which user.' : `There is no user ${name.slice(0, 50)}.`)
}

function status(asking: Asking, words: readonly string[]): Answer {
  const [name, ...more] = words
  if (more.length > 0) return MISUSED
  if (name === undefined && asking.by.record.isAdmin) {
    return [...asking.bouncer.users.values()].map(describe)
  }
  const found = userOf(asking, name)
  return found.ok ? [describe(found.user)] : found
}

function describe({ record, networks, downstreams, lines }: User): string {
  const connected = [...networks.values()].filter(({ upstream }) => upstream?.isReady).length
  const what = [record.isAdmin && 'administrator', !record.isEnabled && 'disabled'].filter(Boolean)
  return [
    `${record.name}${what.length > 0 ? ` [${what.join(', ')}]` : ''}: ${counted(networks.size, 'network')} (${connected} connected)`,
    counted(downstreams.size, 'client'),
    counted(lines, 'line'),
    `since ${formatTime(record.createdAt)}`,
  ].join(', ')
}

async function create({ bouncer, by }: Asking, words: readonly string[]): Promise<Answer> {
  const read = readFlags(words, FLAGS)
  if (!read.ok) return read
  const { flags } = read
  const [name = flags.username, ...more] = read.rest
  if (name === undefined || more.length > 0) return MISUSED
  const made = await createUser(bouncer, by, { ...fieldsOf(flags), name, password: flags.password })
  if (!made.ok) return made
  const { record } = made.user
  const lines = [`Made the user ${record.name}${record.isAdmin ? ', an administrator' : ''}.`]
  if (flags.password === undefined) lines.push(`Password (shown once): ${made.password}`)
  return lines
}

async function update(asking: Asking, words: readonly string[]): Promise<Answer> {
  const read = readFlags(words, FLAGS)
  if (!read.ok) return read
  const { flags } = read
  const [name = flags.username, ...more] = read.rest
  if (more.length > 0) return MISUSED
  const found = userOf(asking, name)
  if (!found.ok) return found
  const { user } = found
  const fields = fieldsOf(flags)
  if (Object.keys(fields).length === 0 && flags.password === undefined) {
    return refuse('Say what to change, such as: user update -nick fox')
  }
  const changed = updateUser(asking.by, user, fields)
  if (!changed.ok) return changed
  if (flags.password !== undefined) {
    const set = await setPassword(user, flags.password)
    if (!set.ok) return set
  }
  return [`Changed the user ${user.record.name}.`]
}

function remove(asking: Asking, words: readonly string[]): Answer {
  const read = readFlags(words, { yes: 'flag' } as const)
  if (!read.ok) return read
  const [name, ...more] = read.rest
  if (name === undefined || more.length > 0) return MISUSED
  const found = userOf(asking, name)
  if (!found.ok) return found
  const { record } = found.user
  if (!read.flags.yes) {
    return refuse(
      `All that is ${record.name}'s would be deleted. To do so: user delete ${record.name} -yes`,
    )
  }
  const removed = removeUser(asking.by, found.user)
  return removed.ok ? [`Deleted the user ${record.name}.`] : removed
}

async function password({ user }: PersonalAsking, words: readonly string[]): Promise<Answer> {
  const [given, ...more] = words
  if (more.length > 0) return refuse('Put a password with spaces into quotes: "…".')
  const set = await setPassword(user, given)
  if (!set.ok) return set
  return given === undefined
    ? [`Password of ${user.record.name} (shown once): ${set.password}`]
    : [`Changed the password of ${user.record.name}.`]
}

function fieldsOf(flags: {
  nick?: string
  realname?: string
  admin?: boolean
  enabled?: boolean
  'bind-address'?: string
}): UserFields {
  return {
    ...(flags.nick !== undefined && { nick: flags.nick }),
    ...(flags.realname !== undefined && { realname: flags.realname }),
    ...(flags.admin !== undefined && { isAdmin: flags.admin }),
    ...(flags.enabled !== undefined && { isEnabled: flags.enabled }),
    ...(flags['bind-address'] !== undefined && { bindAddress: flags['bind-address'] }),
  }
}
