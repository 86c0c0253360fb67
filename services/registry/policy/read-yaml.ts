// Reads a YAML file of the operator: whatever is wrong with it is told with its line.
import { LineCounter, parseDocument } from 'yaml'
import { type Field, Reader } from './reader.ts'

export type Checked<T> = { ok: true; value: T } | { ok: false; errors: string[] }

/** Reading it takes a second at most, whatever is in it. */
const MAX_CHARACTERS = 256 * 1024
/** What is wrong beyond these, nobody reads. */
const MAX_ERRORS = 20

/** What `read` makes of a text, or all that is wrong with it, each with its line. `what`: as in "a policy has …". */
export function readYaml<T>(
  text: string,
  what: string,
  read: (reader: Reader, contents: Field) => T,
): Checked<T> {
  if (text.length > MAX_CHARACTERS) return { ok: false, errors: [`${what} has at most 256 KiB`] }
  const lines = new LineCounter()
  // Both would take minutes for a file made for it: keys are compared by the reader, and lines are counted here.
  const options = { uniqueKeys: false, prettyErrors: false } as const
  const document = parseDocument(text, { lineCounter: lines, ...options })
  // A warning is a tag that nobody knows: its value is not what it looks like.
  const syntax = [...document.errors, ...document.warnings].map(
    ({ message, pos }) => `line ${lines.linePos(pos[0]).line}: ${message.split(/ at line |\n/)[0]}`,
  )
  if (syntax.length > 0) return { ok: false, errors: syntax.slice(0, MAX_ERRORS) }
  const reader = new Reader(lines)
  const value = read(reader, document.contents)
  return reader.errors.length > 0
    ? { ok: false, errors: reader.errors.slice(0, MAX_ERRORS) }
    : { ok: true, value }
}
