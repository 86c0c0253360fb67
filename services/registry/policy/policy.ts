// The policy: rules that allow or deny, and tags that never change. Read from YAML; whatever is wrong is told with its line.
import { type CheckedYaml, type Entry, type Field, readYaml } from './checked-yaml.ts'
import type { Glob } from './glob.ts'

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
}

export type ParsedPolicy = { ok: true; policy: Policy } | { ok: false; errors: string[] }

/** The policy in a text, or all that is wrong with it, each with its line. */
export function parsePolicy(text: string): ParsedPolicy {
  const read = readYaml(text, 'a policy', policyOf)
  return read.ok ? { ok: true, policy: read.value } : read
}

function policyOf(yaml: CheckedYaml, contents: Field): Policy {
  const { fields } = yaml.map(contents, ['rules', 'immutable'])
  return {
    rules: yaml
      .entries(fields.get('rules'), ['who', 'repositories', 'allow', 'deny'])
      .map((entry) => ruleOf(yaml, entry)),
    immutable: yaml.entries(fields.get('immutable'), ['repositories', 'tags']).map((entry) => ({
      line: entry.line,
      repositories: yaml.fixedGlobs(entry, 'repositories'),
      tags: yaml.fixedGlobs(entry, 'tags'),
    })),
  }
}

function ruleOf(yaml: CheckedYaml, entry: Entry): Rule {
  const { line, fields } = entry
  const hasDeny = fields.has('deny')
  if (hasDeny === fields.has('allow')) yaml.wrong(line, 'a rule has either "allow" or "deny"')
  const effect = hasDeny ? 'deny' : 'allow'
  const rights = yaml.words(entry, effect).flatMap((word) => {
    const right = RIGHTS.find((known) => known === word)
    if (!right) yaml.wrong(line, `"${word}" is no right: ${RIGHTS.join(', ')}`)
    return right ?? []
  })
  return {
    line,
    effect,
    who: yaml.words(entry, 'who').flatMap((word) => whoOf(yaml, line, word)),
    repositories: yaml.globs(entry, 'repositories'),
    rights: new Set(rights),
  }
}

function whoOf(yaml: CheckedYaml, line: number, word: string): Who[] {
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
  yaml.wrong(
    line,
    `"${word}" is nobody: anonymous, everyone, people, robots, owner, user:NAME, group:NAME or robot:NAME`,
  )
  return []
}
