// What webhooks are still to be told, and how telling them went last.
import { Rows } from '@fuchsbau/shared/database/columns.ts'
import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import type { WebhookEventRecord, WebhookStateRecord } from './records.ts'

export class WebhookEvents {
  readonly #rows: Rows<WebhookEventRecord>
  readonly #first
  readonly #count
  readonly #hooks
  readonly #dropOldest
  readonly #expire
  readonly #tried
  readonly #state
  readonly #putState

  constructor(turn: Turn) {
    this.#rows = new Rows<WebhookEventRecord>(turn, 'webhook_events', {
      hook: 'plain',
      event: 'plain',
      body: 'plain',
      createdAt: 'plain',
      failures: 'plain',
    })
    this.#first = this.#rows.find<[string]>('hook = ? ORDER BY id LIMIT 1')
    this.#count = turn.reading<[string], { count: number }>(
      'SELECT count(*) AS count FROM webhook_events WHERE hook = ?',
    )
    this.#hooks = turn.reading<[], { hook: string }>(
      'SELECT DISTINCT hook FROM webhook_events ORDER BY hook',
    )
    this.#dropOldest = turn.writing<[string, string, number]>(
      `DELETE FROM webhook_events WHERE hook = ? AND id IN
       (SELECT id FROM webhook_events WHERE hook = ? ORDER BY id LIMIT ?)`,
    )
    this.#expire = turn.writing<[string, number]>(
      'DELETE FROM webhook_events WHERE hook = ? AND created_at < ?',
    )
    this.#tried = turn.writing<[number]>(
      'UPDATE webhook_events SET failures = failures + 1 WHERE id = ?',
    )
    this.#state = turn.reading<[string], WebhookStateRow>(
      'SELECT * FROM webhook_states WHERE hook = ?',
    )
    this.#putState = turn.writing<[string, number | null, number | null, string]>(
      `INSERT INTO webhook_states VALUES (?, ?, ?, ?) ON CONFLICT (hook) DO UPDATE SET
       succeeded_at = coalesce(excluded.succeeded_at, succeeded_at),
       failed_at = coalesce(excluded.failed_at, failed_at), error = excluded.error`,
    )
  }

  /** At the end of a webhook's queue, which has at most `limit` then. Returns how many of its oldest that cost. */
  add(record: Omit<WebhookEventRecord, 'id'>, limit: number): number {
    const { id } = this.#rows.add(record)
    // Counting takes time: no more can wait than there are numbers between.
    if (id - (this.first(record.hook)?.id ?? id) < limit) return 0
    const tooMany = this.pending(record.hook) - limit
    return tooMany > 0 ? this.#dropOldest.run(record.hook, record.hook, tooMany).changes : 0
  }

  /** The oldest that waits. */
  first(hook: string): WebhookEventRecord | undefined {
    return this.#first(hook)[0]
  }

  pending(hook: string): number {
    return this.#count.get(hook)?.count ?? 0
  }

  /** Names of all that something waits for, configured or not. */
  hooks(): string[] {
    return this.#hooks.all().map(({ hook }) => hook)
  }

  /** Deletes those that are older; returns how many. */
  expire(hook: string, before: number): number {
    return this.#expire.run(hook, before).changes
  }

  /** It was delivered. */
  done({ id, hook }: WebhookEventRecord, at: number): void {
    this.#rows.remove(id)
    this.#putState.run(hook, at, null, '')
  }

  /** It could not be delivered, and waits on. */
  failed({ id, hook }: WebhookEventRecord, at: number, error: string): void {
    this.#tried.run(id)
    this.#putState.run(hook, null, at, error)
  }

  state(hook: string): WebhookStateRecord {
    const row = this.#state.get(hook)
    return {
      succeededAt: row?.succeeded_at ?? undefined,
      failedAt: row?.failed_at ?? undefined,
      error: row?.error ?? '',
    }
  }
}

interface WebhookStateRow {
  hook: string
  succeeded_at: number | null
  failed_at: number | null
  error: string
}
