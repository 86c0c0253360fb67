import { existsSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { makeTempData, removeTempData } from './temp-data.ts'

test('many files of tests in one process share one exit listener', async () => {
  const first = makeTempData('first')
  const before = process.listenerCount('exit')
  for (let file = 0; file < 3; file += 1) {
    vi.resetModules()
    const again = await import('./temp-data.ts')
    const directory = again.makeTempData('again')
    again.removeTempData(directory)
    expect(existsSync(directory)).toBe(false)
  }
  expect(process.listenerCount('exit')).toBe(before)
  removeTempData(first)
})
