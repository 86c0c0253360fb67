// Whose ID tokens are good for a token here: an issuer that is trusted, for whom it made the token, what the token must say,
// and what comes of it. https://www.rfc-editor.org/rfc/rfc8693
import { createHash } from 'node:crypto'
import { ACTIONS, type Action } from '../scope.ts'
import { type Glob, isMatch } from './glob.ts'
import type { Entry, Field, Reader } from './reader.ts'

/** What an ID token says. */
export type Claims = Readonly<Record<string, unknown>>

/** A claim must match one of the patterns. */
interface Condition {
  claim: string
  patterns: readonly ClaimPattern[]
}

/** `*` stands for anything but `/` and `:`, `**` for anything, both for at least one character. */
interface ClaimPattern {
  text: string
  pieces: readonly string[]
}

export interface ExchangeEntry {
  /** Of the file, from 1. */
  line: number
  /** As it stands in `iss`. */
  issuer: string
  audiences: readonly string[]
  conditions: readonly Condition[]
  robot: string
  repositories: readonly Glob[]
  actions: readonly Action[]
  lifetimeMs: number
  /** Of all that it says: what changed is another entry. */
  fingerprint: string
}

const KEYS = ['issuer', 'audience', 'claims', 'robot', 'repositories', 'allow', 'lifetime']
const MAX_CONDITIONS = 20
const MAX_WILDCARDS = 4
const MAX_CHARACTERS = 500
const MINUTE_MS = 60_000
const MAX_MINUTES = 60
const DEFAULT_LIFETIME = '15m'
/**
 * What can be true of a job of anybody's repository: alone these let in everybody who has an account at the issuer. `actor` too: whoever
 * comments elsewhere starts workflows there; and others call a workflow of ours.
 */
const OF_ANYBODY = new Set([
  ...['aud', 'iss', 'exp', 'iat', 'nbf', 'jti', 'enterprise', 'enterprise_id'],
  ...['ref', 'ref_path', 'ref_protected', 'ref_type', 'base_ref', 'head_ref', 'sha'],
  ...['actor', 'actor_id', 'user_id', 'user_login', 'user_email', 'user_access_level'],
  ...['event_name', 'pipeline_source', 'environment', 'environment_protected', 'workflow'],
  ...['workflow_sha', 'job_workflow_ref', 'job_workflow_sha', 'ci_config_ref_uri', 'ci_config_sha'],
  ...['repository_visibility', 'project_visibility', 'run_attempt', 'run_id', 'run_number'],
  ...['runner_environment', 'runner_id'],
])

/** The section `exchange` of a policy. */
export function readExchange(reader: Reader, node: Field): ExchangeEntry[] {
  return reader.entries(node, KEYS).map((entry) => readEntry(reader, entry))
}

/** Why an entry is not for this token, in words for the operator; undefined when it is. Issuer and time are not looked at. */
export function mismatchOf(
  { audiences, conditions }: Pick<ExchangeEntry, 'audiences' | 'conditions'>,
  claims: Claims,
): string | undefined {
  if (!valuesOf(claims['aud']).some((value) => audiences.includes(value))) {
    return `aud is ${shown(claims['aud'])}`
  }
  const failed = conditions.find(
    ({ claim, patterns }) =>
      !valuesOf(own(claims, claim)).some((value) =>
        patterns.some(({ pieces }) => isMatch(pieces, value, '/:')),
      ),
  )
  return failed && `${failed.claim} is ${shown(own(claims, failed.claim))}`
}

/** Of a claim that is a list any item counts; of what is longer than a pattern may be none. */
function valuesOf(claim: unknown): string[] {
  return [claim].flat().flatMap((value) => {
    const isPlain = ['string', 'number', 'boolean'].includes(typeof value)
    return isPlain && String(value).length <= 2 * MAX_CHARACTERS ? [String(value)] : []
  })
}

const own = (claims: Claims, name: string) =>
  Object.hasOwn(claims, name) ? claims[name] : undefined

const shown = (claim: unknown) =>
  claim === undefined ? 'missing' : JSON.stringify(claim).slice(0, 200)

