import { expect, test } from 'vitest'
import { Gate } from './gate.ts'
import { Kept } from './kept.ts'

test('the least used go first, and what is too large is not kept', () => {
  const kept = new Kept<string>(10, (value) => value.length, 5)
  kept.set('a', 'aaaa')
  kept.set('b', 'bbbb')
  expect(kept.get('a')).toBe('aaaa')
  kept.set('c', 'cccc')
  expect([kept.get('a'), kept.get('b'), kept.get('c')]).toEqual(['aaaa', undefined, 'cccc'])
  kept.set('d', 'dddddd')
  expect(kept.get('d')).toBeUndefined()
  kept.set('a', 'a')
  kept.set('e', 'eeeee')
  expect([kept.get('a'), kept.get('c'), kept.get('e')]).toEqual(['a', 'cccc', 'eeeee'])
})

test('a gate lets so many in, one after the other, also when some fail', async () => {
  const gate = new Gate(2)
  const state = { running: 0, most: 0 }
  const task = (index: number) =>
    gate.run(async () => {
      state.running += 1
      state.most = Math.max(state.most, state.running)
      await new Promise((resolve) => setImmediate(resolve))
      state.running -= 1
      if (index % 3 === 0) throw new Error('x')
      return index
    })
  const results = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => task(index)))
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(6)
  expect(state).toEqual({ running: 0, most: 2 })
})
