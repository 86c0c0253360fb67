// What somebody looks for in the audit, in the words of a form or of the command line.
import { done, type Outcome, refused } from '../manage/outcome.ts'
import type { AuditFilter } from '../store/audit.ts'
import type { Store } from '../store/store.ts'

/** Names of filters, as in addresses and options. */
export const FILTERS = ['who', 'event', 'repository', 'outcome', 'address', 'from', 'to'] as const
export type AuditWords = Partial<Record<(typeof FILTERS)[number], string | undefined>>

/** Longer words are in no line. */
const MAX_CHARACTERS = 300

/** The filter that these words mean; empty ones are none. */
export function parseAuditQuery(store: Store, words: AuditWords): Outcome<AuditFilter> {
  const word = (name: (typeof FILTERS)[number]) =>
    words[name]?.trim().slice(0, MAX_CHARACTERS) || undefined
  const outcome = word('outcome')
  if (outcome !== undefined && outcome !== 'ok' && outcome !== 'refused') {
    return refused('The outcome is either ok or refused.')
  }
  const from = instantOf(word('from'), 'begin')
  const to = instantOf(word('to'), 'end')
  if (from === 'wrong' || to === 'wrong') {
    return refused('A time is 2026-12-01, 2026-12-01T18:30 (UTC) or 2026-12-01T18:30+01:00.')
  }
  const who = word('who')
  return done({
    who: who === undefined ? undefined : nameOf(store, who),
    event: word('event')?.toLowerCase(),
    repository: word('repository'),
    address: word('address'),
    outcome,
    from,
    to,
  })
}

/** As it stands in the audit: `ann` is a person unless there is a robot of this name. */
function nameOf(store: Store, who: string): string {
  if (/^(?:person|robot):/.test(who) || who === 'anonymous' || who === 'operator') return who
  const kind = store.robots.named(who) ? 'robot' : 'person'
  return `${kind}:${who.toLowerCase()}`
}

const DAY_MS = 86_400_000
const DAY = /^\d{4}-\d\d-\d\d$/
const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?$/

/** A day as an end is there to its end. Without a zone it is UTC. */
function instantOf(text: string | undefined, edge: 'begin' | 'end'): number | undefined | 'wrong' {
  if (text === undefined) return
  if (DAY.test(text)) {
    const at = Date.parse(`${text}T00:00Z`)
    return Number.isNaN(at) ? 'wrong' : at + (edge === 'end' ? DAY_MS : 0)
  }
  const [whole, zone] = TIME.exec(text) ?? []
  const at = whole === undefined ? Number.NaN : Date.parse(zone ? whole : `${whole}Z`)
  return Number.isNaN(at) ? 'wrong' : at
}
