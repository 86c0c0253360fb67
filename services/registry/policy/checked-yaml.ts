// Reads what operators write in YAML files of ours: whatever is wrong is told with its line.
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type Scalar } from 'yaml'
import { type Glob, parseGlob } from './glob.ts'

/** A node of the document, of whatever kind. */
export type Field = unknown
/** What stands at one place of a list, by keys. `line` is of the file, from 1. */
export type Entry = { line: number; fields: ReadonlyMap<string, Field> }
type Checked<T> = { ok: true; value: T } | { ok: false; errors: string[] }

const MAX_CHARACTERS = 1024 * 1024
const MAX_ENTRIES = 1_000
/** What is wrong beyond these, nobody reads. */
const MAX_ERRORS = 20

/** What `read` makes of a text, or all that is wrong with it, each with its line. `what`: as in "a policy has …". */
export function readYaml<T>(
  text: string,
  what: string,
  read: (yaml: CheckedYaml, contents: Field) => T,
): Checked<T> {
  if (text.length > MAX_CHARACTERS) return { ok: false, errors: [`${what} has at most 1 MiB`] }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  // A warning is a tag that nobody knows: its value is not what it looks like.
  const syntax = [...document.errors, ...document.warnings].map(
    ({ message, pos }) => `line ${lines.linePos(pos[0]).line}: ${message.split(/ at line |\n/)[0]}`,
  )
  if (syntax.length > 0) return { ok: false, errors: syntax.slice(0, MAX_ERRORS) }
  const yaml = new CheckedYaml(lines)
  const value = read(yaml, document.contents)
  return yaml.errors.length > 0
    ? { ok: false, errors: yaml.errors.slice(0, MAX_ERRORS) }
    : { ok: true, value }
}

/** As it is written: a tag `1.10` is not `1.1`. */
function wordOf({ value, source }: Scalar): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'bigint' ? source : undefined
}

/** Reads nodes and collects what is wrong; what it answers counts only when there are no errors. */
export class CheckedYaml {
  readonly errors: string[] = []
  readonly #lines: LineCounter

  constructor(lines: LineCounter) {
    this.#lines = lines
  }

  globs(entry: Entry, key: string): Glob[] {
    return this.words(entry, key).map((word) => this.#glob(entry.line, word))
  }

  /** Of what holds whoever asks: a placeholder would match nothing, and protect nothing. */
  fixedGlobs(entry: Entry, key: string): Glob[] {
    const globs = this.globs(entry, key)
    const odd = globs.find(({ text }) => text.includes('$'))
    if (odd) this.wrong(entry.line, `"${odd.text}": nobody asks here, so there are no placeholders`)
    return globs
  }

  #glob(line: number, text: string): Glob {
    const parsed = parseGlob(text)
    if (parsed.ok) return parsed.glob
    this.wrong(line, `"${text}": ${parsed.reason}`)
    return { text, matches: () => false }
  }

  /** Exactly one word; empty, and told as wrong, when it is not. */
  word(entry: Entry, key: string): string {
    const [word = '', ...others] = this.words(entry, key)
    if (others.length > 0) this.wrong(entry.line, `"${key}" must be one word`)
    return word
  }

  /** One word or a list of them, at least one. */
  words({ line, fields }: Entry, key: string): string[] {
    const node = fields.get(key)
    if (node === undefined) {
      this.wrong(line, `"${key}" is missing`)
      return []
    }
    const items = isSeq(node) ? node.items : [node]
    const words = items.flatMap((item) => (isScalar(item) ? (wordOf(item) ?? []) : []))
    if (words.length === 0 || words.length !== items.length || words.length > MAX_ENTRIES) {
      this.wrong(this.#lineOf(node, line), `"${key}" must be a word or a list of words`)
    }
    return words
  }

  /** The entries of a list; none when it is not there. */
  entries(node: Field, keys: readonly string[]): Entry[] {
    if (node === undefined || (isScalar(node) && node.value === null)) return []
    if (isSeq(node) && node.items.length <= MAX_ENTRIES) {
      return node.items.map((item) => this.map(item, keys))
    }
    this.wrong(this.#lineOf(node), `must be a list of at most ${MAX_ENTRIES} entries`)
    return []
  }

  /** Keys and values; others than `keys` are wrong. */
  map(node: Field, keys?: readonly string[]): Entry {
    const line = this.#lineOf(node)
    const fields = new Map<string, Field>()
    if (!isMap(node)) {
      // A file that is empty, or not written whole yet, must not take everything from everybody.
      this.wrong(line, keys ? `must have ${keys.join(', ')}` : 'must have keys and values')
      return { line, fields }
    }
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : ''
      if (keys && !keys.includes(name)) {
        this.wrong(this.#lineOf(key, line), `"${name}" is unknown: ${keys.join(', ')}`)
      }
      fields.set(name, value)
    }
    return { line, fields }
  }

  #lineOf(node: Field, otherwise = 1): number {
    const start = (node as Node | undefined)?.range?.[0]
    return start === undefined ? otherwise : this.#lines.linePos(start).line
  }

  /** Tells that something is wrong in a line. */
  wrong(line: number, what: string): void {
    this.errors.push(`line ${line}: ${what}`)
  }
}
