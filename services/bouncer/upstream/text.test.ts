// Bytes of a network as text and back. Lines are latin1 strings, one character a byte.
import { expect, test } from 'vitest'
import { textCodec } from './text.ts'

const bytes = (text: string, encoding: BufferEncoding = 'utf8') =>
  Buffer.from(text, encoding).toString('latin1')

test('UTF-8 is read as it is, and written so', () => {
  const codec = textCodec('utf-8')
  expect(codec.decode(bytes('Füchse 🦊'))).toBe('Füchse 🦊')
  expect(codec.encode('Füchse 🦊')).toBe(bytes('Füchse 🦊'))
})

test('what is not UTF-8 is read as windows-1252, so nothing becomes U+FFFD', () => {
  const codec = textCodec('utf-8')
  expect(codec.decode('F\xfcchse \x80 5')).toBe('Füchse € 5')
  expect(codec.encode('Füchse')).toBe(bytes('Füchse'))
})

test('an old encoding is read and written; UTF-8 that comes nevertheless is understood', () => {
  const codec = textCodec('koi8-r')
  expect(codec.decode('\xec\xc9\xd3\xc1')).toBe('Лиса')
  expect(codec.encode('Лиса')).toBe('\xec\xc9\xd3\xc1')
  expect(codec.decode(bytes('Лиса'))).toBe('Лиса')
})

test('a character that the old encoding lacks is sent as UTF-8 rather than lost', () => {
  expect(textCodec('iso-8859-15').encode('fox 🦊')).toBe(bytes('fox 🦊'))
})

test('every byte of a single-byte encoding comes back as it was', () => {
  const codec = textCodec('windows-1252')
  for (let byte = 0xa0; byte < 0x100; byte++) {
    const line = String.fromCharCode(byte)
    expect(codec.encode(codec.decode(line))).toBe(line)
  }
})

test('an encoding that is not known is as good as none', () => {
  expect(textCodec('klingon').decode('\xfc')).toBe('ü')
  expect(textCodec('').encode('ü')).toBe(bytes('ü'))
})
