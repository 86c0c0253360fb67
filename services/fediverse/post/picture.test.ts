import { describe, expect, test } from 'vitest'
import { pictures } from './picture.fixture.ts'
import { cleanPicture, isPicture } from './picture.ts'
import { formatOrientation, readOrientation } from './picture-orientation.ts'

const kinds = Object.entries(pictures)
const SECRETS = ['SpyCam', '2026:11:22', 'secret', 'xmpmeta']

function cleaned(bytes: Buffer): Buffer {
  const result = cleanPicture(bytes)
  if (!result.ok) throw new Error(result.message)
  return result.bytes
}

/** The block that tells the orientation, and nothing else of it. */
const orientationOf = (bytes: Buffer) => readOrientation(bytes.subarray(bytes.indexOf('MM\0*')))

describe.each(kinds)('a picture (%s)', (kind, bytes) => {
  test('loses place, camera and comments, and keeps which way up it is', () => {
    expect(SECRETS.filter((secret) => bytes.includes(secret))).not.toEqual([])
    const result = cleaned(bytes)
    expect(SECRETS.filter((secret) => result.includes(secret))).toEqual([])
    expect(orientationOf(result)).toBe(6)
    expect(result.length).toBeLessThan(bytes.length)
  })

  test('is the same when it is cleaned again', () => {
    const once = cleaned(bytes)
    expect(cleaned(once)).toEqual(once)
  })

  test('that ends too soon is refused, wherever it ends', () => {
    for (let length = 12; length < bytes.length; length += 1) {
      expect(cleanPicture(bytes.subarray(0, length)), `${kind} of ${length} bytes`).toMatchObject({
        ok: false,
        message: expect.stringContaining('damaged'),
      })
    }
  })

  test('loses what follows its end', () => {
    const longer = Buffer.concat([bytes, Buffer.from('GPS of the film behind the picture')])
    expect(cleaned(longer)).toEqual(cleaned(bytes))
  })

  test('with any byte changed is refused or clean, and never larger', () => {
    for (let at = 12; at < bytes.length; at += 1) {
      for (const value of [0, 0xff, (bytes[at] ?? 0) ^ 0x20]) {
        const changed = Buffer.from(bytes)
        changed[at] = value
        const result = cleanPicture(changed)
        if (result.ok) expect(result.bytes.length).toBeLessThanOrEqual(bytes.length)
        else expect(result.message).toContain('damaged')
      }
    }
  })
})

describe('a JPEG', () => {
  const { jpeg } = pictures

  test('keeps the profile of its colours and how they are coded (APP2, APP14)', () => {
    const icc = segment(0xe2, 'ICC_PROFILE\0\x01\x01colours')
    const adobe = segment(0xee, 'Adobe\0\x64\0\0\0\0\x01')
    const others = [
      segment(0xe2, 'MPF\0more pictures'),
      segment(0xed, 'Photoshop 3.0\0place'),
      segment(0xe0, 'JFXX\0\x10thumbnail'),
      segment(0xef, 'anything'),
      segment(0xfe, 'a comment'),
    ]
    const head = jpeg.subarray(0, 2)
    const result = cleaned(Buffer.concat([head, icc, ...others, adobe, jpeg.subarray(2)]))
    const rest = cleaned(jpeg).subarray(2)
    expect(result).toEqual(Buffer.concat([head, icc, adobe, rest]))
  })

  test('loses metadata between its scans too', () => {
    const { progressive } = pictures
    const second = progressive.lastIndexOf(Buffer.from([0xff, 0xda]))
    const between = segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0place')
    const bytes = [progressive.subarray(0, second), between, progressive.subarray(second)]
    expect(cleaned(Buffer.concat(bytes))).toEqual(cleaned(progressive))
  })

  test('of nothing but marks is refused quickly', () => {
    const marks = Buffer.alloc(4 * 1024 * 1024, 0xff)
    marks[1] = 0xd8
    const start = performance.now()
    expect(cleanPicture(marks).ok).toBe(false)
    expect(performance.now() - start).toBeLessThan(1_000)
  })
})

test('a file of another kind goes through as it is', () => {
  const gif = Buffer.from('GIF89a and so on')
  expect(isPicture(gif)).toBe(false)
  expect(cleaned(gif)).toBe(gif)
})

describe('the orientation', () => {
  test.each([2, 3, 4, 5, 6, 7, 8])('%i is read as it was written', (orientation) => {
    expect(readOrientation(formatOrientation(orientation))).toBe(orientation)
  })

  test('is read in the other order of bytes', () => {
    const tiff = Buffer.from(formatOrientation(6)).swap16()
    tiff.write('II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0', 'latin1')
    expect(readOrientation(tiff)).toBe(6)
  })

  test.each([
    ['the usual one', formatOrientation(1)],
    ['one that is none', formatOrientation(9)],
    ['a block that points behind its end', Buffer.from('MM\0*\xff\xff\xff\xff', 'latin1')],
    ['a table longer than the block', Buffer.from('MM\0*\0\0\0\x08\xff\xff', 'latin1')],
    ['nothing', Buffer.alloc(0)],
  ])('is none in %s', (_, tiff) => {
    expect(readOrientation(tiff)).toBeUndefined()
  })
})

function segment(marker: number, content: string): Buffer {
  const size = content.length + 2
  return Buffer.from([0xff, marker, size >> 8, size & 0xff, ...Buffer.from(content, 'latin1')])
}
