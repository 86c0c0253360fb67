// The audit: who did what, by which credential, from where, and how it ended.
import { Rows } from '@fuchsbau/shared/database/columns.ts'
import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import type { AuditRecord } from './records.ts'

/** What to look for; what is not given is not looked at. */
export interface AuditFilter {
  /** `person:ann`. */
  who?: string | undefined
  event?: string | undefined
  repository?: string | undefined
  address?: string | undefined
  /** `refused` is everything else than `ok`. */
  outcome?: 'ok' | 'refused' | undefined
  /** Milliseconds since the epoch: from this one, and before that one. */
  from?: number | undefined
  to?: number | undefined
  /** Lines that come behind this one: the next page. */
  before?: number | undefined
}

/** Each filter as SQL. What an index leaves out is said in words, so that SQLite knows that it may use it. */
const CONDITIONS: Readonly<Record<keyof AuditFilter, string>> = {
  who: 'who = ?',
  event: "event = ? AND event <> 'pull'",
  repository: "repository = ? AND repository <> ''",
  address: 'address = ?',
  outcome: "outcome <> 'ok'",
  from: 'at >= ?',
  to: 'at < ?',
  before: '(at, id) < ((SELECT at FROM audit WHERE id = ?), ?)',
}
const KEYS = Object.keys(CONDITIONS) as (keyof AuditFilter)[]
type Value = string | number
type Find = (...values: Value[]) => AuditRecord[]

/** They change nothing, and come often: a power cut may take the last second of them. */
const FLEETING = ['pull', 'token used', 'password used']

export class Audit {
  readonly #rows: Rows<AuditRecord>
  /** By their condition; there are no more than combinations of filters. */
  readonly #finds = new Map<string, Find>()
  readonly #expire
  readonly #turn: Turn

  constructor(turn: Turn) {
    this.#turn = turn
    this.#rows = new Rows<AuditRecord>(turn, 'audit', {
      at: 'plain',
      event: 'plain',
      who: 'plain',
      credential: 'plain',
      repository: 'plain',
      reference: 'plain',
      digest: 'plain',
      address: 'plain',
      outcome: 'plain',
    })
    this.#expire = turn.writing<[number, number]>(
      'DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ? ORDER BY id LIMIT ?)',
    )
  }

  /** What was done is on the disk, with what it changed, before it is answered: else a power cut would undo a revocation. */
  add(line: Omit<AuditRecord, 'id'>): void {
    this.#rows.add(line)
    if (line.outcome === 'ok' && !FLEETING.includes(line.event)) this.#turn.mustLast()
  }

  /** The newest first. Of a page whose last line is too old by now there is no next one. */
  find(filter: AuditFilter, limit: number): AuditRecord[] {
    const { condition, values } = auditQuery(filter)
    return this.#prepared(condition)(...values, limit)
  }

  /** Deletes at most `limit` lines that are older; returns how many. */
  expire(before: number, limit: number): number {
    return this.#expire.run(before, limit).changes
  }

  #prepared(condition: string): Find {
    const known = this.#finds.get(condition)
    if (known) return known
    const find = this.#rows.find<Value[]>(condition)
    this.#finds.set(condition, find)
    return find
  }
}

/** The condition as SQL, with order and limit; the limit is its last value. */
export function auditQuery(filter: AuditFilter): { condition: string; values: Value[] } {
  const conditions = ['true']
  const values: Value[] = []
  for (const key of KEYS) {
    const value = filter[key]
    if (value === undefined) continue
    conditions.push(conditionOf(key, value))
    if (key !== 'outcome') values.push(value)
    if (key === 'before') values.push(value)
  }
  return { condition: `${conditions.join(' AND ')} ORDER BY at DESC, id DESC LIMIT ?`, values }
}

function conditionOf(key: keyof AuditFilter, value: Value): string {
  if (key === 'event' && value === 'pull') return 'event = ?'
  if (key === 'outcome' && value === 'ok') return "outcome = 'ok'"
  return CONDITIONS[key]
}
