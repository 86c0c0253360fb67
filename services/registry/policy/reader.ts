// Reads the nodes of an operator's YAML, and collects what is wrong, each with its line. What it answers counts only when
// there are no errors.
import { isMap, isScalar, isSeq, type LineCounter, type Node, type Scalar } from 'yaml'
import { type Glob, parseGlob } from './glob.ts'

export type Field = unknown
export type Entry = { line: number; lastLine: number; fields: ReadonlyMap<string, Field> }

const MAX_ENTRIES = 1_000

export class Reader {
  readonly errors: string[] = []
  readonly #lines: LineCounter

  constructor(lines: LineCounter) {
    this.#lines = lines
  }

  globs(entry: Entry, key: string): Glob[] {
    return this.words(entry, key).map((word) => this.#glob(entry.line, word))
  }

  /** Patterns for names of repositories: one that matches none would protect nothing. */
  repositories(entry: Entry): Glob[] {
    const globs = this.globs(entry, 'repositories')
    const odd = globs.find(({ text }) => /[A-Z]|^\/|\/$|\/\//.test(text))
    if (odd) this.wrong(entry.line, `"${odd.text}": no repository is called so`)
    return globs
  }

  /** Of what holds whoever asks: a placeholder would match nothing, and protect nothing. */
  fixed(entry: Entry, globs: Glob[]): Glob[] {
    const odd = globs.find(({ text }) => text.includes('$'))
    if (odd) this.wrong(entry.line, `"${odd.text}": nobody asks here, so there are no placeholders`)
    return globs
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
      this.wrong(this.lineOf(node, line), `"${key}" must be a word or a list of words`)
    }
    return words
  }

  /** One word; undefined when it is not there, and empty when it is something else. */
  word({ line, fields }: Entry, key: string): string | undefined {
    const node = fields.get(key)
    if (node === undefined) return
    const word = isScalar(node) ? wordOf(node) : undefined
    if (word === undefined) this.wrong(this.lineOf(node, line), `"${key}" must be a word`)
    return word ?? ''
  }

  entries(node: Field, keys: readonly string[]): Entry[] {
    if (node === undefined) return []
    if (isSeq(node) && node.items.length <= MAX_ENTRIES) {
      return node.items.map((item) => this.map(item, keys))
    }
    this.wrong(this.lineOf(node), `must be a list of at most ${MAX_ENTRIES} entries`)
    return []
  }

  /** `keys`: those that there are; without them any. */
  map(node: Field, keys?: readonly string[]): Entry {
    const line = this.lineOf(node)
    const lastLine = this.#lastLineOf(node, line)
    const fields = new Map<string, Field>()
    if (!isMap(node)) {
      // A file that is empty, or not written whole yet, must not take everything from everybody.
      this.wrong(line, keys ? `must have ${keys.join(', ')}` : 'must have keys and values')
      return { line, lastLine, fields }
    }
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : ''
      if (keys && !keys.includes(name)) {
        this.wrong(this.lineOf(key, line), `"${name}" is unknown: ${keys.join(', ')}`)
      }
      if (fields.has(name)) this.wrong(this.lineOf(key, line), `"${name}" is there twice`)
      fields.set(name, value)
    }
    return { line, lastLine, fields }
  }

  lineOf(node: Field, otherwise = 1): number {
    const start = (node as Node | undefined)?.range?.[0]
    return start === undefined ? otherwise : this.#lines.linePos(start).line
  }

  wrong(line: number, what: string): void {
    this.errors.push(`line ${line}: ${what}`)
  }

  /** What a value ends with may be the line break behind it. */
  #lastLineOf(node: Field, otherwise: number): number {
    const end = (node as Node | undefined)?.range?.[1]
    return end === undefined ? otherwise : this.#lines.linePos(Math.max(0, end - 1)).line
  }

  #glob(line: number, text: string): Glob {
    const parsed = parseGlob(text)
    if (parsed.ok) return parsed.glob
    this.wrong(line, `"${text}": ${parsed.reason}`)
    return { text, matches: () => false }
  }
}

/** As it is written: a tag `1.10` is not `1.1`. */
function wordOf({ value, source }: Scalar): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'bigint' ? source : undefined
}
