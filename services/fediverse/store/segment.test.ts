import { appendFileSync, closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { encodeLine, type Op, readSegment, readText, type StoredOp } from './segment.ts'
import { tempDirectory } from './store.fixture.ts'

const transactions: Op[][] = [
  [{ kind: 'put', path: 'objects/ab/1.json', text: '{"content":"Grüße, 世界 🦊\\n\\t"}' }],
  [
    { kind: 'hold', path: 'inbox/2.json', text: '{"id":"2"}' },
    { kind: 'del', path: 'queue/a/3.json' },
    { kind: 'put', path: 'objects/ab/4.json', text: '{}' },
  ],
  [{ kind: 'del', path: 'inbox/2.json' }],
]

/** The transactions that a segment file yields, texts read; 'damaged' for a line that is. */
function read(path: string): (Op[] | 'damaged')[] {
  const descriptor = openSync(path, 'r')
  const toOp = (op: StoredOp): Op =>
    op.kind === 'del'
      ? { kind: op.kind, path: op.path }
      : { kind: op.kind as 'put', path: op.path, text: readText(descriptor, op) }
  try {
    return [...readSegment(path)].map(({ ops }) => ops?.map(toOp) ?? 'damaged')
  } finally {
    closeSync(descriptor)
  }
}

function segmentOf(bytes: Uint8Array): string {
  const path = join(tempDirectory(), 'segment.log')
  writeFileSync(path, bytes)
  return path
}

const lines = transactions.map(encodeLine)
const whole = Buffer.concat(lines)

describe('a segment of the journal', () => {
  test('gives back what was written, byte for byte', () => {
    expect(read(segmentOf(whole))).toEqual(transactions)
  })

  test('torn at every byte gives the whole lines and at most one damaged one', () => {
    const path = join(tempDirectory(), 'segment.log')
    const ends = lines.map((_, i) => Buffer.concat(lines.slice(0, i + 1)).length)
    for (let length = 0; length <= whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length))
      const complete = ends.filter((end) => end <= length).length
      const isTorn = length > (ends[complete - 1] ?? 0)
      expect(read(path), `torn at ${length}`).toEqual([
        ...transactions.slice(0, complete),
        ...(isTorn ? ['damaged'] : []),
      ])
    }
  })

  test('with any one byte changed in a middle line loses no other line', () => {
    const start = lines[0]?.length ?? 0
    const end = start + (lines[1]?.length ?? 0) - 1
    const path = join(tempDirectory(), 'segment.log')
    for (let at = start; at < end; at++) {
      const bytes = Buffer.from(whole)
      bytes[at] = (bytes[at] ?? 0) ^ 0x01
      writeFileSync(path, bytes)
      const found = read(path)
      expect(found.at(0), `changed at ${at}`).toEqual(transactions[0])
      expect(found.at(-1), `changed at ${at}`).toEqual(transactions[2])
      expect(found).toContain('damaged')
    }
  })

  test('room for more lines at its end is no damage', () => {
    const path = segmentOf(whole)
    appendFileSync(path, Buffer.alloc(700_000))
    expect(read(path)).toEqual(transactions)
  })

  test('a hole of zeros, which a power cut may leave, costs the line behind it and no other', () => {
    const path = segmentOf(
      Buffer.concat([
        lines[0] as Buffer,
        Buffer.alloc(4096),
        lines[1] as Buffer,
        lines[2] as Buffer,
      ]),
    )
    expect(read(path)).toEqual([transactions[0], 'damaged', transactions[2]])
  })

  test('lines longer than the chunks it is read in are whole', () => {
    const long: Op = {
      kind: 'put',
      path: 'outgoing/1.json',
      text: JSON.stringify('ü'.repeat(400_000)),
    }
    const path = segmentOf(Buffer.concat([encodeLine([long]), ...lines]))
    expect(read(path)).toEqual([[long], ...transactions])
  })

  test.each([
    ['a tab in a text', { kind: 'put', path: 'objects/a.json', text: '"a\tb"' }],
    ['a line break in a text', { kind: 'put', path: 'objects/a.json', text: '{\n}' }],
    ['a tab in a path', { kind: 'del', path: 'objects/a\tb.json' }],
    ['a line break in a path', { kind: 'del', path: 'objects/a\n.json' }],
  ] as const)('%s is refused', (_, op) => {
    expect(() => encodeLine([op])).toThrow(TypeError)
  })

  test('is text that a person can read', () => {
    const path = segmentOf(lines[2] as Buffer)
    expect(readFileSync(path, 'utf8')).toMatch(/^[0-9a-f]{8}\tdel\tinbox\/2\.json\n$/)
  })
})
