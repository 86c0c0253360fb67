import { Buffer } from 'node:buffer'
import fs, { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { realDisk } from './disk.ts'
import { IndexFiles } from './index-file.ts'
import { type IndexRecord, RECORD_BYTES } from './index-record.ts'
import { hashId } from './layout.ts'
import { faultyDisk, tempDirectory } from './store.fixture.ts'

const NAME = 'home/you'
const entry = (i: number, at = 1_000 + i): IndexRecord => ({ key: hashId(`${i}`), at })
const entries = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => entry(from + i))

function openIndex(directory = tempDirectory(), disk = realDisk, maxOpen = 4) {
  const files = new IndexFiles(directory, disk, maxOpen)
  onTestFinished(() => files.close())
  return { files, path: join(directory, NAME), directory }
}

function filled(count: number) {
  const index = openIndex()
  for (const record of entries(count)) index.files.append(NAME, record)
  return index
}

const newest = (files: IndexFiles, limit: number, before?: IndexRecord) => {
  const found: IndexRecord[] = []
  for (const record of files.newest(NAME, before)) {
    if (found.length === limit) break
    found.push(record)
  }
  return found
}

describe('an index file', () => {
  test('gives the newest first, page by page, without gap or overlap', () => {
    const { files } = filled(200)
    const pages: IndexRecord[] = []
    for (let cursor: IndexRecord | undefined; ; cursor = pages.at(-1)) {
      const page = newest(files, 33, cursor)
      if (page.length === 0) break
      pages.push(...page)
    }
    expect(pages).toEqual(entries(200).reverse())
  })

  test('a page boundary between entries of the same instant loses none of them', () => {
    const { files } = openIndex()
    const same = Array.from({ length: 150 }, (_, i) => entry(i, 5_000))
    for (const record of same) files.append(NAME, record)
    const first = newest(files, 70)
    expect([...first, ...newest(files, 100, first.at(-1))]).toEqual(same.toReversed())
  })

  test('is one line of fixed width for each entry, which a person can read', () => {
    const { path } = filled(2)
    expect(readFileSync(path, 'latin1')).toBe(
      `+${hashId('0')} 0000000001000 000000001\n+${hashId('1')} 0000000001001 000000002\n`,
    )
  })

  test('what is taken away is neither listed nor counted, and can come back', () => {
    const { files } = filled(3)
    files.remove(NAME, entry(1))
    expect(files.count(NAME)).toBe(2)
    expect(newest(files, 9)).toEqual([entry(2), entry(0)])
    files.append(NAME, entry(1))
    expect(files.count(NAME)).toBe(3)
    expect(newest(files, 9).map(({ key }) => key)).toEqual([1, 2, 0].map((i) => entry(i).key))
    expect([...files.oldest(NAME)].map(({ key }) => key)).toEqual(
      [0, 2, 1].map((i) => entry(i).key),
    )
  })

  test('times never decrease: what comes late gets the time of the last entry', () => {
    const { files } = filled(3)
    files.append(NAME, entry(9, 5))
    files.remove(NAME, entry(0))
    expect(newest(files, 9).map(({ at }) => at)).toEqual([1_002, 1_002, 1_001])
    expect(newest(files, 9, entry(1))).toEqual([entry(0)]) // below the cursor its removal is not seen
  })

  test.each([
    ['negative', -5, 0],
    ['not a number', Number.NaN, 0],
    ['with a fraction', 12.7, 12],
    ['beyond the record', 1e300, 9_999_999_999_999],
  ])('a time that is %s is stored as one that fits', (_, at, stored) => {
    const { files } = openIndex()
    files.append(NAME, { key: hashId('x'), at })
    expect(newest(files, 1)).toEqual([{ key: hashId('x'), at: stored }])
  })

  test('keeps few files open, whatever their number', () => {
    const { files, directory } = openIndex()
    for (let i = 0; i < 50; i++) files.append(`likes/00/${i}`, entry(i))
    for (let i = 0; i < 50; i++) files.append(`likes/00/${i}`, entry(100 + i))
    const open = fs.readdirSync('/proc/self/fd').filter((descriptor) => {
      try {
        return fs.readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(directory)
      } catch {
        return false
      }
    })
    expect(open.length).toBeLessThanOrEqual(4)
    expect(files.count('likes/00/7')).toBe(2)
  })
})

