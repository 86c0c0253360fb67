// The policy: rules that allow or deny, and tags that never change. Read from YAML; whatever is wrong is told with its line.
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type Scalar } from 'yaml'
import { type Glob, parseGlob } from './glob.ts'

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
}

export type ParsedPolicy = { ok: true; policy: Policy } | { ok: false; errors: string[] }

const MAX_CHARACTERS = 1024 * 1024
const MAX_ENTRIES = 1_000
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
  const policy = reader.policy(document.contents)
  return reader.errors.length > 0
    ? { ok: false, errors: reader.errors.slice(0, MAX_ERRORS) }
    : { ok: true, policy }
}

type Field = unknown
type Entry = { line: number; lastLine: number; fields: ReadonlyMap<string, Field> }

/** As it is written: a tag `1.10` is not `1.1`. */
function wordOf({ value, source }: Scalar): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'bigint' ? source : undefined
}

/** Reads nodes and collects what is wrong; what it answers counts only when there are no errors. */
class Reader {
  readonly errors: string[] = []
  readonly #lines: LineCounter

  constructor(lines: LineCounter) {
    this.#lines = lines
  }

  policy(contents: Field): Policy {
    const keys = ['rules', 'immutable']
    const { fields } = this.#map(contents, keys)
    return {
      rules: this.#entries(fields.get('rules'), ['who', 'repositories', 'allow', 'deny']).map(
        (entry) => this.#rule(entry),
      ),
      immutable: this.#entries(fields.get('immutable'), ['repositories', 'tags']).map((entry) => ({
        line: entry.line,
        repositories: this.#fixedGlobs(entry, 'repositories'),
        tags: this.#fixedGlobs(entry, 'tags'),
      })),
    }
  }

  #rule(entry: Entry): Rule {
    const { line, lastLine, fields } = entry
    const hasDeny = fields.has('deny')
    if (hasDeny === fields.has('allow')) this.#wrong(line, 'a rule has either "allow" or "deny"')
    const effect = hasDeny ? 'deny' : 'allow'
    const rights = this.#words(entry, effect).flatMap((word) => {
      const right = RIGHTS.find((known) => known === word)
      if (!right) this.#wrong(line, `"${word}" is no right: ${RIGHTS.join(', ')}`)
      return right ?? []
    })
    return {
      line,
      lastLine,
      effect,
      who: this.#words(entry, 'who').flatMap((word) => this.#who(line, word)),
      repositories: this.#globs(entry, 'repositories'),
      rights: new Set(rights),
    }
  }

  #who(line: number, word: string): Who[] {
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
    this.#wrong(
      line,
      `"${word}" is nobody: anonymous, everyone, people, robots, owner, user:NAME, group:NAME or robot:NAME`,
    )
    return []
  }

  #globs(entry: Entry, key: string): Glob[] {
    return this.#words(entry, key).map((word) => this.#glob(entry.line, word))
  }

  /** Of what holds whoever asks: a placeholder would match nothing, and protect nothing. */
  #fixedGlobs(entry: Entry, key: string): Glob[] {
    const globs = this.#globs(entry, key)
    const odd = globs.find(({ text }) => text.includes('$'))
    if (odd)
      this.#wrong(entry.line, `"${odd.text}": nobody asks here, so there are no placeholders`)
    return globs
  }

  #glob(line: number, text: string): Glob {
    const parsed = parseGlob(text)
    if (parsed.ok) return parsed.glob
    this.#wrong(line, `"${text}": ${parsed.reason}`)
    return { text, matches: () => false }
  }

  /** One word or a list of them, at least one. */
  #words({ line, fields }: Entry, key: string): string[] {
    const node = fields.get(key)
    if (node === undefined) {
      this.#wrong(line, `"${key}" is missing`)
      return []
    }
    const items = isSeq(node) ? node.items : [node]
    const words = items.flatMap((item) => (isScalar(item) ? (wordOf(item) ?? []) : []))
    if (words.length === 0 || words.length !== items.length || words.length > MAX_ENTRIES) {
      this.#wrong(this.#lineOf(node, line), `"${key}" must be a word or a list of words`)
    }
    return words
  }

  #entries(node: Field, keys: readonly string[]): Entry[] {
    if (node === undefined || (isScalar(node) && node.value === null)) return []
    if (isSeq(node) && node.items.length <= MAX_ENTRIES) {
      return node.items.map((item) => this.#map(item, keys))
    }
    this.#wrong(this.#lineOf(node), `must be a list of at most ${MAX_ENTRIES} entries`)
    return []
  }

  #map(node: Field, keys?: readonly string[]): Entry {
    const line = this.#lineOf(node)
    const lastLine = this.#lastLineOf(node, line)
    const fields = new Map<string, Field>()
    if (!isMap(node)) {
      // A file that is empty, or not written whole yet, must not take everything from everybody.
      this.#wrong(line, keys ? `must have ${keys.join(', ')}` : 'must have keys and values')
      return { line, lastLine, fields }
    }
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : ''
      if (keys && !keys.includes(name)) {
        this.#wrong(this.#lineOf(key, line), `"${name}" is unknown: ${keys.join(', ')}`)
      }
      fields.set(name, value)
    }
    return { line, lastLine, fields }
  }

  #lineOf(node: Field, otherwise = 1): number {
    const start = (node as Node | undefined)?.range?.[0]
    return start === undefined ? otherwise : this.#lines.linePos(start).line
  }

  /** What a value ends with may be the line break behind it. */
  #lastLineOf(node: Field, otherwise: number): number {
    const end = (node as Node | undefined)?.range?.[1]
    return end === undefined ? otherwise : this.#lines.linePos(Math.max(0, end - 1)).line
  }

  #wrong(line: number, what: string): void {
    this.errors.push(`line ${line}: ${what}`)
  }
}
