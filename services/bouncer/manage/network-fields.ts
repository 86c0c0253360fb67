// What may stand in each field of a network, and how it is written down. The fields come from people and programs.
import { isIP } from 'node:net'
import { parseMessage } from '../irc/message.ts'
import { utf8Length } from '../irc/split.ts'
import type { NetworkRecord } from '../store/records.ts'
import { type Outcome, type Refusal, refuse } from './outcome.ts'

/** What a person can set. Absent fields stay as they are, or get their default. */
export type NetworkFields = Partial<Omit<NetworkRecord, 'id' | 'userId' | 'casemapping'>>

const MAX_NAME = 50
const MAX_ALTERNATES = 10
const MAX_COMMANDS = 50
/** Bytes: more does not fit into a line of IRC. */
const MAX_TEXT = 400
const MAX_PEM = 32 * 1024

const MECHANISMS: readonly string[] = ['', 'PLAIN', 'EXTERNAL', 'SCRAM-SHA-256']

/** The fields as they are stored, or what is wrong with the first that is wrong. */
export function checkFields(fields: NetworkFields): Outcome<{ fields: NetworkFields }> {
  const tidy = tidied(fields)
  for (const [field, check] of Object.entries(CHECKS)) {
    const value = tidy[field as keyof NetworkFields]
    const reason = value === undefined ? undefined : check(value as never)
    if (reason !== undefined) return refuse(reason, field)
  }
  return { ok: true, fields: tidy }
}

/** What does not fit together. */
export function checkWhole(record: NetworkFields): Refusal | undefined {
  const { saslMechanism, saslUser, saslPassword, certificate, privateKey } = record
  if (!record.host) return refuse('A host is needed, such as irc.libera.chat.', 'host')
  if (!certificate !== !privateKey) {
    return refuse('A client certificate and its key are only useful together.', 'certificate')
  }
  if (saslMechanism === 'EXTERNAL' && !certificate) {
    return refuse('SASL EXTERNAL needs a client certificate: generate one first.', 'saslMechanism')
  }
  const needsPassword = saslMechanism === 'PLAIN' || saslMechanism === 'SCRAM-SHA-256'
  if (needsPassword && (!saslUser || !saslPassword)) {
    return refuse(`SASL ${saslMechanism} needs an account name and a password.`, 'saslUser')
  }
  return
}

