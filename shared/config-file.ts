// The YAML file as a source of configuration.
import { readFileSync } from 'node:fs'
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml'
import type { GivenValues } from './config.ts'
import type { Names } from './config-environment.ts'
import { nearest } from './nearest.ts'

/** Reads the file, if there is one. A key without a value counts as not set; an unknown key is an error. */
export function readYamlFile(names: Names, file: string | undefined): GivenValues {
  const found: GivenValues = { given: new Map(), errors: [] }
  if (file === undefined) return found
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const message = `FUCHSBAU_CONFIG is ${file}, which cannot be read: ${(error as Error).message}`
    return { given: new Map(), errors: [message] }
  }
  readYaml(names, file, text, found)
  return found
}

function readYaml(names: Names, file: string, text: string, found: GivenValues): void {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number) => `${file}:${lines.linePos(offset).line}`
  for (const error of document.errors) found.errors.push(`${at(error.pos[0])}: ${error.message}`)
  const top = document.contents
  if (document.errors.length > 0 || top === null) return
  if (!isMap(top)) {
    found.errors.push(`${at(top.range?.[0] ?? 0)}: the file must be a list of "key: value" lines`)
    return
  }
  const keys = knownKeys(names)
  walk(top.items as Pair<Node, Node | null>[], '')

  function walk(pairs: Pair<Node, Node | null>[], prefix: string): void {
    for (const { key: keyNode, value } of pairs) {
      const name = isScalar(keyNode) ? String(keyNode.value) : '?'
      const key = prefix + name
      const where = `${at(keyNode.range?.[0] ?? 0)}: ${key}`
      if (prefix === '' && names.sections.includes(name)) walkSection(value, name, where)
      else if (keys.has(key)) take(key, value, where)
      else if (prefix !== '' || !names.others.includes(name)) found.errors.push(unknown(where, key))
    }
  }

  function walkSection(value: Node | null, name: string, where: string): void {
    if (isMap(value)) walk(value.items as Pair<Node, Node | null>[], `${name}.`)
    else if (value !== null && !(isScalar(value) && value.value === null)) {
      found.errors.push(`${where} is a section: indent its keys below it`)
    }
  }

  function take(key: string, value: Node | null, where: string): void {
    const text = textOf(value)
    if (text === undefined) found.errors.push(`${where} must be a single value`)
    else if (text !== '') found.given.set(key, { text, where })
  }

  function unknown(where: string, key: string): string {
    const meant = nearest(key, [...keys, ...names.sections])
    return `${where} is not a setting: ${meant === undefined ? 'remove it' : `did you mean ${meant}?`}`
  }
}

function knownKeys({ items }: Names): Set<string> {
  return new Set(
    items.flatMap(({ key, setting }) => (setting.isSecret ? [key, `${key}_file`] : [key])),
  )
}

/** A scalar as text, a list of scalars with commas, nothing as ''. */
function textOf(value: Node | null): string | undefined {
  if (value === null) return ''
  if (isScalar(value)) return String(value.value ?? '')
  if (!isSeq(value)) return undefined
  const texts = value.items.map((item) => (isScalar(item) ? String(item.value) : undefined))
  return texts.includes(undefined) ? undefined : texts.join(',')
}
