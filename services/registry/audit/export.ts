// The audit as a file: JSON lines, or a table for spreadsheets. A page of lines at a time is in memory.
import type { AuditFilter } from '../store/audit.ts'
import type { AuditRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'

export const FORMATS = ['json', 'csv'] as const
export type Format = (typeof FORMATS)[number]

/** Reading so many takes 1 to 4 ms. */
const PAGE = 500
const COLUMNS = [
  'id',
  'time',
  'event',
  'who',
  'credential',
  'repository',
  'reference',
  'digest',
  'address',
  'outcome',
] as const

/** Pages of lines, without their ends; the newest first. What is added meanwhile is not in it. */
export function* exportAudit(
  { audit }: Pick<Store, 'audit'>,
  filter: AuditFilter,
  format: Format,
): Generator<string[]> {
  if (format === 'csv') yield [COLUMNS.join(',')]
  let before = filter.before
  while (true) {
    const page = audit.find({ ...filter, before }, PAGE)
    if (page.length > 0) yield page.map(format === 'csv' ? csvLine : jsonLine)
    if (page.length < PAGE) return
    before = page.at(-1)?.id
  }
}

/** One line as JSON, its time as ISO 8601. */
export function jsonLine({ id, at, ...rest }: AuditRecord): string {
  return JSON.stringify({ id, time: new Date(at).toISOString(), ...rest })
}

/** https://www.rfc-editor.org/rfc/rfc4180 */
function csvLine({ at, ...rest }: AuditRecord): string {
  const line = { ...rest, time: new Date(at).toISOString() }
  return COLUMNS.map((name) => csvCell(String(line[name]))).join(',')
}

/**
 * A cell that a spreadsheet would take for a formula begins with an apostrophe: names and reasons are what strangers
 * typed. https://owasp.org/www-community/attacks/CSV_Injection
 */
function csvCell(text: string): string {
  const safe = /^\s*[=+\-@\t\r|%＝＋－＠]/u.test(text) ? `'${text}` : text
  return /[",'\s;]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