/** Whether a text can be a nick on some network; what a network really takes, it says itself. */
export function isNick(text: string): boolean {
  return /^[^\s,*?!@.:$#&+~%\p{Cc}][^\s,*?!@\p{Cc}]*$/u.test(text) && utf8Length(text) <= 100
}

function tidied(fields: NetworkFields): NetworkFields {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  const tidy: NetworkFields = Object.fromEntries(given)
  if (tidy.name !== undefined) tidy.name = tidy.name.trim()
  if (tidy.host !== undefined)
    tidy.host = tidy.host
      .trim()
      .replace(/^\[(.*)\]$/, '$1')
      .toLowerCase()
  if (tidy.fingerprint !== undefined) {
    tidy.fingerprint = tidy.fingerprint.replace(/[\s:]/g, '').toLowerCase()
  }
  if (tidy.connectCommands) {
    tidy.connectCommands = tidy.connectCommands
      .map((each) => each.trim())
      .filter((each) => each !== '')
  }
  return tidy
}

type Checks = {
  [F in keyof Required<NetworkFields>]: (value: NonNullable<NetworkFields[F]>) => string | undefined
}

const CHECKS: Checks = {
  name: (name) =>
    /^[^\s/@:*,\p{Cc}](?:[^/@:*,\p{Cc}]*[^\s/@:*,\p{Cc}])?$/u.test(name) && name.length <= MAX_NAME
      ? undefined
      : `A network's name has 1 to ${MAX_NAME} characters, without / @ : * and commas.`,
  isEnabled: () => undefined,
  host: (host) =>
    isHost(host) ? undefined : 'The host is a name such as irc.libera.chat, or an IP address.',
  port: (port) =>
    Number.isInteger(port) && port > 0 && port < 65_536 ? undefined : 'A port is 1 to 65535.',
  transport: (transport) =>
    transport === 'tls' || transport === 'plain' ? undefined : 'The connection is tls or plain.',
  fingerprint: (fingerprint) =>
    /^([0-9a-f]{64}|[0-9a-f]{128})?$/.test(fingerprint)
      ? undefined
      : "The fingerprint is the SHA-256 of the server's certificate (64 hex digits), or its SHA-512 (128).",
  socks: (socks) =>
    isProxy(socks)
      ? undefined
      : 'A SOCKS5 proxy is host:port or user:password@host:port; / ? # % are written as %2F %3F %23 %25.',
  serverPassword: (text) => lineProblem(text, 'The server password'),
  nick: (nick) => (isNick(nick) ? undefined : `${quoted(nick)} can't be a nick.`),
  alternateNicks: (nicks) =>
    nicks.length <= MAX_ALTERNATES && nicks.every(isNick)
      ? undefined
      : `Alternate nicks are at most ${MAX_ALTERNATES} nicks.`,
  username: (name) =>
    /^[^\s@!\p{Cc}]{0,50}$/u.test(name) && !name.startsWith(':')
      ? undefined
      : 'A username has at most 50 characters, without spaces, @ and !.',
  realname: (text) => lineProblem(text, 'The real name'),
  saslMechanism: (mechanism) =>
    MECHANISMS.includes(mechanism) ? undefined : 'SASL is PLAIN, EXTERNAL or SCRAM-SHA-256.',
  saslUser: (text) => lineProblem(text, 'The SASL account'),
  saslPassword: (text) => lineProblem(text, 'The SASL password'),
  certificate: (pem) => pemProblem(pem, 'CERTIFICATE'),
  privateKey: (pem) => pemProblem(pem, 'PRIVATE KEY'),
  nickservPassword: (text) => lineProblem(text, 'The NickServ password'),
  connectCommands: (commands) =>
    commands.length <= MAX_COMMANDS && commands.every(isCommand)
      ? undefined
      : `Commands on connect are at most ${MAX_COMMANDS} lines of IRC, such as: PRIVMSG NickServ :IDENTIFY password`,
  encoding: (encoding) =>
    isEncoding(encoding)
      ? undefined
      : `${quoted(encoding)} is no known encoding: utf-8, iso-8859-1 …`,
  isAutoAway: () => undefined,
}

function isHost(host: string): boolean {
  if (isIP(host) !== 0) return true
  const labels = host.replace(/\.$/, '').split('.')
  return (
    host.length <= 253 &&
    labels.every((label) => /^[\p{L}\p{N}_]([\p{L}\p{N}_-]{0,61}[\p{L}\p{N}_])?$/u.test(label))
  )
}

function isProxy(text: string): boolean {
  if (text === '') return true
  const [, host = '', port] =
    /^(?:(?:%[0-9a-f]{2}|[^\s:@%/?#\\])+:(?:%[0-9a-f]{2}|[^\s@%/?#\\])+@)?(\[[0-9a-fA-F:.]+\]|[^\s:@]+):(\d{1,5})$/i.exec(
      text,
    ) ?? []
  return isHost(host.replace(/^\[(.*)\]$/, '$1')) && Number(port) > 0 && Number(port) < 65_536
}

function lineProblem(text: string, what: string): string | undefined {
  if (/[\r\n\0]/.test(text)) return `${what} is one line.`
  return utf8Length(text) <= MAX_TEXT ? undefined : `${what} has at most ${MAX_TEXT} bytes.`
}

function pemProblem(pem: string, what: string): string | undefined {
  const isPem = pem === '' || (pem.length <= MAX_PEM && pem.includes(`${what}-----`))
  return isPem ? undefined : `This is no ${what.toLowerCase()} in PEM form.`
}

function isCommand(line: string): boolean {
  return parseMessage(line) !== undefined && utf8Length(line) <= 500
}

function isEncoding(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== ''
  } catch {
    return false
  }
}

const quoted = (text: string) => `“${text.slice(0, 50)}”`
