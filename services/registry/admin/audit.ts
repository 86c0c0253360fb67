// The audit on the command line: looked at, or exported.
import { parseArgs } from 'node:util'
import type { ControlAnswer } from '@fuchsbau/shared/control.ts'
import { exportAudit, FORMATS, jsonLine } from '../audit/export.ts'
import { type AuditWords, FILTERS, parseAuditQuery } from '../audit/query.ts'
import type { Outcome } from '../manage/outcome.ts'
import type { AuditFilter } from '../store/audit.ts'
import type { AuditRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'

const LINES = 100

/** Each filter is an option. */
const OPTIONS = Object.fromEntries(FILTERS.map((name) => [name, { type: 'string' as const }]))

/** The last ones, the newest at the end. */
export function listAudit({ store }: { store: Store }, args: string[]): ControlAnswer {
  const { values } = parseArgs({ args, options: { ...OPTIONS, json: { type: 'boolean' } } })
  const filter = filterOf(store, values)
  if (!filter.ok) return { ok: false, lines: [filter.reason] }
  const found = store.audit.find(filter.value, LINES).toReversed()
  const lines = found.map('json' in values ? jsonLine : textLine)
  return { ok: true, lines: lines.length === 0 ? ['There are none.'] : lines }
}

/** All, the newest first: read while they are sent. */
export function exportAuditLines({ store }: { store: Store }, args: string[]): ControlAnswer {
  const { values } = parseArgs({ args, options: { ...OPTIONS, format: { type: 'string' } } })
  const filter = filterOf(store, values)
  if (!filter.ok) return { ok: false, lines: [filter.reason] }
  const format = FORMATS.find((known) => known === (values['format'] ?? 'json'))
  if (!format) return { ok: false, lines: [`The format is one of ${FORMATS.join(', ')}.`] }
  return { ok: true, lines: flat(exportAudit(store, filter.value, format)) }
}

function filterOf(store: Store, values: Record<string, unknown>): Outcome<AuditFilter> {
  return parseAuditQuery(store, values as AuditWords)
}

function* flat(pages: Iterable<string[]>): Generator<string> {
  for (const page of pages) yield* page
}

function textLine(line: AuditRecord): string {
  return [
    new Date(line.at).toISOString(),
    line.event,
    line.who,
    line.credential,
    line.repository,
    line.reference || line.digest,
    line.address,
    line.outcome,
  ].join('  ')
}
