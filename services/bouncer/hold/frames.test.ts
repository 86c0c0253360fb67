// Frames between the bouncer and the holder: whole in any pieces, and nothing taken that is not one.
import { expect, test } from 'vitest'
import {
  BadFrame,
  dataFrames,
  type Frame,
  FrameReader,
  frame,
  heldFrames,
  heldOf,
} from './frames.ts'

function read(...pieces: Uint8Array[]): Frame[] {
  const reader = new FrameReader()
  const frames: Frame[] = []
  for (const piece of pieces) {
    reader.add(Buffer.from(piece))
    for (let next = reader.next(); next; next = reader.next()) frames.push(next)
  }
  return frames
}

const text = (frames: Frame[]) => frames.map(({ type, payload }) => [type, payload.toString()])

test('frames are read in whatever pieces they come', () => {
  const bytes = Buffer.concat([
    frame('control', Buffer.from('{"do":"pause"}')),
    frame('data', Buffer.from('')),
    frame('data', Buffer.from('PING :fox\r\n')),
    frame('state', Buffer.alloc(100_000, 'x')),
    frame('data', Buffer.from('end')),
  ])
  const whole = text(read(bytes))
  expect(whole.map(([type]) => type)).toEqual(['control', 'data', 'data', 'state', 'data'])
  expect(whole[2]).toEqual(['data', 'PING :fox\r\n'])
  for (const size of [1, 2, 3, 7, 4_096]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    )
    expect(text(read(...pieces))).toEqual(whole)
  }
})

test('a frame that is cut off is none', () => {
  const bytes = frame('data', Buffer.from('PRIVMSG #den :hello\r\n'))
  for (let length = 0; length < bytes.length; length++) {
    expect(read(bytes.subarray(0, length))).toEqual([])
  }
})

test.each([
  ['an unknown type', Buffer.from([0, 0, 0, 0, 1, 0])],
  ['text', Buffer.from('GET / HTTP/1.1\r\n')],
  ['data of more than 64 KiB', Buffer.from([68, 0, 1, 0, 1])],
  ['a control frame of 4 GiB', Buffer.from([67, 255, 255, 255, 255])],
  ['a state of more than 32 MiB', Buffer.from([83, 2, 0, 0, 1])],
])('%s is refused before any of it is kept', (_, bytes) => {
  expect(() => read(bytes)).toThrow(BadFrame)
})

test('what is too long for one frame is never written', () => {
  expect(() => frame('data', Buffer.alloc(64 * 1024 + 1))).toThrow(BadFrame)
  const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251))
  const frames = read(...dataFrames(bytes))
  expect(frames).toHaveLength(4)
  expect(Buffer.concat(frames.map(({ payload }) => payload)).equals(bytes)).toBe(true)
})

test('held bytes keep the time of their arrival', () => {
  const held = { time: 1_764_547_200_123, bytes: Buffer.alloc(70_000, 'y') }
  const pieces = read(...heldFrames(held)).map(({ payload }) => heldOf(payload))
  expect(pieces.map(({ time }) => time)).toEqual([held.time, held.time])
  expect(Buffer.concat(pieces.map(({ bytes }) => bytes)).equals(held.bytes)).toBe(true)
  expect(() => heldOf(Buffer.alloc(7))).toThrow(BadFrame)
})
