import { describe, expect, test } from 'vitest'
import { addNetwork, line, NOON, testStore } from './store.fixture.ts'
import { wordsOf } from './words.ts'

function searchable(...said: string[]) {
  const test = testStore()
  const { id, userId } = addNetwork(test.store)
  said.forEach((text, n) => {
    test.store.messages.append(line(id, text, { time: NOON + n }))
  })
  const find = (text: string, rest = {}) =>
    test.store.search.find({ userId, text, limit: 10, ...rest }).messages.map((each) => each.text)
  return { ...test, id, userId, find }
}

describe('words', () => {
  test.each([
    ['Hello, WORLD!', ['hello', 'world']],
    ['Grüße aus Łódź', ['gruße', 'aus', 'łodz']],
    ['https://example.org/a_b?c=1', ['https', 'example', 'org', 'a', 'b', 'c', '1']],
    ['日本語 text', ['日', '本', '語', 'text']],
    ['\x02bold\x0f \x0304red', ['bold', 'red']],
    ['', []],
    ['x'.repeat(100), ['x'.repeat(40)]],
  ])('of %j', (text, words) => {
    expect(wordsOf(text)).toEqual(words)
  })
})

describe('a search', () => {
  test('finds lines with all words, newest first, also those stored just now', () => {
    const { find } = searchable('the red fox', 'a blue fox', 'Fox: red, the')
    expect(find('fox the')).toEqual(['Fox: red, the', 'the red fox'])
    expect(find('FÓX')).toHaveLength(3)
    expect(find('fo')).toEqual([])
  })

  test('takes what is in quotes, or joined by signs, in its order', () => {
    const { find } = searchable(
      'red fox here',
      'fox red',
      'example.org',
      'org example',
      '日本',
      '本日',
    )
    expect(find('"red fox"')).toEqual(['red fox here'])
    expect(find('"red fox')).toEqual(['red fox here'])
    expect(find('example.org')).toEqual(['example.org'])
    expect(find('日本')).toEqual(['日本'])
  })

  test.each([
    '"',
    '""',
    'fox*',
    'fox AND',
    'OR NOT NEAR(',
    'words:fox',
    '^fox',
    'a"b\'c',
    '{words}',
    ')',
    '\0',
    '-- ;',
    'x'.repeat(10_000),
    '\ud800',
  ])('understands %j as text', (text) => {
    const { find } = searchable('nothing of that')
    expect(find(text)).toEqual([])
  })

  test('is limited to a target, a sender, times, and networks', () => {
    const { store, userId, id, find } = searchable('hello one', 'hello two')
    const second = addNetwork(store, 'alice', 'oftc')
    store.messages.append(
      line(id, 'hello bob', { target: 'Bob', foldedTarget: 'bob', time: NOON + 9 }),
    )
    store.messages.append(line(second.id, 'hello oftc', { source: 'We[i]rd!x@y', time: NOON + 10 }))
    expect(find('hello', { foldedTarget: 'bob' })).toEqual(['hello bob'])
    expect(find('hello', { foldedTarget: '#nowhere' })).toEqual([])
    expect(find('hello', { from: 'wE{I}RD' })).toEqual(['hello oftc'])
    expect(find('', { from: 'bob', networkIds: [id], foldedTarget: '#fox' })).toHaveLength(2)
    expect(find('hello', { after: NOON, before: NOON + 10 })).toEqual(['hello bob', 'hello two'])
    expect(find('hello', { networkIds: [second.id] })).toEqual(['hello oftc'])
    expect(find('hello', { networkIds: [] })).toEqual([])
    expect(store.search.find({ userId, text: 'hello', limit: 3 }).messages).toHaveLength(3)
  })

  test('comes in pages', () => {
    const { store, userId } = searchable(...Array.from({ length: 25 }, (_, n) => `fox ${n}`))
    const seen: string[] = []
    let beforeId: number | undefined
    do {
      const query = { userId, text: 'fox', limit: 10, ...(beforeId ? { beforeId } : {}) }
      const { messages, next } = store.search.find(query)
      seen.push(...messages.map(({ text }) => text))
      beforeId = next
    } while (beforeId !== undefined)
    expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => `fox ${24 - n}`))
  })

  test('never sees the networks of another person', () => {
    const { store, find, id } = searchable('mine')
    const eve = addNetwork(store, 'eve')
    store.messages.append(line(eve.id, 'secret'))
    expect(find('secret')).toEqual([])
    expect(find('secret', { networkIds: [eve.id, id] })).toEqual([])
    expect(find('', { from: 'bob', networkIds: [eve.id] })).toEqual([])
  })

  test('finds nothing that was deleted', () => {
    const { store, find, id } = searchable('fox one', 'fox two')
    expect(find('fox')).toHaveLength(2)
    store.removal.trim({ networkId: id }, { rows: 1 })
    expect(find('fox')).toEqual(['fox two'])
    store.removal.forget({ networkId: id, foldedTarget: '#fox' })
    expect(find('fox')).toEqual([])
  })
})

test('the index is made one from time to time, and finds the same', () => {
  const words = Array.from({ length: 400 }, (_, n) => `w${n}`)
  const said = Array.from({ length: 22_000 }, (_, n) => `${words[n % 400]} ${words[(n * 7) % 399]}`)
  const { store, clock, find, userId } = searchable(...said)
  const count = () => store.search.find({ userId, text: 'w7', limit: 100 }).messages.length
  const before = [find('w7 w49'), count()]
  for (let n = 0; n < 200; n++) {
    clock.advance(10)
    store.commitTurn()
  }
  expect(Number(store.properties.get('tidied'))).toBeGreaterThan(20_000)
  expect([find('w7 w49'), count()]).toEqual(before)
})

test('the index follows by itself, in the background', () => {
  const { store, clock } = searchable(...Array.from({ length: 3000 }, (_, n) => `fox ${n}`))
  store.commitTurn()
  expect(store.sizes().indexLag).toBe(3000)
  for (let n = 0; n < 20; n++) {
    clock.advance(10)
    store.commitTurn()
  }
  expect(store.sizes().indexLag).toBeLessThan(1024)
})
