import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const young = `import { getHeapSpaceStatistics } from 'node:v8'
  const young = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size`

test('a process that has become quiet gives back the memory of its young generation', async () => {
  const program = `${young}
    import { giveBackSpareMemory } from ${JSON.stringify(join(import.meta.dirname, 'spare-memory.ts'))}
    let kept = []
    while (young() < 16e6) {
      kept.push(Array.from({ length: 100 }, (_, index) => ({ index })))
      if (kept.length > 10_000) kept = []
    }
    const grown = young()
    const stop = giveBackSpareMemory()
    const timer = setInterval(() => {
      if (young() > 4e6) return
      stop()
      clearInterval(timer)
      console.log(grown >= 16e6, kept.length > 0)
    }, 100)`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { timeout: 20_000 },
  )
  expect(stdout).toBe('true true\n')
})
