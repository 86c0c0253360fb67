// The environment as a source of configuration, and the variables in it that mean nothing to us.
import type { Environment, GivenValues, Item } from './config.ts'
import { editDistance, nearest } from './nearest.ts'

export type Names = {
  items: readonly Item[]
  /** Names of the sections, as in the YAML file. */
  sections: readonly string[]
  /** Sections that others read. */
  others: readonly string[]
}

/** What Kubernetes and Docker set for a Service that happens to be called `fuchsbau-…`. */
const serviceLink = /_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/

/** An empty variable counts as not set. A variable of a section of ours that no setting reads is an error. */
export function readEnvironment({ items, sections, others }: Names, env: Environment): GivenValues {
  const known = new Map<string, string>([['FUCHSBAU_CONFIG', '']])
  for (const { variable, key, setting } of items) {
    known.set(variable, key)
    if (setting.isSecret) known.set(`${variable}_FILE`, `${key}_file`)
  }
  const given: GivenValues['given'] = new Map()
  const errors: string[] = []
  for (const [variable, text = ''] of Object.entries(env)) {
    if (!variable.startsWith('FUCHSBAU_') || text === '') continue
    const key = known.get(variable)
    if (key !== undefined) given.set(key, { text, where: variable })
    else if (isMistake(variable)) errors.push(unknown(variable, known.keys()))
  }
  given.delete('')
  return { given, errors }

  /** Variables outside our sections belong to tests or others, unless they are nearly one of ours. */
  function isMistake(variable: string): boolean {
    if (others.some((name) => isOf(name, variable)) || serviceLink.test(variable)) return false
    if (sections.some((name) => isOf(name, variable))) return true
    return [...known.keys()].some((name) => editDistance(variable, name) <= 2)
  }
}

function isOf(section: string, variable: string): boolean {
  return variable.startsWith(`FUCHSBAU_${section.toUpperCase()}_`)
}

function unknown(variable: string, known: Iterable<string>): string {
  const meant = nearest(variable, known)
  const hint = meant === undefined ? 'remove it' : `did you mean ${meant}?`
  return `${variable} is set in the environment, but there is no such setting: ${hint}`
}
