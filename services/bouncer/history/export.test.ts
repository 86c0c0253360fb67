import { expect, test } from 'vitest'
import { addNetwork, line, NOON, testStore } from '../store/store.fixture.ts'
import { exportHistory } from './export.ts'

test('text has a line for each message, in the order of time, and events in words', () => {
  const { store } = testStore()
  const network = addNetwork(store)
  const add = (text: string, rest = {}) => store.messages.append(line(network.id, text, rest))
  add('second', { time: NOON + 1000 })
  add('first \x1b[31mred')
  add('\x01ACTION waves\x01', { time: NOON + 2000 })
  add('alice too loud', { time: NOON + 3000, kind: 'KICK' })
  add('bye', { time: NOON + 4000, kind: 'QUIT' })
  const text = [...exportHistory(store, network, '#FOX', 'text')].join('')
  expect(text.split('\n')).toEqual([
    '2026-01-01 12:00:00 <bob> first [31mred',
    '2026-01-01 12:00:01 <bob> second',
    '2026-01-01 12:00:02 * bob waves',
    '2026-01-01 12:00:03 *** bob kicked alice (too loud)',
    '2026-01-01 12:00:04 *** bob (b@host.example) quit (bye)',
    '',
  ])
})

test('JSON is one array, whole over several pages; of an unknown target it is empty', () => {
  const { store } = testStore()
  const network = addNetwork(store)
  for (let n = 0; n < 1234; n++) store.messages.append(line(network.id, `line ${n}`))
  const all: unknown = JSON.parse([...exportHistory(store, network, '#fox', 'json')].join(''))
  expect(all).toHaveLength(1234)
  expect(all).toHaveProperty('[1233].text', 'line 1233')
  expect([...exportHistory(store, network, '#none', 'json')].join('')).toBe('[]\n')
})
