import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { openDatabase } from '@fuchsbau/shared/database/open.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { expect, onTestFinished, test } from 'vitest'
import { makeTempData, removeTempData } from '../../../test/support/temp-data.ts'
import { type AuditFilter, auditQuery } from './audit.ts'
import type { AuditRecord } from './records.ts'
import { SCHEMA } from './schema.ts'
import { openStore, type Store } from './store.ts'

const clock = settableClock(1_000_000)
const line: Omit<AuditRecord, 'id'> = {
  at: 1_000,
  event: 'pull',
  who: 'person:ann',
  credential: 'session',
  repository: 'den/app',
  reference: 'v1',
  digest: '',
  address: '192.0.2.7',
  outcome: 'ok',
}

function directory(): string {
  const made = makeTempData('audit')
  onTestFinished(() => removeTempData(made))
  return made
}

function open(at: string): Store {
  const store = openStore({ directory: at, clock, log: silentLog() })
  onTestFinished(() => store.close())
  return store
}

const EACH: AuditFilter[] = [
  {},
  { who: 'person:ann' },
  { event: 'login' },
  { repository: 'den/app' },
  { address: '192.0.2.7' },
  { outcome: 'refused' },
  { from: 1_000, to: 2_000 },
  { who: 'person:ann', from: 1_000 },
]

test.each(EACH)('lines for %j are found by an index, in its order, from any page on', (filter) => {
  const { database, close } = openDatabase(directory(), SCHEMA)
  onTestFinished(close)
  for (const before of [undefined, 7]) {
    const { condition, values } = auditQuery({ ...filter, before })
    const plan = database
      .prepare(`EXPLAIN QUERY PLAN SELECT * FROM audit WHERE ${condition}`)
      .all(...values, 100)
      .map((row) => (row as { detail: string }).detail)
      .join('\n')
    expect(plan).toContain('USING INDEX audit_')
    expect(plan).not.toContain('TEMP B-TREE')
  }
})

test('each filter finds its lines, and pages of any size are the same lines in the same order', () => {
  const { audit } = open(directory())
  // Clocks are set back, and several lines have one time.
  for (let count = 0; count < 300; count += 1) {
    audit.add({
      ...line,
      at: 1_000 + (count % 50),
      event: ['pull', 'push', 'login', 'denied'][count % 4] ?? '',
      who: count % 3 === 0 ? 'anonymous' : 'person:ann',
      repository: count % 5 === 0 ? '' : 'den/app',
      outcome: count % 7 === 0 ? 'wrong' : 'ok',
    })
  }
  const all = audit.find({}, 1_000)
  expect(all).toHaveLength(300)
  expect(all).toEqual(all.toSorted((a, b) => b.at - a.at || b.id - a.id))
  const filters: [AuditFilter, (each: AuditRecord) => boolean][] = [
    [{}, () => true],
    [{ event: 'pull' }, ({ event }) => event === 'pull'],
    [{ event: 'login', outcome: 'ok' }, (each) => each.event === 'login' && each.outcome === 'ok'],
    [{ outcome: 'refused' }, ({ outcome }) => outcome !== 'ok'],
    [
      { who: 'anonymous', from: 1_010, to: 1_020 },
      (each) => each.who === 'anonymous' && each.at >= 1_010 && each.at < 1_020,
    ],
    [{ repository: 'den/app', address: '192.0.2.7' }, ({ repository }) => repository === 'den/app'],
    [{ address: 'pull' }, () => false],
    [{ who: 'ok' }, () => false],
  ]
  for (const [filter, isIt] of filters) {
    const found: AuditRecord[] = []
    for (let page = audit.find(filter, 7); page.length > 0; ) {
      found.push(...page)
      page = audit.find({ ...filter, before: page.at(-1)?.id }, 7)
    }
    expect(found).toEqual(all.filter(isIt))
  }
  expect(audit.find({ before: 999_999 }, 10)).toEqual([])
})

test('a database of before gets its indexes, and knows who logged in when', () => {
  const at = directory()
  const old = openDatabase(at, { ...SCHEMA, steps: SCHEMA.steps.slice(0, 1) })
  old.database.exec(`
    INSERT INTO people VALUES (1, 'ann', 'https://id.test', 'a', '[]', 0, 1, 0, '', '', 1, 1);
    INSERT INTO people VALUES (2, 'bob', 'https://id.test', 'b', '[]', 0, 1, 0, '', '', 1, 1);`)
  const add = old.database.prepare(
    `INSERT INTO audit (at, event, who, credential, repository, reference, digest, address, outcome)
     VALUES (?, ?, ?, '', '', '', '', '', ?)`,
  )
  add.run(5, 'login', 'person:ann', 'ok')
  add.run(7, 'login', 'person:ann', 'ok')
  add.run(9, 'login', 'anonymous', 'wrong')
  add.run(9, 'pull', 'person:bob', 'ok')
  old.close()
  const store = open(at)
  expect(store.people.list().map(({ lastLoginAt }) => lastLoginAt)).toEqual([7, undefined])
  expect(store.audit.find({ who: 'person:ann' }, 10)).toHaveLength(2)
  store.people.noteLogin(2, 11)
  expect(store.people.named('bob')?.lastLoginAt).toBe(11)
})

// What a power cut takes is shown by test/deploy/restore.test.ts.
test.each([
  ['a revocation', { event: 'token revoked' }, true],
  ['a push', { event: 'push' }, true],
  ['a pull', { event: 'pull' }, false],
  ['the use of a token', { event: 'token used' }, false],
  ['a login that failed', { event: 'login', outcome: 'wrong' }, false],
])('%s, and whether its commit waits for the disk', (_what, changes, waits) => {
  const at = directory()
  const store = open(at)
  // The log is gone: who wants it on the disk notices.
  rmSync(join(at, 'registry.db-wal'))
  store.audit.add({ ...line, ...changes })
  store.commitTurn()
  expect(store.failure?.startsWith('the disk reports an error') ?? false).toBe(waits)
})
