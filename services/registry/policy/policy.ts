// The policy: rules that allow or deny, tags that never change, and whose ID tokens are good for a token here. Read from YAML;
// whatever is wrong is told with its line.
import { type ExchangeEntry, readExchange } from './exchange.ts'
import type { Glob } from './glob.ts'
import { readYaml } from './read-yaml.ts'
import type { Entry, Field, Reader } from './reader.ts'

/** What a rule speaks of. */
export const RIGHTS = ['pull', 'push', 'overwrite', 'delete', 'catalog', 'admin'] as const
export type Right = (typeof RIGHTS)[number]

/** Whom a rule is for. */
export type Who =
  | { kind: 'anonymous' | 'everyone' | 'people' | 'robots' | 'owner' }
  | { kind: 'user' | 'group' | 'robot'; name: string }

export interface Rule {
  /** Of the file, from 1: where it begins, and its last one. */
  line: number
  lastLine: number
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

/** Of people and robots. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,39}$/

/** The policy in a text, or all that is wrong with it, each with its line. */
export function parsePolicy(text: string): ParsedPolicy {
  const read = readYaml(text, 'a policy', readPolicy)
  return read.ok ? { ok: true, policy: read.value } : read
}

function readPolicy(reader: Reader, contents: Field): Policy {
  const { fields } = reader.map(contents, ['rules', 'immutable', 'exchange'])
  return {
    rules: reader
      .entries(fields.get('rules'), ['who', 'repositories', 'allow', 'deny'])
      .map((entry) => readRule(reader, entry)),
    immutable: reader.entries(fields.get('immutable'), ['repositories', 'tags']).map((entry) => ({
      line: entry.line,
      repositories: reader.fixed(entry, reader.repositories(entry)),
      tags: reader.fixed(entry, reader.globs(entry, 'tags')),
    })),
    exchange: readExchange(reader, fields.get('exchange')),
  }
}

function readRule(reader: Reader, entry: Entry): Rule {
  const { line, lastLine, fields } = entry
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
    lastLine,
    effect,
    who: reader.words(entry, 'who').flatMap((word) => readWho(reader, line, word)),
    repositories: reader.repositories(entry),
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
  if (name && (kind === 'user' || kind === 'group' || kind === 'robot')) {
    // Else a rule that denies would protect from nobody.
    if (kind !== 'group' && !NAME.test(name)) {
      reader.wrong(line, `"${word}": names have a–z, 0–9, ".", "_" and "-"`)
    }
    return [{ kind, name }]
  }
  reader.wrong(
    line,
    `"${word}" is nobody: anonymous, everyone, people, robots, owner, user:NAME, group:NAME or robot:NAME`,
  )
  return []
}
