// The policy: rules that allow or deny, tags that never change, and whose ID tokens are good for a token here. Read from YAML; whatever is wrong is told with its line.
import { LineCounter, parseDocument } from 'yaml'
import { type ExchangeEntry, readExchange } from './exchange.ts'
import type { Glob } from './glob.ts'
import { type Entry, type Field, Reader } from './reader.ts'

/** What a rule speaks of. */
export const RIGHTS = ['pull', 'push', 'overwrite', 'delete', 'catalog', 'admin'] as const
export type Right = (typeof RIGHTS)[number]

/** Whom a rule is for. */
export type Who =
  | { kind: 'anonymous' | 'everyone' | 'people' | 'robots' | 'owner' }
  | { kind: 'user' | 'group' | 'robot'; name: string }

export interface Rule {
  /** Of the file, from 1. */
  line: number
  effect: 'allow' | 'deny'
  who: readonly Who[]
  repositories: readonly Glob[]
  rights: ReadonlySet<Right>
}

/** Tags that, once pushed, can be neither moved nor deleted by anybody. */
export interface Immutable {
  line: number
  repositories: readonly Glob[]
  tags: readonly Glob[]
}

export interface Policy {
  rules: readonly Rule[]
  immutable: readonly Immutable[]
  exchange: readonly ExchangeEntry[]
}

export type ParsedPolicy = { ok: true; policy: Policy } | { ok: false; errors: string[] }

const MAX_CHARACTERS = 1024 * 1024
/** What is wrong beyond these, nobody reads. */
const MAX_ERRORS = 20

/** The policy in a text, or all that is wrong with it, each with its line. */
export function parsePolicy(text: string): ParsedPolicy {
  if (text.length > MAX_CHARACTERS) return { ok: false, errors: ['a policy has at most 1 MiB'] }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  // A warning is a tag that nobody knows: its value is not what it looks like.
  const syntax = [...document.errors, ...document.warnings].map(
    ({ message, pos }) => `line ${lines.linePos(pos[0]).line}: ${message.split(/ at line |\n/)[0]}`,
  )
  if (syntax.length > 0) return { ok: false, errors: syntax.slice(0, MAX_ERRORS) }
  const reader = new Reader(lines)
  const policy = readPolicy(reader, document.contents)
  return reader.errors.length > 0
    ? { ok: false, errors: reader.errors.slice(0, MAX_ERRORS) }
    : { ok: true, policy }
}

function readPolicy(reader: Reader, contents: Field): Policy {
  const { fields } = reader.map(contents, ['rules', 'immutable', 'exchange'])
  const rules = reader.entries(fields.get('rules'), ['who', 'repositories', 'allow', 'deny'])
  const immutable = reader.entries(fields.get('immutable'), ['repositories', 'tags'])
  return {
    rules: rules.map((entry) => readRule(reader, entry)),
    immutable: immutable.map((entry) => ({
      line: entry.line,
      repositories: reader.fixedGlobs(entry, 'repositories'),
      tags: reader.fixedGlobs(entry, 'tags'),
    })),
    exchange: readExchange(reader, fields.get('exchange')),
  }
}

function readRule(reader: Reader, entry: Entry): Rule {
  const { line, fields } = entry
  const hasDeny = fields.has('deny')
  if (hasDeny === fields.has('allow')) reader.wrong(line, 'a rule has either "allow" or "deny"')
  const effect = hasDeny ? 'deny' : 'allow'
  const rights = reader.words(entry, effect).flatMap((word) => {
    const right = RIGHTS.find((known) => known === word)
    if (!right) reader.wrong(line, `"${word}" is no right: ${RIGHTS.join(', ')}`)
    return right ?? []
  })
  return {
    line,
    effect,
    who: reader.words(entry, 'who').flatMap((word) => readWho(reader, line, word)),
    repositories: reader.globs(entry, 'repositories'),
    rights: new Set(rights),
  }
}

function readWho(reader: Reader, line: number, word: string): Who[] {
  switch (word) {
    case 'anonymous':
    case 'everyone':
    case 'people':
    case 'robots':
    case 'owner':
      return [{ kind: word }]
  }
  const [, kind, name] = /^(user|group|robot):(.{1,200})$/.exec(word) ?? []
  if (name && (kind === 'user' || kind === 'group' || kind === 'robot')) return [{ kind, name }]
  reader.wrong(
    line,
    `"${word}" is nobody: anonymous, everyone, people, robots, owner, user:NAME, group:NAME or robot:NAME`,
  )
  return []
}