describe('a torn tail', () => {
  test('of every length is dropped, and the next entry follows the last whole one', () => {
    for (let torn = 0; torn < 3 * RECORD_BYTES; torn++) {
      const { path, directory, files } = filled(5)
      files.close()
      truncateSync(path, 5 * RECORD_BYTES - torn)
      const whole = Math.floor((5 * RECORD_BYTES - torn) / RECORD_BYTES)
      const again = openIndex(directory).files
      expect(newest(again, 9), `torn by ${torn}`).toEqual(entries(whole).reverse())
      expect(again.count(NAME)).toBe(whole)
      again.append(NAME, entry(7))
      expect(newest(again, 9)).toEqual([...entries(whole), entry(7)].reverse())
      expect(statSync(path).size).toBe((whole + 1) * RECORD_BYTES)
    }
  })

  test.each([1, 57, 58, 59, 4_096, 100_000])('of %i zero bytes is dropped', (zeros) => {
    const { path, directory, files } = filled(5)
    files.close()
    appendFileSync(path, Buffer.alloc(zeros))
    const again = openIndex(directory).files
    expect(newest(again, 9)).toEqual(entries(5).reverse())
    again.append(NAME, entry(5))
    expect(newest(again, 9)).toEqual(entries(6).reverse())
    expect(again.count(NAME)).toBe(6)
  })

  test('a damaged entry in the middle is passed over, by pages too', () => {
    const { path, directory, files } = filled(100)
    files.close()
    const bytes = readFileSync(path)
    bytes.fill(0, 50 * RECORD_BYTES, 53 * RECORD_BYTES)
    writeFileSync(path, bytes)
    const again = openIndex(directory).files
    const expected = [...entries(50), ...entries(47, 53)].reverse()
    expect(newest(again, 200)).toEqual(expected)
    for (let i = 0; i < expected.length; i++) {
      expect(newest(again, 1, expected[i]), `below ${i}`).toEqual(expected.slice(i + 1, i + 2))
    }
  })

  test('a write that fails half-way (disk full) leaves no trace', () => {
    const disk = faultyDisk()
    const { files, path } = openIndex(tempDirectory(), disk)
    files.append(NAME, entry(0))
    for (const part of [1, 30, RECORD_BYTES - 1]) {
      disk.onWrite = () => ({ code: 'ENOSPC', part })
      expect(() => files.append(NAME, entry(1))).toThrow('ENOSPC')
      expect(newest(files, 9)).toEqual([entry(0)])
    }
    disk.onWrite = undefined
    files.append(NAME, entry(2))
    expect(newest(files, 9)).toEqual([entry(2), entry(0)])
    expect(statSync(path).size).toBe(2 * RECORD_BYTES)
  })
})

describe('merging into an index', () => {
  test('puts entries at their place in time and takes others out', () => {
    const { files } = filled(6)
    const late = { key: hashId('late'), at: 1_002 }
    files.merge(NAME, [late], new Set([entry(0).key, entry(5).key]))
    expect([...files.oldest(NAME)]).toEqual([entry(1), entry(2), late, entry(3), entry(4)])
    expect(files.count(NAME)).toBe(5)
  })

  test('an entry that is there already does not appear twice', () => {
    const { files } = filled(3)
    files.merge(NAME, [entry(1)], new Set())
    expect([...files.oldest(NAME)]).toEqual(entries(3))
  })

  test('taking out the last entry removes the file', () => {
    const { files, path } = filled(1)
    files.merge(NAME, [], new Set([entry(0).key]))
    expect(fs.existsSync(path)).toBe(false)
    expect(files.count(NAME)).toBe(0)
  })
})

describe('the cost of the newest 40 entries', () => {
  /** Bytes and calls of readSync while the task runs. */
  function readsOf(task: () => void): { calls: number; bytes: number } {
    const original = fs.readSync
    const reads = { calls: 0, bytes: 0 }
    fs.readSync = ((...args: Parameters<typeof original>) => {
      const bytes = original(...args)
      reads.calls += 1
      reads.bytes += bytes
      return bytes
    }) as typeof original
    syncBuiltinESMExports()
    try {
      task()
    } finally {
      fs.readSync = original
      syncBuiltinESMExports()
    }
    return reads
  }

  test('is the same number of bytes read at 1,000 and at 1,000,000 entries', () => {
    const costs = [1_000, 1_000_000].map((count) => {
      const { files } = openIndex()
      files.rewrite(
        NAME,
        (function* () {
          for (let i = 0; i < count; i++) yield { key: i.toString(16).padStart(32, '0'), at: i }
        })(),
      )
      let found: IndexRecord[] = []
      const reads = readsOf(() => {
        found = newest(files, 40)
      })
      expect(found[39]?.at).toBe(count - 40)
      expect(files.count(NAME)).toBe(count)
      // A page in the middle is found by binary search: a read more each time that the file doubles.
      const deep = readsOf(() => newest(files, 40, { key: '', at: count / 2 }))
      return { reads, deep }
    })
    expect(costs[0]?.reads.bytes).toBeGreaterThan(0)
    expect(costs[1]?.reads).toEqual(costs[0]?.reads)
    expect(costs[1]?.deep.calls).toBeLessThanOrEqual((costs[0]?.deep.calls ?? 0) + 11)
  })
})
