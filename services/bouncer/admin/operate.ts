// The operator's verbs, done: by the running server, or on the store when none runs. They are BouncerServ's commands, for
// any user, and those that a client has no room for.

import type { ControlAnswer } from '@fuchsbau/shared/control.ts'
import type { Bouncer } from '../bouncer.ts'
import { exportHistory } from '../history/export.ts'
import { OPERATOR } from '../manage/authority.ts'
import { isRefusal } from '../service/command.ts'
import { linesOf, runWords } from '../service/commands.ts'
import type { User } from '../user.ts'

/** Verbs whose words are those of BouncerServ: `server status`. */
export const SAME: readonly string[] = ['user', 'server']
/** Verbs that say behind their own verb for whom: `network create USER …`. */
export const FOR_USER: readonly string[] = [
  'network',
  'channel',
  'sasl',
  'certfp',
  'app-password',
  'certificate',
  'client',
]
/** Verbs that only say for whom, with the words of BouncerServ that they mean: `search USER …`. */
export const SHORT: Readonly<Record<string, readonly string[]>> = {
  password: ['password'],
  search: ['history', 'search'],
  'delete-history': ['history', 'delete'],
}

/** Runs a verb. Never rejects for what a person typed. */
export async function operate(
  bouncer: Bouncer,
  verb: string,
  args: string[],
): Promise<ControlAnswer> {
  if (SAME.includes(verb)) return await run(bouncer, undefined, [verb, ...args])
  if (verb === 'export') return exportTo(bouncer, args)
  const short = Object.hasOwn(SHORT, verb) ? SHORT[verb] : undefined
  const isKnown = short !== undefined || FOR_USER.includes(verb)
  if (!isKnown) return refused(`There is no verb ${verb}.`)
  const [own, name, ...rest] = short ? ['', ...args] : args
  if (own === undefined) return refused(`Say what of ${verb}; see --help.`)
  if (name === undefined) {
    return verb === 'network' && /^(status|list)$/.test(own)
      ? await listAll(bouncer)
      : refused('Say for which user; see --help.')
  }
  const user = bouncer.userNamed(name)
  if (!user)
    return refused(`There is no user ${name}. Make one with: fuchsbau bouncer user create ${name}`)
  return await run(bouncer, user, [...(short ?? [verb, own]), ...rest])
}

async function run(
  bouncer: Bouncer,
  user: User | undefined,
  words: string[],
): Promise<ControlAnswer> {
  const asking = { bouncer, by: OPERATOR, user, network: undefined, isAppLogin: false }
  const answer = await runWords(asking, words)
  // Whoever reads the answer may rely on it.
  bouncer.store.commitTurn()
  if (bouncer.store.failure !== undefined) {
    return refused(`Nothing can be stored: ${bouncer.store.failure}.`)
  }
  return { ok: !isRefusal(answer), lines: linesOf(answer) }
}

async function listAll(bouncer: Bouncer): Promise<ControlAnswer> {
  const lines: string[] = []
  for (const user of bouncer.users.values()) {
    const { lines: own } = await run(bouncer, user, ['network', 'status'])
    for (const line of own) lines.push(line.startsWith(' ') ? line : `${user.record.name}/${line}`)
  }
  return { ok: true, lines }
}

/** `export USER NETWORK TARGET [--json]`: line by line, however much it is. */
function exportTo(bouncer: Bouncer, args: string[]): ControlAnswer {
  const words = args.filter((word) => !word.startsWith('--'))
  const [name = '', networkName = '', target, ...more] = words
  const isJson = args.includes('--json')
  const unknown = args.find((word) => word.startsWith('--') && word !== '--json')
  if (target === undefined || more.length > 0 || unknown) {
    return refused('Usage: fuchsbau bouncer export USER NETWORK TARGET [--json]')
  }
  const user = bouncer.userNamed(name)
  const network = user?.networkNamed(networkName)
  if (!network) {
    return refused(user ? `${name} has no network ${networkName}.` : `There is no user ${name}.`)
  }
  const pages = exportHistory(bouncer.store, network.record, target, isJson ? 'json' : 'text')
  return { ok: true, lines: linesOfPages(pages) }
}

function* linesOfPages(pages: Iterable<string>): Generator<string> {
  let rest = ''
  for (const page of pages) {
    const lines = (rest + page).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

const refused = (reason: string): ControlAnswer => ({ ok: false, lines: [reason] })
