// *status: the commands of ZNC that people type from habit, done by the same functions. Others are told what to type.
import { nearest } from '@fuchsbau/shared/nearest.ts'
import { refuse } from '../manage/outcome.ts'
import manifest from '../package.json' with { type: 'json' }
import { type Answer, type Asking, MISUSED, networkOf } from './command.ts'
import { runWords } from './commands.ts'
import { formatDuration, splitWords } from './words.ts'

interface StatusCommand {
  usage: string
  help: string
  run(asking: Asking, words: readonly string[]): Answer | Promise<Answer>
}

/** The same as a command of BouncerServ. */
const as =
  (...command: string[]): StatusCommand['run'] =>
  (asking, words) =>
    runWords(asking, [...command, ...words])

/** What is otherwise here. */
const explain =
  (text: string): StatusCommand['run'] =>
  () => [text]

/** By name, as ZNC spells it. */
export const STATUS_COMMANDS: Readonly<Record<string, StatusCommand>> = {
  Help: { usage: '', help: 'Shows these commands.', run: help },
  ListNetworks: { usage: '', help: 'Shows your networks.', run: as('network', 'status') },
  AddNetwork: {
    usage: 'NAME [HOST [+]PORT]',
    help: 'Adds a network; well-known ones need only a name.',
    run: addNetwork,
  },
  DelNetwork: { usage: 'NAME', help: 'Removes a network.', run: as('network', 'delete') },
  JumpNetwork: {
    usage: 'NAME',
    help: 'Explains how to change to another network.',
    run: jumpNetwork,
  },
  ListServers: {
    usage: '',
    help: 'Shows the server of each network.',
    run: as('network', 'status'),
  },
  AddServer: {
    usage: 'HOST [[+]PORT [PASSWORD]]',
    help: 'Sets the server of this network; + means TLS.',
    run: addServer,
  },
  DelServer: {
    usage: '',
    help: 'Explains how to change the server.',
    run: explain(
      'A network has one address here: change it with AddServer, or “/msg BouncerServ network update -addr …”.',
    ),
  },
  Connect: { usage: '', help: 'Connects this network.', run: as('network', 'connect') },
  Disconnect: { usage: '', help: 'Disconnects this network.', run: as('network', 'disconnect') },
  Jump: { usage: '', help: 'Connects this network anew.', run: as('network', 'connect') },
  ListChans: {
    usage: '',
    help: 'Shows the channels of this network.',
    run: as('channel', 'status'),
  },
  Detach: {
    usage: '#CHANNEL …',
    help: 'Hides channels; the bouncer stays in them.',
    run: each('-detached', 'true'),
  },
  Attach: { usage: '#CHANNEL …', help: 'Shows channels again.', run: each('-detached', 'false') },
  DelChan: { usage: '#CHANNEL', help: 'Leaves a channel.', run: as('channel', 'delete') },
  ListClients: { usage: '', help: 'Shows your clients.', run: as('client', 'list') },
  ClearBuffer: {
    usage: 'TARGET',
    help: 'Deletes the history of a channel or person.',
    run: (asking, words) => {
      const [target, ...more] = words
      if (target === undefined || more.length > 0 || target.includes('*')) {
        return refuse(
          'Name one channel or person: here it is the whole history, not only what waits.',
        )
      }
      return runWords(asking, ['history', 'delete', target, '-yes'])
    },
  },
  PlayBuffer: { usage: 'TARGET', help: 'Shows the last lines.', run: as('history', 'export') },
  ListMods: {
    usage: '',
    help: 'Explains what became of the modules.',
    run: explain(
      'There are no modules: what most of them do is built in. See “/msg BouncerServ help”.',
    ),
  },
  Version: { usage: '', help: 'Shows the version.', run: () => [`Fuchsbau ${manifest.version}`] },
  Uptime: {
    usage: '',
    help: 'Shows how long the bouncer runs.',
    run: ({ bouncer }) => [`Up for ${formatDuration(bouncer.clock.now() - bouncer.startedAt)}.`],
  },
  AddUser: { usage: 'NAME PASSWORD', help: 'Makes a user.', run: addUser },
  ListUsers: { usage: '', help: 'Shows the users.', run: as('user', 'status') },
  Broadcast: { usage: 'TEXT', help: 'Sends a notice to everybody.', run: as('server', 'notice') },
}

