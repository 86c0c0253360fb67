// Whom we tell of what happens: a list of webhooks in a YAML file. Whatever is wrong with it is told with its line.

import type { Glob } from '../policy/glob.ts'
import { type Checked, readYaml } from '../policy/read-yaml.ts'
import type { Entry, Field, Reader } from '../policy/reader.ts'
import { isDialable } from './address.ts'

/** What a webhook can be told of. `signature`: a manifest came that says something of another, and is no image. */
export const EVENTS = ['push', 'delete', 'signature'] as const
export type EventKind = (typeof EVENTS)[number]

export interface Hook {
  /** Of the file, from 1. */
  line: number
  /** By which the queue and the operator know it. */
  name: string
  url: URL
  /** Read for each try, so that a secret can be changed at any time. */
  secretFile: string
  events: ReadonlySet<EventKind>
  repositories: readonly Glob[]
}

export interface HookFiles {
  /** A path in the file, made absolute. */
  resolve(path: string): string
  /** Why a secret's file cannot be used; undefined when it can. */
  whyUnusable(path: string): string | undefined
}

const KEYS = ['name', 'url', 'secret_file', 'events', 'repositories']
const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?$/
const MAX_HOOKS = 50
const MAX_URL = 2_000

/** The webhooks in a text, or all that is wrong with it, each with its line. */
export function parseHooks(text: string, files: HookFiles): Checked<readonly Hook[]> {
  return readYaml(text, 'the list of webhooks', (reader, contents) =>
    hooksOf(reader, contents, files),
  )
}

function hooksOf(reader: Reader, contents: Field, files: HookFiles): Hook[] {
  const { line, fields } = reader.map(contents, ['webhooks'])
  const entries = reader.entries(fields.get('webhooks'), KEYS)
  if (entries.length > MAX_HOOKS) reader.wrong(line, `at most ${MAX_HOOKS} webhooks`)
  const hooks = entries.map((entry) => hookOf(reader, entry, files))
  for (const [index, { line, name }] of hooks.entries()) {
    const isTaken = hooks.slice(0, index).some((other) => other.name === name)
    if (name !== '' && isTaken) reader.wrong(line, `there are two webhooks called ${name}`)
  }
  return hooks
}

function hookOf(reader: Reader, entry: Entry, files: HookFiles): Hook {
  const { line, fields } = entry
  const name = wordOf(reader, entry, 'name')
  if (name !== '' && !NAME.test(name)) {
    reader.wrong(line, 'a webhook is called by 1 to 40 of a–z, 0–9, ".", "_" and "-"')
  }
  return {
    line,
    name,
    url: urlOf(reader, line, wordOf(reader, entry, 'url')),
    secretFile: secretOf(reader, line, wordOf(reader, entry, 'secret_file'), files),
    events: new Set(fields.has('events') ? eventsOf(reader, entry) : EVENTS),
    repositories: fields.has('repositories') ? reader.fixed(entry, reader.repositories(entry)) : [],
  }
}

/** Empty, and told, when it is not there. */
function wordOf(reader: Reader, entry: Entry, key: string): string {
  const word = reader.word(entry, key)
  if (word === undefined || word === '') reader.wrong(entry.line, `"${key}" is missing`)
  return word ?? ''
}

const NOWHERE = new URL('http://nowhere.invalid')

/** The URL is not told: its path may be known to nobody else. */
function urlOf(reader: Reader, line: number, word: string): URL {
  if (word === '') return NOWHERE
  const url = word.length <= MAX_URL ? URL.parse(word) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.hash !== '') {
    reader.wrong(line, '"url" must be an http:// or https:// URL')
    return NOWHERE
  }
  if (url.username !== '' || url.password !== '') {
    reader.wrong(line, '"url" must have no user and no password: what is sent is signed')
  }
  if (!isDialable(url.hostname.replace(/^\[|\]$/g, ''))) {
    reader.wrong(line, '"url" leads to an address that is no receiver\'s (link-local or multicast)')
  }
  return url
}

function secretOf(reader: Reader, line: number, word: string, files: HookFiles): string {
  if (word === '') return ''
  const path = files.resolve(word)
  const why = files.whyUnusable(path)
  if (why !== undefined) reader.wrong(line, `the secret in ${path} cannot be used: ${why}`)
  return path
}

function eventsOf(reader: Reader, entry: Entry): EventKind[] {
  return reader.words(entry, 'events').flatMap((word) => {
    const event = EVENTS.find((known) => known === word)
    if (!event) reader.wrong(entry.line, `"${word}" is no event: ${EVENTS.join(', ')}`)
    return event ?? []
  })
}

/** Whether a webhook is to be told of an event in a repository. One that names no repositories is for all. */
export function isFor(
  { events, repositories }: Hook,
  event: EventKind,
  repository: string,
): boolean {
  if (!events.has(event)) return false
  const nobody = { groups: [] }
  return repositories.length === 0 || repositories.some((glob) => glob.matches(repository, nobody))
}