function readEntry(reader: Reader, entry: Entry): ExchangeEntry {
  const { line } = entry
  const issuer = readIssuer(reader, entry)
  const audiences = reader.words(entry, 'audience')
  if (audiences.includes('')) reader.wrong(line, '"audience" must not be empty')
  const conditions = readConditions(reader, entry)
  const robot = readRequired(reader, entry, 'robot')
  const repositories = reader.fixed(entry, reader.repositories(entry))
  const actions = reader.words(entry, 'allow').flatMap((word) => {
    const action = ACTIONS.find((known) => known === word)
    if (!action) reader.wrong(line, `"${word}" is none of ${ACTIONS.join(', ')}`)
    return action ?? []
  })
  const lifetimeMs = readLifetime(reader, entry)
  const what = { issuer, audiences, conditions, robot, actions, lifetimeMs }
  const text = JSON.stringify([what, repositories.map((glob) => glob.text)])
  const fingerprint = createHash('sha256').update(text).digest('hex')
  return { ...what, line, repositories, fingerprint }
}

/** Plain HTTP is for an issuer on this machine: whoever is on the way could make keys. */
function readIssuer(reader: Reader, entry: Entry): string {
  const text = readRequired(reader, entry, 'issuer')
  const url = URL.parse(text)
  const isLocal = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? '')
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)
  const isPlain = url?.username === '' && url.search === '' && url.hash === ''
  if (text !== '' && !(isSafe && isPlain)) {
    reader.wrong(entry.line, `"${text}" is no issuer: an https:// address, as it stands in "iss"`)
  }
  return text
}

function readRequired(reader: Reader, entry: Entry, key: string): string {
  const word = reader.word(entry, key)
  if (word === undefined) reader.wrong(entry.line, `"${key}" is missing`)
  return word ?? ''
}

/** At least one must tell whose job it is: else each repository of the issuer could push here. */
function readConditions(reader: Reader, { line, fields }: Entry): Condition[] {
  const node = fields.get('claims')
  if (node === undefined) {
    reader.wrong(line, '"claims" is missing: without it every repository of the issuer could push')
    return []
  }
  const claims = reader.map(node)
  const conditions = [...claims.fields.keys()].map((claim): Condition => {
    const patterns = reader.words(claims, claim).map((text) => readPattern(reader, claims, text))
    return { claim, patterns }
  })
  if (conditions.length > MAX_CONDITIONS) {
    reader.wrong(claims.line, `at most ${MAX_CONDITIONS} claims`)
  }
  const isSpecific = ({ claim, patterns }: Condition) =>
    !OF_ANYBODY.has(claim) && patterns.every(({ pieces }) => pieces[0] !== '')
  if (!conditions.some(isSpecific)) {
    reader.wrong(
      claims.line,
      '"claims" must say whose job it is, by "sub", "repository" or the like, in patterns that do not begin with a wildcard',
    )
  }
  return conditions
}

function readPattern(reader: Reader, { line }: Entry, text: string): ClaimPattern {
  // Before a wildcard at the beginning stands an empty piece.
  const pieces = text.split(/(\*+)/)
  const wildcards = pieces.filter((_, index) => index % 2 === 1)
  if (text === '' || text.length > MAX_CHARACTERS) {
    reader.wrong(line, `a pattern has 1 to ${MAX_CHARACTERS} characters`)
  }
  if (wildcards.length > MAX_WILDCARDS || wildcards.some((wildcard) => wildcard.length > 2)) {
    reader.wrong(line, `"${text}": at most ${MAX_WILDCARDS} wildcards, each * or **`)
  }
  return { text, pieces }
}

function readLifetime(reader: Reader, entry: Entry): number {
  const text = reader.word(entry, 'lifetime') ?? DEFAULT_LIFETIME
  const [, number, unit] = /^(\d{1,3})(m|h)$/.exec(text) ?? []
  const minutes = Number(number) * (unit === 'h' ? 60 : 1)
  if (!(minutes >= 1 && minutes <= MAX_MINUTES)) {
    reader.wrong(entry.line, `"${text}" is no lifetime: 1m to 1h`)
  }
  return minutes * MINUTE_MS
}
