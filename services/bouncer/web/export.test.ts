// A conversation as a file: however long it is, everything else goes on meanwhile.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { startScene } from '../bouncer.fixture.ts'
import { browse, servePages } from './browse.fixture.ts'

test('between the pages of an export others have their turn', async () => {
  await using scene = await startScene()
  const { store, network } = scene
  for (let count = 0; count < 5_000; count += 1) {
    store.messages.append({
      networkId: network.record.id,
      target: '#den',
      foldedTarget: '#den',
      time: count,
      kind: 'PRIVMSG',
      source: 'badger!b@example.org',
      text: `line ${count}`,
      isOwn: false,
    })
  }
  store.commitTurn()
  const browser = browse(servePages(scene.bouncer))
  await browser.logIn('you')
  let isDone = false
  const read = vi.spyOn(store.messages, 'after').mockClear()
  const between: number[] = []
  const others = (async () => {
    while (!isDone) {
      await nextTurn()
      between.push(read.mock.calls.length)
    }
  })()
  const { body } = await browser.get(
    `/networks/${network.record.id}/history/export?target=%23den&format=text`,
  )
  isDone = true
  await others
  expect(body.split('\n')).toHaveLength(5_001)
  expect(read.mock.calls.length).toBe(11)
  // In no turn were there two pages.
  const most = Math.max(...between.map((count, index) => count - (between[index - 1] ?? 0)))
  expect(most).toBe(1)
})
