import { expect, test } from 'vitest'
import { Agenda, type Due } from './agenda.ts'

const make = (name: string): Due & { name: string } => ({ name, dueAt: undefined })
const namesDue = (agenda: Agenda<Due & { name: string }>, now: number) => {
  const names: string[] = []
  for (let item = agenda.take(now); item; item = agenda.take(now)) names.push(item.name)
  return names
}

test('what is due comes out in the order of its instants', () => {
  const agenda = new Agenda<Due & { name: string }>()
  const instants = Array.from({ length: 200 }, (_, i) => (i * 7919) % 1_009)
  for (const at of instants) agenda.set(make(String(at)), at)
  const sorted = instants.toSorted((a, b) => a - b)
  expect(agenda.next()).toBe(sorted[0])
  const early = namesDue(agenda, 500)
  expect(early).toEqual(sorted.filter((at) => at <= 500).map(String))
  expect([...early, ...namesDue(agenda, 2_000)]).toEqual(sorted.map(String))
  expect(agenda.next()).toBeUndefined()
})

test('an item has one instant, the last one set', () => {
  const agenda = new Agenda<Due & { name: string }>()
  const a = make('a')
  const b = make('b')
  agenda.set(a, 10)
  agenda.set(b, 20)
  agenda.set(a, 30)
  expect(agenda.next()).toBe(20)
  expect(namesDue(agenda, 30)).toEqual(['b', 'a'])
})

test('an item that was struck off does not come up', () => {
  const agenda = new Agenda<Due & { name: string }>()
  const a = make('a')
  agenda.set(a, 10)
  a.dueAt = undefined
  expect(agenda.next()).toBeUndefined()
  agenda.set(a, 10)
  expect(agenda.takeAll()).toEqual([a])
  expect(namesDue(agenda, 100)).toEqual([])
})
