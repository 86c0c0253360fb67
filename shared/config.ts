// Reads the configuration: a table of settings, filled from a YAML file and the environment (which wins).
// A setting `webListen` of the section `bouncer` is `bouncer: web_listen:` in the file and
// `FUCHSBAU_BOUNCER_WEB_LISTEN` in the environment.
import { readFileSync } from 'node:fs'
import { readEnvironment } from './config-environment.ts'
import { readYamlFile } from './config-file.ts'
import type { Setting } from './setting.ts'

export type Section = Readonly<Record<string, Setting>>
/** Settings by their name in the code (camelCase), some of them in sections. */
export type Table = Readonly<Record<string, Setting | Section>>

type ValueOf<S> = S extends Setting<infer V> ? V : never
export type Values<T> = {
  readonly [K in keyof T]: T[K] extends Setting ? ValueOf<T[K]> : Values<T[K]>
}

export type Environment = Readonly<Record<string, string | undefined>>

export type ConfigSources = {
  env: Environment
  /** Path of the YAML file, if there is one. */
  file?: string | undefined
  /** Sections that others read: their keys and variables are passed over. */
  others?: readonly string[]
}

export type ConfigResult<T extends Table> =
  | { ok: true; config: Values<T>; origins: ReadonlyMap<string, string> }
  | { ok: false; errors: string[] }

/** A setting and its three names. */
export type Item = {
  /** Path in the config object. */
  path: readonly string[]
  /** As in the YAML file, with a dot after the section. */
  key: string
  variable: string
  setting: Setting
}

/** A value as written, and where: a variable's name, or `file:line: key`. */
export type Given = { text: string; where: string }
/** Values by the key of their item; the file of a secret under the key with `_file` added. */
export type GivenValues = { given: Map<string, Given>; errors: string[] }

/**
 * The frozen configuration, or every error at once, each a sentence that names the key, where it came from and an
 * example. `origins` tells for each key where its value came from. Reads the file and the files of secrets.
 */
export function readConfig<const T extends Table>(
  table: T,
  { env, file, others = [] }: ConfigSources,
): ConfigResult<T> {
  const items = listSettings(table)
  const sections = Object.keys(table).filter((name) => !isSetting(table[name]))
  const names = { items, sections: sections.map(snakeCase), others }
  const fromFile = readYamlFile(names, file)
  const fromEnvironment = readEnvironment(names, env)
  const errors = [...fromFile.errors, ...fromEnvironment.errors]
  const origins = new Map<string, string>()
  const config: Record<string, unknown> = {}
  for (const item of items) {
    const outcome = settle(item, [fromEnvironment.given, fromFile.given])
    if ('error' in outcome) errors.push(outcome.error)
    else {
      origins.set(item.key, outcome.origin)
      assign(config, item.path, outcome.value)
    }
  }
  if (errors.length > 0) return { ok: false, errors }
  return { ok: true, config: freeze(config) as Values<T>, origins }
}

/** Every setting of the table, in its order. */
export function listSettings(table: Table): Item[] {
  return Object.entries(table).flatMap(([name, entry]) =>
    isSetting(entry)
      ? [nameItem([name], entry)]
      : Object.entries(entry).map(([inner, setting]) => nameItem([name, inner], setting)),
  )
}

function isSetting(entry: Setting | Section | undefined): entry is Setting {
  return typeof entry?.parse === 'function'
}

function nameItem(path: string[], setting: Setting): Item {
  const names = path.map(snakeCase)
  const variable = `FUCHSBAU_${names.join('_').toUpperCase()}`
  return { path, key: names.join('.'), variable, setting }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

type Outcome = { value: unknown; origin: string } | { error: string }

/** The value of one setting: the first source that gives it, else its default. */
function settle(item: Item, sources: readonly ReadonlyMap<string, Given>[]): Outcome {
  const { setting, key, variable } = item
  for (const given of sources) {
    const written = given.get(key)
    const inFile = given.get(`${key}_file`)
    if (written && inFile)
      return { error: `${inFile.where} and ${written.where} are both set: keep one` }
    if (inFile) return settleFromFile(item, inFile)
    if (written) return parse(item, written)
  }
  if (setting.fallback !== undefined)
    return parse(item, { text: setting.fallback, where: 'default' })
  if (setting.isOptional) return { value: undefined, origin: 'not set' }
  return {
    error: `${key} is missing: set ${variable}, or ${key} in the configuration file, for example ${setting.example}`,
  }
}

function settleFromFile(item: Item, { text: path, where }: Given): Outcome {
  let text: string
  try {
    text = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    return { error: `${where} is ${path}, which cannot be read: ${(error as Error).message}` }
  }
  if (text === '') return { error: `${where} is ${path}, which is empty` }
  return parse(item, { text, where })
}

function parse({ setting }: Item, { text, where }: Given): Outcome {
  const parsed = setting.parse(text)
  if (parsed.ok) return { value: parsed.value, origin: where }
  const shown = setting.isSecret ? 'not usable' : JSON.stringify(text)
  return {
    error: `${where} is ${shown}: it must be ${parsed.expected}, for example ${setting.example}`,
  }
}

function assign(config: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = '', inner] = path
  if (inner === undefined) {
    config[name] = value
    return
  }
  const section = (config[name] ?? {}) as Record<string, unknown>
  section[inner] = value
  config[name] = section
}

function freeze(value: Record<string, unknown>): Record<string, unknown> {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) Object.freeze(inner)
  }
  return Object.freeze(value)
}