/** What those of ZNC's commands that are not here are called. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  listnicks: '/names shows the members of a channel.',
  topics: '/topic shows the topic of a channel.',
  enablechan: '/join joins a channel, here and at each connection.',
  disablechan: '“/part #CHANNEL” leaves a channel, “/msg *status Detach #CHANNEL” hides it.',
  movechan: 'Channels have no order here.',
  swapchans: 'Channels have no order here.',
  movenetwork:
    'A network is added anew for the other user: “/msg BouncerServ user run USER network create …”.',
  listallusernetworks:
    '“/msg BouncerServ user run USER network status” shows them (administrators).',
  deluser: '“/msg BouncerServ user delete NAME -yes” does that (administrators).',
  listports: 'The settings say where the bouncer listens (bouncer.listen).',
  addport: 'The settings say where the bouncer listens (bouncer.listen).',
  delport: 'The settings say where the bouncer listens (bouncer.listen).',
  listavailmods: 'There are no modules: see “/msg BouncerServ help”.',
  updatemod: 'There are no modules: see “/msg BouncerServ help”.',
  setbuffer: 'There are no buffers: everything is kept, and each client gets what it missed.',
  listbuffers: 'There are no buffers: everything is kept, and each client gets what it missed.',
  clearallbuffers:
    'There are no buffers; “/msg BouncerServ history delete TARGET -yes” deletes history.',
  clearallchannelbuffers: '“/msg BouncerServ history delete TARGET -yes” deletes history.',
  clearallquerybuffers: '“/msg BouncerServ history delete TARGET -yes” deletes history.',
  loadmod: 'There are no modules: see “/msg BouncerServ help”.',
  unloadmod: 'There are no modules: see “/msg BouncerServ help”.',
  reloadmod: 'There are no modules: see “/msg BouncerServ help”.',
  addtrustedserverfingerprint:
    '“/msg BouncerServ network update -certfp SHA256” pins a certificate.',
  deltrustedserverfingerprint:
    '“/msg BouncerServ network update -certfp ""” trusts the authorities again.',
  listtrustedserverfingerprints: 'The web pages show which certificate is pinned.',
  setuserbindhost: '“/msg BouncerServ user update -bind-address IP” does that (administrators).',
  clearbindhost: '“/msg BouncerServ user update -bind-address ""” does that (administrators).',
  clearuserbindhost: '“/msg BouncerServ user update -bind-address ""” does that (administrators).',
  setbindhost: '“/msg BouncerServ user update -bind-address IP” does that (administrators).',
  showbindhost: '“/msg BouncerServ user status” shows your account.',
  saveconfig: 'Everything is stored at once.',
  rehash: 'Everything is stored at once.',
  shutdown: 'That is the matter of whoever runs the service.',
  restart: 'That is the matter of whoever runs the service.',
  showmotd: '/motd shows the message of the day.',
  traffic: '“/msg BouncerServ server status” tells of the bouncer (administrators).',
}

/** Runs what a person typed to *status. Never throws. */
export function runStatus(asking: Asking, text: string): Answer | Promise<Answer> {
  const split = splitWords(text)
  if (!split.ok) return split
  const [word = 'help', ...words] = split.words
  const names = Object.keys(STATUS_COMMANDS)
  const name = names.find((each) => each.toLowerCase() === word.toLowerCase())
  const command = name === undefined ? undefined : STATUS_COMMANDS[name]
  if (command) {
    const answer = command.run(asking, words)
    return answer === MISUSED ? refuse(`Usage: ${name} ${command.usage}`) : answer
  }
  const elsewhere = Object.hasOwn(ELSEWHERE, word.toLowerCase())
    ? ELSEWHERE[word.toLowerCase()]
    : undefined
  if (elsewhere) return [elsewhere]
  const meant = nearest(
    word.toLowerCase(),
    names.map((each) => each.toLowerCase()),
  )
  const spelled = names.find((each) => each.toLowerCase() === meant)
  return refuse(
    spelled
      ? `There is no command ${word.slice(0, 50)}: did you mean ${spelled}?`
      : `There is no command ${word.slice(0, 50)}: see Help, or “/msg BouncerServ help”.`,
  )
}

function help(): Answer {
  return [
    'These work as in ZNC; all there is: /msg BouncerServ help',
    ...Object.entries(STATUS_COMMANDS).map(
      ([name, { usage, help: text }]) => `${`${name} ${usage}`.trim()}: ${text}`,
    ),
  ]
}

/** `irc.example.org +6697` as one word. */
function addressOf([host = '', port = '']: readonly string[]): string {
  // In ZNC a port without + is one without TLS.
  if (/^\+\d+$/.test(port)) return `ircs://${host}:${port.slice(1)}`
  return /^\d+$/.test(port) ? `irc+insecure://${host}:${port}` : host
}

function addNetwork(
  asking: Asking,
  [name, ...server]: readonly string[],
): Answer | Promise<Answer> {
  if (name === undefined) return MISUSED
  if (server.length === 0) return runWords(asking, ['network', 'create', '-addr', name])
  return runWords(asking, ['network', 'create', '-name', name, '-addr', addressOf(server)])
}

function addServer(asking: Asking, words: readonly string[]): Answer | Promise<Answer> {
  const [host, , password] = words
  if (host === undefined) return MISUSED
  const pass = password === undefined ? [] : ['-pass', password]
  return runWords(asking, ['network', 'update', '-addr', addressOf(words), ...pass])
}

function jumpNetwork(asking: Asking, [name]: readonly string[]): Answer {
  const { user } = asking
  if (!user || name === undefined) return MISUSED
  const found = networkOf({ ...asking, user }, name)
  if (!found.ok) return found
  const { record } = found.network
  return [
    `A client stays on one network: connect another one as ${user.record.name}/${record.name}.`,
    'Clients with soju.im/bouncer-networks (senpai, gamja, Goguma) have all of them at once.',
  ]
}

function addUser(
  asking: Asking,
  [name, password, ...more]: readonly string[],
): Answer | Promise<Answer> {
  if (name === undefined || more.length > 0) return MISUSED
  const words = password === undefined ? [] : ['-password', password]
  return runWords(asking, ['user', 'create', name, ...words])
}

function each(...flags: string[]): StatusCommand['run'] {
  return async (asking, channels) => {
    if (channels.length === 0) return MISUSED
    const lines: string[] = []
    for (const channel of channels) {
      const answer = await runWords(asking, ['channel', 'update', channel, ...flags])
      lines.push(...('ok' in answer ? [answer.reason] : answer))
    }
    return lines
  }
}
