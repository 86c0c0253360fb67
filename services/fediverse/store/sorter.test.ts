import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Sorter } from './sorter.ts'
import { tempDirectory } from './store.fixture.ts'

const lines = Array.from({ length: 1_234 }, (_, i) => `${(i * 7_919) % 1_000} ${i % 3}`)

test.each([1, 2, 100, 1_234, 5_000])(
  'lines are sorted in runs of %i, twice as well',
  (runLines) => {
    const sorter = new Sorter(tempDirectory(), runLines)
    for (const line of lines) sorter.add(line)
    expect([...sorter.sorted()]).toEqual(lines.toSorted())
    expect([...sorter.sorted()]).toEqual(lines.toSorted())
    sorter.close()
  },
)

test('nothing sorted is nothing', () => {
  expect([...new Sorter(tempDirectory()).sorted()]).toEqual([])
})

test('its files are gone when it is closed', () => {
  const scratch = join(tempDirectory(), 'new', 'folder')
  const sorter = new Sorter(scratch, 10)
  for (const line of lines) sorter.add(line)
  expect(readdirSync(scratch)).toHaveLength(1)
  sorter.close()
  expect(readdirSync(scratch)).toEqual([])
})
