// What a network's modules of ZNC did, in our settings: perform, sasl, nickserv, cert. The others are done here anyway, or
// have no counterpart: either way it is said.

import type { NetworkRecord } from '../store/records.ts'
import { isOneLine } from './names.ts'

export interface LoadedModule {
  name: string
  argument: string
}

export interface ModuleFiles {
  /** What a module of the network, or else of the user, keeps. */
  registry(module: string): ReadonlyMap<string, string>
  /** The cert module's key and certificate. */
  certificate(): string | undefined
}

export type FromModules = Pick<
  NetworkRecord,
  | 'connectCommands'
  | 'saslMechanism'
  | 'saslUser'
  | 'saslPassword'
  | 'nickservPassword'
  | 'certificate'
  | 'privateKey'
  | 'isAutoAway'
>

/** Done here without a module, or made needless: nobody misses anything. */
const NEEDLESS: Readonly<Record<string, string>> = {
  adminlog: 'logins are in the audit',
  autoattach: 'channels have rules of their own for attaching',
  autoreply: '',
  block_motd: '',
  buffextras: 'joins, parts and modes are in the history',
  certauth: '',
  chansaver: 'channels are always remembered',
  clearbufferonmsg: 'each client has its own place in the backlog',
  clientbuffer: 'each client has its own place in the backlog',
  controlpanel: 'the web pages and BouncerServ do this',
  corecaps: '',
  crypt: '',
  disconkick: '',
  fail2ban: 'failed logins are always slowed',
  flooddetach: '',
  keepnick: 'the nick is always regained',
  kickrejoin: '',
  lastseen: 'logins are in the audit',
  log: 'everything is in the history',
  missingmotd: '',
  modules_online: '',
  notify_connect: '',
  playback: 'its clients are served (znc.in/playback)',
  route_replies: 'answers always go to the client that asked',
  savebuff:
    'the history is on the disk; its own files are encrypted with a password, so they cannot be read',
  sendraw: '',
  simple_away: 'away is set when the last client leaves',
  stickychan: '',
  webadmin: 'the web pages do this',
}
const TAKEN = new Set(['perform', 'sasl', 'nickserv', 'cert', 'log', 'simple_away'])
const MOST_COMMANDS = 100
const MOST_COMMAND = 1_000
const PRIVATE_KEY = /-----BEGIN ((?:RSA |EC |)PRIVATE KEY)-----[\s\S]{1,20000}?-----END \1-----/
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]{1,20000}?-----END CERTIFICATE-----/g

/** The settings, with remarks about what is not taken. `names` replace `%nick%` and the like. */
export function readModules(
  modules: readonly LoadedModule[],
  files: ModuleFiles,
  names: Readonly<Record<string, string>>,
  remarks: string[],
): FromModules {
  const has = (name: string) => modules.some((module) => module.name === name)
  const pem = has('cert') ? readCertificate(files, remarks) : undefined
  for (const { name } of modules) {
    if (TAKEN.has(name)) continue
    const words = NEEDLESS[name]
    remarks.push(
      words
        ? `module ${name}: not needed, ${words}`
        : `module ${name}: not taken, there is nothing like it here`,
    )
  }
  const nickserv = has('nickserv') ? readNickserv(modules, files) : undefined
  return {
    ...(has('sasl') ? readSasl(files, pem !== undefined, remarks) : NO_SASL),
    certificate: pem?.certificate ?? '',
    privateKey: pem?.privateKey ?? '',
    nickservPassword: nickserv?.password ?? '',
    isAutoAway: has('simple_away'),
    connectCommands: [
      ...(nickserv?.commands ?? []),
      ...(has('perform') ? readPerform(files, names, remarks) : []),
    ],
  }
}

const NO_SASL = { saslMechanism: '', saslUser: '', saslPassword: '' } as const

function readSasl(files: ModuleFiles, hasCertificate: boolean, remarks: string[]) {
  const registry = files.registry('sasl')
  const saslUser = registry.get('username') ?? ''
  const saslPassword = registry.get('password') ?? ''
  const mechanisms = (registry.get('mechanisms') || 'EXTERNAL PLAIN').toUpperCase().split(/\s+/)
  if (saslUser !== '' && saslPassword !== '' && mechanisms.includes('PLAIN')) {
    return { saslMechanism: 'PLAIN', saslUser, saslPassword } as const
  }
  if (hasCertificate && mechanisms.includes('EXTERNAL')) {
    return { saslMechanism: 'EXTERNAL', saslUser, saslPassword: '' } as const
  }
  remarks.push('module sasl: not taken, it has neither a password nor a certificate')
  return NO_SASL
}

function readCertificate(files: ModuleFiles, remarks: string[]) {
  const pem = files.certificate() ?? ''
  const [privateKey] = PRIVATE_KEY.exec(pem) ?? []
  const certificate = [...pem.matchAll(CERTIFICATE)].map(([text]) => text).join('\n')
  if (privateKey && certificate)
    return { privateKey: `${privateKey}\n`, certificate: `${certificate}\n` }
  remarks.push('module cert: not taken, its user.pem has no certificate with a key')
  return
}

const IDENTIFY = /^(?:nickserv|ns|(?:privmsg|msg)\s+nickserv)\s+:?identify\s+\{password\}$/i

function readNickserv(modules: readonly LoadedModule[], files: ModuleFiles) {
  const registry = files.registry('nickserv')
  const argument = modules.find(({ name }) => name === 'nickserv')?.argument ?? ''
  const given = argument === '<hidden>' ? '' : argument
  const password = registry.get('Password') || given
  const command = registry.get('IdentifyCmd') || 'NICKSERV IDENTIFY {password}'
  if (password === '' || !isLine(password)) return
  if (IDENTIFY.test(command) || !isLine(command)) return { password, commands: [] }
  return { password: '', commands: [command.replaceAll('{password}', password)] }
}

function readPerform(
  files: ModuleFiles,
  names: Readonly<Record<string, string>>,
  remarks: string[],
): string[] {
  const lines = (files.registry('perform').get('Perform') ?? '')
    .split('\n')
    .filter((line) => line !== '')
  const commands = lines
    .map((line) =>
      asCommand(line).replace(/%([a-z]+)%/g, (all, name: string) => names[name] ?? all),
    )
    .filter((line) => isLine(line) && line.length <= MOST_COMMAND)
    .slice(0, MOST_COMMANDS)
  const left = lines.length - commands.length
  if (left > 0)
    remarks.push(
      `module perform: ${left} of ${lines.length} commands not taken: they are no lines of IRC`,
    )
  return commands
}

/** `/msg who text` as the line that it is, as the module reads it. */
function asCommand(line: string): string {
  const command = line.replace(/^\//, '').replace(/^msg /i, 'PRIVMSG ')
  return command.replace(/^(privmsg|notice) (\S+) (?!:)/i, '$1 $2 :')
}

const isLine = (text: string) => isOneLine(text) && text.trim() !== ''
