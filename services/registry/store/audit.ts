// The audit: who did what, by which credential, from where, and how it ended.
import { Rows } from '@fuchsbau/shared/database/columns.ts'
import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import type { AuditRecord } from './records.ts'

/** What to look for; what is not given is not looked at. */
export interface AuditFilter {
  who?: string | undefined
  event?: string | undefined
  repository?: string | undefined
  /** Lines before this one: the next page. */
  before?: number | undefined
}

export class Audit {
  readonly #rows: Rows<AuditRecord>
  readonly #find
  readonly #expire

  constructor(turn: Turn) {
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
    this.#find = this.#rows.find<
      [
        string | null,
        string | null,
        string | null,
        string | null,
        string | null,
        string | null,
        number,
        number,
      ]
    >(
      `(? IS NULL OR who = ?) AND (? IS NULL OR event = ?) AND (? IS NULL OR repository = ?)
       AND id < ? ORDER BY id DESC LIMIT ?`,
    )
    this.#expire = turn.writing<[number, number]>(
      'DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ? ORDER BY id LIMIT ?)',
    )
  }

  add(line: Omit<AuditRecord, 'id'>): void {
    this.#rows.add(line)
  }

  /** The newest first. */
  find({ who, event, repository, before }: AuditFilter, limit: number): AuditRecord[] {
    const [a, b, c] = [who ?? null, event ?? null, repository ?? null]
    return this.#find(a, a, b, b, c, c, before ?? Number.MAX_SAFE_INTEGER, limit)
  }

  /** Deletes at most `limit` lines that are older; returns how many. */
  expire(before: number, limit: number): number {
    return this.#expire.run(before, limit).changes
  }
}
