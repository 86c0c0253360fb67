import { expect, test } from 'vitest'
import { KeySet } from './key-set.ts'
import { hashId } from './layout.ts'

test('a set holds exactly the keys that were added', () => {
  const set = new KeySet(1_000_000)
  for (let i = 0; i < 20_000; i++) expect(set.add(hashId(`${i}`))).toBe(true)
  for (let i = 0; i < 20_000; i++) {
    expect(set.has(hashId(`${i}`))).toBe(true)
    expect(set.has(hashId(`other ${i}`))).toBe(false)
  }
  expect(set.add(hashId('5'))).toBe(false)
  expect(set.size).toBe(20_000)
})

test('keys that differ in one digit are different', () => {
  const set = new KeySet(100)
  const key = hashId('x')
  set.add(key)
  for (let i = 0; i < key.length; i++) {
    const other = `${key.slice(0, i)}${key[i] === '0' ? '1' : '0'}${key.slice(i + 1)}`
    expect(set.has(other)).toBe(false)
  }
})

test('a full set takes no more', () => {
  const set = new KeySet(3)
  for (const id of ['a', 'b', 'c']) set.add(hashId(id))
  expect(set.isFull).toBe(true)
  expect(set.add(hashId('d'))).toBe(false)
  expect(set.has(hashId('d'))).toBe(false)
})
