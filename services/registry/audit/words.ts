// A line of the audit as a sentence.
import type { AuditRecord } from '../store/records.ts'

/** Who it was, as people say it. */
export function whoInWords(who: string): string {
  if (who === 'anonymous') return 'Somebody'
  if (who === 'operator') return 'The operator'
  return who.startsWith('robot:') ? `The robot ${who.slice(6)}` : who.replace(/^person:/, '')
}

/** `robot:ci` was spoken of as `the robot ci`. */
const object = (reference: string) => reference.replace(/(^|\s)robot:/, '$1the robot ')

type Say = (line: AuditRecord) => string

/** What somebody did when it went well, behind her name. */
const DONE: Readonly<Record<string, Say>> = {
  login: () => 'logged in',
  logout: () => 'logged out',
  push: (line) => `pushed ${imageOf(line)}`,
  pull: (line) => `pulled ${imageOf(line)}`,
  delete: (line) => `deleted ${imageOf(line)}`,
  'token used': () => 'came with a token',
  'password used': () => 'came by password',
  'device login': ({ reference }) => `let ${reference} log in`,
  exchange: ({ reference }) => `got a token for the CI job ${reference}`,
  groups: ({ reference }) =>
    reference === '' ? 'is in no group any more' : `is in the groups ${reference} now`,
  'token made': ({ reference }) => `made the token ${object(reference)}`,
  'token revoked': ({ reference }) => `revoked the token ${object(reference)}`,
  'sessions ended': ({ reference }) => `ended sessions of ${reference}`,
  'person enabled': ({ reference }) => `enabled the account of ${reference}`,
  'person disabled': ({ reference }) => `disabled the account of ${reference}`,
  'person deleted': ({ reference }) => `deleted the account of ${reference}`,
  'robot made': ({ reference }) => `made the robot ${reference}`,
  'robot enabled': ({ reference }) => `enabled the robot ${reference}`,
  'robot disabled': ({ reference }) => `disabled the robot ${reference}`,
  'robot deleted': ({ reference }) => `deleted the robot ${reference}`,
  'key made': () => 'made the next key for tokens',
}

/** The same of what ended otherwise. */
const REFUSED: Readonly<Record<string, Say>> = {
  'device login': ({ reference }) => `did not let ${reference} log in`,
  exchange: () => 'got no token for a CI job',
  gone: () => 'is gone from the identity provider: sessions end, tokens rest until the next login',
}

/** Events that these pages know by name, for the form. */
export const EVENTS: readonly string[] = [
  ...new Set([...Object.keys(DONE), ...Object.keys(REFUSED), 'denied']),
].sort()

/** `ann pushed team/app:v1`; what is not known here is told with its own words. */
export function lineInWords(line: AuditRecord): string {
  const who = whoInWords(line.who)
  if (line.event === 'login' && line.outcome !== 'ok') return failedLogin(line)
  if (line.event === 'denied') return `${who} was denied ${deniedWhat(line)}`
  if (line.outcome !== 'ok' && Object.hasOwn(REFUSED, line.event)) {
    return `${who} ${REFUSED[line.event]?.(line)}`
  }
  const done = Object.hasOwn(DONE, line.event) ? DONE[line.event] : undefined
  const text = done?.(line) ?? [line.event, imageOf(line)].filter(Boolean).join(': ')
  return `${who} ${text}${line.outcome === 'ok' ? '' : ', which failed'}`
}

/** Why not; empty when all went well. */
export function reasonInWords({ event, outcome }: AuditRecord): string {
  if (outcome === 'ok') return ''
  if (event === 'login') return LOGIN_FAILURES[outcome] ?? outcome
  return event === 'denied' ? outcome.replace(RIGHT, '') : outcome
}

const CREDENTIALS: Readonly<Record<string, string>> = {
  'command-line': 'on the command line',
  none: '',
  password: 'by password',
  'refresh-token': 'with a refresh token',
  session: 'in a browser',
}

/** By what, and from where: `with the token laptop, from 192.0.2.7`. */
export function wayInWords({ credential, address }: AuditRecord): string {
  return [credentialInWords(credential), address && `from ${address}`].filter(Boolean).join(', ')
}

/** `token:7 laptop`, `refresh-token:3 of token:7 laptop`, `session` … */
function credentialInWords(credential: string): string | undefined {
  if (Object.hasOwn(CREDENTIALS, credential)) return CREDENTIALS[credential]
  const [, refresh, number = '', label] =
    /^(refresh-token:\d+ of )?token:(\d+) ?(.*)$/.exec(credential) ?? []
  if (number === '') return credential.replace(/^refresh-token:\d+$/, 'with a refresh token')
  const token = `the token ${label || number}`
  return refresh ? `with a refresh token of ${token}` : `with ${token}`
}

const LOGIN_FAILURES: Readonly<Record<string, string>> = {
  wrong: 'Wrong name or secret.',
  resting: 'The identity provider does not vouch for its owner any more.',
  over: 'The token is expired or revoked, or its owner is disabled.',
}

function failedLogin({ reference }: AuditRecord): string {
  return reference === ''
    ? 'Somebody failed to log in'
    : `Somebody failed to log in as ${reference}`
}

/** Before the reason stands what was wanted: `push: No rule …`. */
const RIGHT = /^(\w+): /

function deniedWhat(line: AuditRecord): string {
  const [, right = 'a change'] = RIGHT.exec(line.outcome) ?? []
  return line.repository === '' ? right : `${right} in ${imageOf(line)}`
}

function imageOf({ repository, reference, digest }: AuditRecord): string {
  if (repository === '') return reference || digest
  if (reference.includes(':')) return `${repository}@${shortOf(reference)}`
  if (reference !== '') return `${repository}:${reference}`
  return digest === '' ? repository : `${repository}@${shortOf(digest)}`
}

const shortOf = (digest: string) =>
  /^\w+:[a-f0-9]{64,}$/.test(digest) ? `${digest.slice(0, digest.indexOf(':') + 13)}…` : digest
