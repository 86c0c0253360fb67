import { expect, test } from 'vitest'
import { addNetwork, line, testStore } from '../store/store.fixture.ts'
import { Places } from './places.ts'

function scene() {
  const { store } = testStore()
  const network = addNetwork(store)
  for (let n = 0; n < 5; n++) store.messages.append(line(network.id, `line ${n}`))
  const places = new Places(network.id, store.receipts)
  return { places, receipt: (name: string) => store.receipts.get(network.id, name), store, network }
}

test('a client goes on behind what it has for sure', () => {
  const { places, receipt } = scene()
  const desk = places.open('desk', 10)
  places.confirm(desk, 20)
  places.confirm(desk, 15)
  places.close(desk, true)
  expect(receipt('desk')).toBe(20)
  expect(places.open('desk', 99).start).toBe(20)
  expect(places.open('phone', 99).start).toBe(99)
})

test('of two with one name, what the cut one lacks is kept for the next, while the other goes on', () => {
  const { places, receipt } = scene()
  const desk = places.open('', 10)
  const phone = places.open('', 10)
  places.confirm(desk, 30)
  places.confirm(phone, 20)
  expect(receipt('')).toBe(20)
  places.close(phone, true)
  places.confirm(desk, 40)
  expect(receipt('')).toBe(20)
  const again = places.open('', 99)
  expect(again.start).toBe(20)
  places.confirm(again, 45)
  places.confirm(desk, 50)
  expect(receipt('')).toBe(45)
})

test('one that is cut, and not closed yet when it comes again, holds nothing back', () => {
  const { places, receipt } = scene()
  const ghost = places.open('phone', 10)
  places.confirm(ghost, 20)
  const again = places.open('phone', 99)
  expect(again.start).toBe(20)
  places.confirm(again, 60)
  expect(receipt('phone')).toBe(60)
  places.close(ghost, true)
  places.close(again, true)
  expect(places.open('phone', 99).start).toBe(60)
})

test('names are not collected for ever: of very many the oldest is forgotten', () => {
  const { places, store, network } = scene()
  for (let n = 0; n < 500; n++) places.close(places.open(`client ${n}`, 1), false)
  expect(store.receipts.list(network.id).length).toBeLessThanOrEqual(200)
})
