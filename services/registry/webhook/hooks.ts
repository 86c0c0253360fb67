// Whom we tell of what happens: a list of webhooks in a YAML file. Whatever is wrong with it is told with its line.

import { type CheckedYaml, type Entry, type Field, readYaml } from '../policy/checked-yaml.ts'
import type { Glob } from '../policy/glob.ts'
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

export type ParsedHooks = { ok: true; value: readonly Hook[] } | { ok: false; errors: string[] }

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
export function parseHooks(text: string, files: HookFiles): ParsedHooks {
  return readYaml(text, 'the list of webhooks', (yaml, contents) => hooksOf(yaml, contents, files))
}

function hooksOf(yaml: CheckedYaml, contents: Field, files: HookFiles): Hook[] {
  const { line, fields } = yaml.map(contents, ['webhooks'])
  const entries = yaml.entries(fields.get('webhooks'), KEYS)
  if (entries.length > MAX_HOOKS) yaml.wrong(line, `at most ${MAX_HOOKS} webhooks`)
  const hooks = entries.map((entry) => hookOf(yaml, entry, files))
  for (const [index, { line, name }] of hooks.entries()) {
    const isTaken = hooks.slice(0, index).some((other) => other.name === name)
    if (name !== '' && isTaken) yaml.wrong(line, `there are two webhooks called ${name}`)
  }
  return hooks
}

function hookOf(yaml: CheckedYaml, entry: Entry, files: HookFiles): Hook {
  const { line, fields } = entry
  const name = yaml.word(entry, 'name')
  if (name !== '' && !NAME.test(name)) {
    yaml.wrong(line, 'a webhook is called by 1 to 40 of a–z, 0–9, ".", "_" and "-"')
  }
  return {
    line,
    name,
    url: urlOf(yaml, line, yaml.word(entry, 'url')),
    secretFile: secretOf(yaml, line, yaml.word(entry, 'secret_file'), files),
    events: new Set(fields.has('events') ? eventsOf(yaml, entry) : EVENTS),
    repositories: fields.has('repositories') ? yaml.fixedGlobs(entry, 'repositories') : [],
  }
}

const NOWHERE = new URL('http://nowhere.invalid')

/** The URL is not told: its path may be known to nobody else. */
function urlOf(yaml: CheckedYaml, line: number, word: string): URL {
  if (word === '') return NOWHERE
  const url = word.length <= MAX_URL ? URL.parse(word) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.hash !== '') {
    yaml.wrong(line, '"url" must be an http:// or https:// URL')
    return NOWHERE
  }
  if (url.username !== '' || url.password !== '') {
    yaml.wrong(line, '"url" must have no user and no password: what is sent is signed')
  }
  if (!isDialable(url.hostname.replace(/^\[|\]$/g, ''))) {
    yaml.wrong(line, '"url" leads to an address that is no receiver\'s (link-local or multicast)')
  }
  return url
}

function secretOf(yaml: CheckedYaml, line: number, word: string, files: HookFiles): string {
  if (word === '') return ''
  const path = files.resolve(word)
  const why = files.whyUnusable(path)
  if (why !== undefined) yaml.wrong(line, `the secret in ${path} cannot be used: ${why}`)
  return path
}

function eventsOf(yaml: CheckedYaml, entry: Entry): EventKind[] {
  return yaml.words(entry, 'events').flatMap((word) => {
    const event = EVENTS.find((known) => known === word)
    if (!event) yaml.wrong(entry.line, `"${word}" is no event: ${EVENTS.join(', ')}`)
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
