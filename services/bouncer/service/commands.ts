// All commands of BouncerServ as one table, and how one is found and run: names may be shortened (`net cr`), as soju's.

import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import { nearest } from '@fuchsbau/shared/nearest.ts'
import { NOT_ADMIN, NOT_BY_APP } from '../manage/authority.ts'
import { refuse } from '../manage/outcome.ts'
import { CHANNEL_COMMANDS } from './command/channel.ts'
import { CREDENTIAL_COMMANDS } from './command/credential.ts'
import { HISTORY_COMMANDS } from './command/history.ts'
import { NETWORK_COMMANDS } from './command/network.ts'
import { SASL_COMMANDS } from './command/sasl.ts'
import { SERVER_COMMANDS } from './command/server.ts'
import { USER_COMMANDS } from './command/user.ts'
import { type Answer, type Asking, type Command, isRefusal, MISUSED } from './command.ts'
import { splitWords } from './words.ts'

/** Those that run others, or tell of them. */
const ABOUT_COMMANDS: readonly Command[] = [
  {
    name: 'help',
    usage: '[COMMAND]',
    help: ['Shows all commands, or what one does.'],
    handle: help,
  },
  {
    name: 'user run',
    usage: 'NAME COMMAND …',
    help: ['Runs a command as another user, such as: user run fox network status'],
    isAdmin: true,
    handle: runAs,
  },
]

export const COMMANDS: readonly Command[] = [
  ...ABOUT_COMMANDS,
  ...NETWORK_COMMANDS,
  ...CHANNEL_COMMANDS,
  ...SASL_COMMANDS,
  ...CREDENTIAL_COMMANDS,
  ...HISTORY_COMMANDS,
  ...SERVER_COMMANDS,
  ...USER_COMMANDS,
]

/** Runs what a person typed. Never throws. */
export function runLine(asking: Asking, text: string): Answer | Promise<Answer> {
  const split = splitWords(text)
  return split.ok ? runWords(asking, split.words) : split
}

/** Runs a command. At once where it can, so that its answer comes before that of the next; never throws. */
export function runWords(asking: Asking, words: readonly string[]): Answer | Promise<Answer> {
  const found = find(words)
  if (!found.ok) return found
  const { command, rest } = found
  if (command.isAdmin && !asking.by.record.isAdmin) return refuse(NOT_ADMIN)
  if (rest.length === 1 && ['-help', '--help', '-h'].includes(rest[0] ?? '')) return helpOf(command)
  if (command.needsOwnLogin && asking.isAppLogin) return refuse(NOT_BY_APP)
  const finish = (answer: Answer) => (answer === MISUSED ? misuse(command) : answer)
  try {
    const answer = command.handle(asking, rest)
    return answer instanceof Promise
      ? answer.then(finish, (error: unknown) => failed(asking, error))
      : finish(answer)
  } catch (error) {
    return failed(asking, error)
  }
}

function failed({ bouncer }: Asking, error: unknown): Answer {
  if (error instanceof StoreUnavailable) {
    return refuse(`Nothing was changed, because nothing can be stored: ${error.message}.`)
  }
  bouncer.log.error({ err: error }, 'a command failed')
  return refuse('That failed; the log says why.')
}

type Found = { ok: true; command: Command; rest: readonly string[] } | ReturnType<typeof refuse>

/** The command that the first words name, in full or by beginnings that only one has. */
function find(words: readonly string[]): Found {
  const [first = '', second = ''] = words.map((word) => word.toLowerCase())
  if (first === '') return refuse('Say what to do: “help” shows all commands.')
  const groups = [...new Set(namesOf(COMMANDS).map((name) => name.split(' ', 1)[0] ?? ''))]
  const group = pick(first, groups)
  if (!group.ok) return group
  const inGroup = COMMANDS.filter(({ name }) => name.split(' ', 1)[0] === group.name)
  const [only] = inGroup
  if (only && !only.name.includes(' ')) return { ok: true, command: only, rest: words.slice(1) }
  const verbs = namesOf(inGroup).map((name) => name.split(' ')[1] ?? '')
  if (second === '') return refuse(`Say what of ${group.name}: ${verbsOf(inGroup)}.`)
  const verb = pick(second, verbs, `${group.name} `)
  if (!verb.ok) return verb
  const full = `${group.name} ${verb.name}`
  const command = inGroup.find(({ name, aliases = [] }) => name === full || aliases.includes(full))
  return command ? { ok: true, command, rest: words.slice(2) } : refuse('There is no such command.')
}

const namesOf = (commands: readonly Command[]) =>
  commands.flatMap(({ name, aliases = [] }) => [name, ...aliases])

const verbsOf = (commands: readonly Command[]) =>
  commands.map(({ name }) => name.split(' ')[1]).join(', ')

function pick(word: string, names: readonly string[], prefix = '') {
  if (names.includes(word)) return { ok: true, name: word } as const
  const [only, ...others] = names.filter((name) => name.startsWith(word))
  if (only && others.length === 0) return { ok: true, name: only } as const
  if (only)
    return refuse(
      `“${prefix}${word}” could be ${[only, ...others].map((name) => prefix + name).join(', ')}.`,
    )
  const meant = nearest(word, names)
  const hint = meant ? `did you mean “${prefix}${meant}”?` : 'see “help”.'
  return refuse(`There is no command “${prefix}${word.slice(0, 50)}”: ${hint}`)
}

function misuse(command: Command): Answer {
  return refuse(`Usage: ${`${command.name} ${command.usage}`.trim()} (more: help ${command.name})`)
}

function help({ by }: Asking, words: readonly string[]): Answer {
  const commands = COMMANDS.filter(({ isAdmin }) => !isAdmin || by.record.isAdmin)
  if (words.length === 0) {
    return [
      'Commands, which may be shortened as long as it is clear which is meant:',
      ...commands.map(({ name, usage }) => `${name} ${usage}`.trim()),
      'What one does: help COMMAND',
    ]
  }
  const wanted = words.join(' ').toLowerCase()
  const inGroup = commands.filter(({ name }) => name.startsWith(`${wanted} `))
  if (inGroup.length > 0) {
    return inGroup.map(({ name, usage, help: [first] }) => `${`${name} ${usage}`.trim()}: ${first}`)
  }
  const found = find(words)
  return found.ok ? helpOf(found.command) : found
}

function helpOf({ name, usage, help: lines }: Command): Answer {
  return [`${name} ${usage}`.trim(), ...lines.map((line) => `  ${line}`)]
}

function runAs(asking: Asking, [name, ...words]: readonly string[]): Answer | Promise<Answer> {
  if (name === undefined || words.length === 0) return MISUSED
  const user = asking.bouncer.userNamed(name)
  if (!user) return refuse(`There is no user ${name.slice(0, 50)}.`)
  // With her rights, not with the administrator's.
  return runWords({ ...asking, by: user, user, network: undefined }, words)
}

/** The lines of an answer, whether it was refused or not. */
export function linesOf(answer: Answer): readonly string[] {
  return isRefusal(answer) ? [answer.reason] : answer
}
