import { describe, expect, test } from 'vitest'
import { LineReader } from '../irc/line-reader.ts'
import { decode, MAX_LINE_BYTES } from './socket.ts'

/** All lines of these parts. */
function read(...parts: (string | Buffer)[]): string[] {
  const reader = new LineReader(MAX_LINE_BYTES)
  const lines: string[] = []
  for (const part of parts) {
    reader.add(Buffer.from(part))
    for (let line = reader.next(); line; line = reader.next()) {
      lines.push(line === 'too-long' ? line : decode(line))
    }
  }
  return lines
}

describe('the bytes of a client', () => {
  test('are lines, with LF or CR LF, however they come in parts', () => {
    const text = 'NICK fox\r\nUSER a 0 * :b\n\r\nPING x\r\n'
    const lines = ['NICK fox', 'USER a 0 * :b', '', 'PING x']
    expect(read(text)).toEqual(lines)
    expect(read(...text)).toEqual(lines)
    expect(read('NICK fox\r', '\nPI')).toEqual(['NICK fox'])
  })

  test('are UTF-8, and else each its own character', () => {
    expect(read(Buffer.from('füchse\n'))).toEqual(['füchse'])
    expect(read(Buffer.from([0x66, 0xfc, 0x0a]))).toEqual(['fü'])
  })

  test('of a line of more than 8,191 are left out, and the next line is read', () => {
    expect(read(`${'x'.repeat(8_191)}\nPING a\n`)).toEqual(['x'.repeat(8_191), 'PING a'])
    expect(read(`${'x'.repeat(8_192)}\nPING a\n`)).toEqual(['too-long', 'PING a'])
    const part = 'x'.repeat(5_000)
    expect(read(part, part, part, 'end\nPING a\n')).toEqual(['too-long', 'PING a'])
  })
})
