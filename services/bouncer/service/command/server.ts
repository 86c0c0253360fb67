// `client …` and `server …`: who is connected, and the bouncer itself.
import { messageFrom } from '../../irc/message.ts'
import { refuse } from '../../manage/outcome.ts'
import manifest from '../../package.json' with { type: 'json' }
import {
  type Answer,
  type Asking,
  type Command,
  MISUSED,
  type PersonalAsking,
  personal,
} from '../command.ts'
import { SERVICE_SOURCE } from '../names.ts'
import { counted, formatDuration, formatTime } from '../words.ts'

export const SERVER_COMMANDS: readonly Command[] = [
  {
    name: 'client list',
    aliases: ['client status'],
    usage: '',
    help: ['Shows your clients that are connected, and those that have a place in the backlog.'],
    handle: personal(listClients),
  },
  {
    name: 'client forget',
    usage: 'NAME',
    help: ['Forgets a client that you use no more: its place in the backlog.'],
    handle: personal(forgetClient),
  },
  {
    name: 'server status',
    usage: '',
    help: ['Shows how the bouncer is.'],
    isAdmin: true,
    handle: ({ bouncer }) => {
      const { store, users, downstreams, limits } = bouncer
      const networks = [...users.values()].flatMap((user) => [...user.networks.values()])
      const connected = networks.filter(({ upstream }) => upstream?.isReady).length
      const { databaseBytes, logBytes, messages, uploadBytes } = store.sizes()
      return [
        `Fuchsbau ${manifest.version}, up for ${formatDuration(bouncer.clock.now() - bouncer.startedAt)}`,
        `${counted(users.size, 'user')}, ${counted(networks.length, 'network')} (${connected} connected), ${counted(downstreams.size, 'client')}`,
        `${counted(messages, 'line')}, ${megabytes(databaseBytes + logBytes)} of history, ${megabytes(uploadBytes)} of uploads`,
        ...(limits.lines > 0
          ? [`Of each user at most ${counted(limits.lines, 'line')} are kept, the newest`]
          : []),
        ...(store.failure ? [`Nothing can be stored: ${store.failure}`] : []),
      ]
    },
  },
  {
    name: 'server notice',
    usage: 'TEXT',
    help: ['Sends a notice to all clients of all users.'],
    isAdmin: true,
    handle: notice,
  },
]

const megabytes = (bytes: number) => `${(bytes / 1_000_000).toFixed(1)} MB`

function listClients({ user, bouncer }: PersonalAsking): Answer {
  const now = bouncer.clock.now()
  const here = [...user.downstreams].map(({ clientName, network, wire, connectedAt }) => {
    const where = network ? `on ${network.record.name}` : 'on no network'
    return `${clientName || '(no name)'} ${where} from ${wire.address}, for ${formatDuration(now - connectedAt)}`
  })
  const away = [...user.networks.values()].flatMap(({ record, downstreams }) => {
    const names = new Set([...downstreams].map(({ clientName }) => clientName))
    return bouncer.store.receipts
      .list(record.id)
      .filter(({ client }) => !names.has(client))
      .map(
        ({ client, at }) =>
          `${client || '(no name)'} on ${record.name}, last here ${formatTime(at)}`,
      )
  })
  const lines = [...here, ...away]
  return lines.length > 0 ? lines : ['No client is known.']
}

function forgetClient(
  { user, bouncer }: PersonalAsking,
  [name, ...more]: readonly string[],
): Answer {
  if (name === undefined || more.length > 0) return MISUSED
  if ([...user.downstreams].some(({ clientName }) => clientName === name)) {
    return refuse(`${name} is connected: disconnect it first.`)
  }
  const forgotten = [...user.networks.keys()].filter((id) =>
    bouncer.store.receipts.forget(id, name),
  )
  return forgotten.length > 0
    ? [`Forgot ${name}.`]
    : refuse(`There is no client ${name.slice(0, 50)}.`)
}

function notice({ bouncer }: Asking, words: readonly string[]): Answer {
  if (words.length === 0) return MISUSED
  const text = words.join(' ')
  let count = 0
  for (const downstream of bouncer.downstreams) {
    if (!downstream.registration.isDone) continue
    downstream.send(messageFrom(SERVICE_SOURCE, 'NOTICE', downstream.nick, text))
    count += 1
  }
  return [`Sent to ${counted(count, 'client')}.`]
}
