import { settableClock } from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeTempData, removeTempData } from '../../../test/support/temp-data.ts'
import type { AuditRecord } from '../store/records.ts'
import { openStore, type Store } from '../store/store.ts'
import { exportAudit } from './export.ts'
import { parseAuditQuery } from './query.ts'
import { lineInWords, reasonInWords, wayInWords } from './words.ts'

let store: Store
let directory: string
beforeAll(() => {
  directory = makeTempData('audit')
  store = openStore({ directory, clock: settableClock(0), log: silentLog() })
  store.robots.add({ name: 'ci', about: '', isEnabled: true, createdAt: 0, createdBy: '' })
})
afterAll(() => {
  store.close()
  removeTempData(directory)
})

const line = (changes: Partial<AuditRecord>): AuditRecord => ({
  id: 1,
  at: Date.UTC(2026, 11, 1, 18, 30),
  event: 'pull',
  who: 'person:ann',
  credential: 'session',
  repository: '',
  reference: '',
  digest: '',
  address: '192.0.2.7',
  outcome: 'ok',
  ...changes,
})

describe('what somebody looks for', () => {
  const find = (words: Parameters<typeof parseAuditQuery>[1]) => parseAuditQuery(store, words)

  test.each([
    ['ann', 'person:ann'],
    ['Ann', 'person:ann'],
    ['ci', 'robot:ci'],
    ['robot:old', 'robot:old'],
    ['anonymous', 'anonymous'],
    ['operator', 'operator'],
  ])('%s is %s', (who, name) => {
    expect(find({ who })).toMatchObject({ ok: true, value: { who: name } })
  })

  test.each([
    ['2026-12-01', Date.UTC(2026, 11, 1), Date.UTC(2026, 11, 2)],
    ['2026-12-01T18:30', Date.UTC(2026, 11, 1, 18, 30), Date.UTC(2026, 11, 1, 18, 30)],
    ['2026-12-01 18:30:05', Date.UTC(2026, 11, 1, 18, 30, 5), Date.UTC(2026, 11, 1, 18, 30, 5)],
    ['2026-12-01T18:30+01:00', Date.UTC(2026, 11, 1, 17, 30), Date.UTC(2026, 11, 1, 17, 30)],
  ])('a day or a time is %s: as an end, a day is there to its end', (text, from, to) => {
    expect(find({ from: text, to: text })).toMatchObject({ ok: true, value: { from, to } })
  })

  test.each([
    'yesterday',
    '2026-13-01',
    '2026-12-01T25:00',
    '1',
    '2026-12-01T18:30+99',
    '01.12.2026',
  ])('%s is no time', (from) => {
    expect(find({ from })).toMatchObject({ ok: false })
  })

  test('nothing is looked for by words that are empty', () => {
    const found = find({ who: ' ', event: '', outcome: '', from: '' })
    expect(found).toEqual({ ok: true, value: {} })
    expect(find({ outcome: 'maybe' }).ok).toBe(false)
  })
})

describe('as a file', () => {
  const cells = (...references: string[]) => {
    for (const reference of references) {
      const { id: _, ...rest } = line({ event: 'login', reference, outcome: 'wrong' })
      store.audit.add(rest)
    }
    const [head, ...lines] = [...exportAudit(store, {}, 'csv')].flat()
    expect(head?.split(',')).toHaveLength(10)
    return lines.slice(0, references.length).toReversed()
  }

  // https://owasp.org/www-community/attacks/CSV_Injection
  test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '|cmd', '＝1'])(
    'a cell %j is no formula',
    (reference) => {
      expect(cells(reference)[0]).toMatch(/,"?'[^,]*,,192\.0\.2\.7,wrong$/)
    },
  )

  // https://www.rfc-editor.org/rfc/rfc4180
  test('a cell with a comma, a quote or a line break stands in quotes', () => {
    expect(cells('a,"b"\r\nc')[0]).toContain(',"a,""b""\r\nc",')
  })

  test('JSON lines have the time in words of ISO 8601, and every line once', () => {
    for (let count = 0; count < 1_200; count += 1) {
      const { id: _, ...rest } = line({ event: 'push', at: 7, reference: String(count) })
      store.audit.add(rest)
    }
    const pages = [...exportAudit(store, { event: 'push' }, 'json')]
    const lines = pages.flat().map((text) => JSON.parse(text))
    expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(500)
    expect(lines).toHaveLength(1_200)
    expect(new Set(lines.map(({ reference }) => reference)).size).toBe(1_200)
    expect(lines[0]).toMatchObject({ time: '1970-01-01T00:00:00.007Z', who: 'person:ann' })
    expect(lines[0]).not.toHaveProperty('at')
  })
})

test.each([
  [{ event: 'login' }, 'ann logged in', ''],
  [
    { event: 'login', who: 'anonymous', reference: 'bob', outcome: 'wrong' },
    'Somebody failed to log in as bob',
    'Wrong name or secret.',
  ],
  [
    { event: 'push', who: 'robot:ci', repository: 'a/b', reference: 'v1', digest: 'sha256:1' },
    'The robot ci pushed a/b:v1',
    '',
  ],
  [
    { repository: 'a/b', reference: `sha256:${'0'.repeat(64)}` },
    'ann pulled a/b@sha256:000000000000…',
    '',
  ],
  [
    { event: 'denied', repository: 'a/b', outcome: 'push: No rule of the policy allows it.' },
    'ann was denied push in a/b',
    'No rule of the policy allows it.',
  ],
  [
    { event: 'denied', repository: 'a', reference: 'v1', outcome: 'The tag v1 is immutable.' },
    'ann was denied a change in a:v1',
    'The tag v1 is immutable.',
  ],
  [{ event: 'token made', reference: 'x of robot:ci' }, 'ann made the token x of the robot ci', ''],
  [
    { event: 'person disabled', who: 'operator', reference: 'bob' },
    'The operator disabled the account of bob',
    '',
  ],
  [{ event: 'groups', reference: 'den, dev' }, 'ann is in the groups den, dev now', ''],
  [
    { event: 'gone', outcome: 'refused by the identity provider' },
    'ann is gone from the identity provider: sessions end, tokens rest until the next login',
    'refused by the identity provider',
  ],
  [
    { event: 'device login', reference: 'terminal den', outcome: 'denied' },
    'ann did not let terminal den log in',
    'denied',
  ],
  [
    { event: 'moon landing', reference: 'x', outcome: 'late' },
    'ann moon landing: x, which failed',
    'late',
  ],
])('%j in words', (changes, sentence, reason) => {
  expect([lineInWords(line(changes)), reasonInWords(line(changes))]).toEqual([sentence, reason])
})

test.each([
  ['session', 'in a browser, from 192.0.2.7'],
  ['none', 'from 192.0.2.7'],
  ['token:7 laptop', 'with the token laptop, from 192.0.2.7'],
  ['token:7', 'with the token 7, from 192.0.2.7'],
  ['refresh-token:3 of token:7 laptop', 'with a refresh token of the token laptop, from 192.0.2.7'],
  ['refresh-token:3', 'with a refresh token, from 192.0.2.7'],
  ['constructor', 'constructor, from 192.0.2.7'],
])('%s is %s', (credential, words) => {
  expect(wayInWords(line({ credential }))).toBe(words)
})
