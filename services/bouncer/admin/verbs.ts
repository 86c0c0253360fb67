// The command line's verbs of this service, with their help. What does them is loaded when one is run.
import type { Verb, VerbOptions } from '@fuchsbau/shared/service.ts'
import { holdVerb } from '../hold/verb.ts'
import { importVerb } from '../import/verb.ts'
import { COMMANDS } from '../service/commands.ts'
import type { settings } from '../settings.ts'
import { FOR_USER } from './operate.ts'

type Settings = typeof settings

const SUMMARIES: Readonly<Record<string, string>> = {
  user: 'Add, list, change and delete users.',
  network: "Add, list, change and remove a user's networks.",
  channel: "Join, list, change and leave a user's channels.",
  sasl: 'Set how a user logs in to a network.',
  certfp: 'Make a client certificate for a network.',
  'app-password': 'Make, list and revoke passwords for programs.',
  certificate: 'Add, list and remove certificates that log in here.',
  client: "List a user's clients, and forget one.",
  server: 'Show how the bouncer is, and send a notice to everybody.',
}

const EXAMPLES: Readonly<Record<string, string>> = {
  user: 'user create fox',
  network: 'network add fox libera --nick fox',
  channel: "channel add fox '#foxes' --network libera",
  sasl: 'sasl set-plain fox --network libera ACCOUNT PASSWORD',
  certfp: 'certfp generate fox --network libera',
  'app-password': 'app-password create fox WeeChat',
  certificate: 'certificate list fox',
  client: 'client list fox',
  server: 'server status',
}

export const verbs: Record<string, Verb<Settings>> = {
  ...Object.fromEntries(Object.keys(SUMMARIES).map((name) => [name, groupVerb(name)])),
  password: {
    summary: "Set a user's password, or make one.",
    usage: 'USER [PASSWORD]',
    help: `Without PASSWORD one is made and shown, once. Web sessions of the user end.

Example:
  fuchsbau bouncer password fox`,
    run: runOperation('password'),
  },
  search: {
    summary: "Search a user's history.",
    usage: 'USER WORDS [--network NAME] [--in TARGET] [--from NICK] [--limit NUMBER]',
    help: `Finds lines that have all the words, newest first.

Example:
  fuchsbau bouncer search fox den --in '#foxes'`,
    run: runOperation('search'),
  },
  export: {
    summary: 'Print the history of a conversation.',
    usage: 'USER NETWORK TARGET [--json]',
    help: `TARGET is a channel or a nick. Text as clients log it, times in UTC, or one JSON array.

Example:
  fuchsbau bouncer export fox libera '#foxes' > foxes.log`,
    run: runOperation('export'),
  },
  'delete-history': {
    summary: 'Delete the history of a conversation.',
    usage: 'USER TARGET [--network NAME] --yes',
    help: `There is no way back.

Example:
  fuchsbau bouncer delete-history fox '#foxes' --network libera --yes`,
    run: runOperation('delete-history'),
  },
  fsck: {
    summary: 'Check the database.',
    usage: '',
    help: `Reads the whole database, the index of the search too, and says what is wrong with it; the exit code is 1 then. The
bouncer may run meanwhile.

Example:
  fuchsbau bouncer fsck`,
    run: async (options) => (await import('./run.ts')).check(options),
  },
  hold: holdVerb,
  import: importVerb,
}

/** A verb that has the commands of BouncerServ of this name. */
function groupVerb(group: string): Verb<Settings> {
  const commands = COMMANDS.filter(({ name }) => name.startsWith(`${group} `))
  const who = FOR_USER.includes(group) ? ' USER' : ''
  const texts = commands.map(({ name, usage, help }) => {
    const [, verb = ''] = name.split(' ')
    return [`${verb}${who} ${usage}`.trim(), ...help.map((line) => `    ${line}`)].join('\n')
  })
  return {
    summary: SUMMARIES[group] ?? '',
    usage: `${commands.map(({ name }) => name.split(' ')[1]).join('|')}${who} …`,
    help: `${texts.join('\n')}\n\nA flag may have one dash or two.\n\nExample:\n  fuchsbau bouncer ${EXAMPLES[group] ?? group}`,
    run: runOperation(group),
  }
}

function runOperation(verb: string): (options: VerbOptions<Settings>) => Promise<number> {
  return async (options) => (await import('./run.ts')).run(verb, options)
}
