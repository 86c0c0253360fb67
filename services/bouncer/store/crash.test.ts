// A process that is killed while it writes: no turn that it had committed is lost, and none is half there.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { StoreLocked } from '@fuchsbau/shared/database/lock.ts'
import { expect, onTestFinished, test } from 'vitest'
import { checkDatabase } from './database.ts'
import { tempDirectory, testStore } from './store.fixture.ts'
import { openStore } from './store.ts'
import { LINES_IN_TURN } from './writer.fixture.ts'

const ROUNDS = 10
const writerFile = join(import.meta.dirname, 'writer.fixture.ts')

/** Starts a writer, kills it when it has promised so many turns, and returns the turns that it promised. */
async function promisesOfKilled(
  directory: string,
  first: number,
  count: number,
): Promise<number[]> {
  const child = spawn(process.execPath, [writerFile, directory, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  const kill = async () => {
    child.kill('SIGKILL')
    await closed
  }
  onTestFinished(kill)
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  await promised(child, () => output.split('\n').length > count, closed)
  await kill()
  return output.slice(0, output.lastIndexOf('\n')).split('\n').map(Number)
}

async function promised(child: ChildProcess, isEnough: () => boolean, closed: Promise<unknown>) {
  while (!isEnough()) {
    if (child.exitCode !== null) throw new Error(`the writer ended with ${child.exitCode}`)
    if (child.stdout) await Promise.race([once(child.stdout, 'data'), closed])
  }
}

test(`kill -9, ${ROUNDS} times: turns that were promised are there, whole and once`, {
  timeout: 120_000,
}, async () => {
  const directory = tempDirectory()
  const all: number[] = []
  for (let round = 1; round <= ROUNDS; round++) {
    const turns = await promisesOfKilled(directory, round * 1_000_000, 30 * round)
    expect(turns.length).toBeGreaterThanOrEqual(30 * round)
    all.push(...turns)
    const { store } = testStore(directory) // the lock of the killed one is gone
    const lines = new Map<number, number>()
    let id = 0
    for (;;) {
      const page = store.messages.afterId(1, id, 1000)
      for (const { text } of page) {
        const turn = Number.parseInt(text, 10)
        lines.set(turn, (lines.get(turn) ?? 0) + 1)
      }
      const last = page.at(-1)
      if (!last) break
      id = last.id
    }
    expect(all.filter((turn) => !lines.has(turn))).toEqual([])
    expect([...lines].filter(([, count]) => count !== LINES_IN_TURN)).toEqual([])
    // What was committed but not promised yet is at most the turn in which the writer died.
    expect(lines.size - all.length).toBeLessThanOrEqual(round * 2)
    store.close()
    expect(checkDatabase(directory)).toEqual([])
  }
})

test('a second process, or store, is refused while the first lives', () => {
  const { store, directory, clock } = testStore()
  expect(() => openStore({ directory, clock })).toThrow(StoreLocked)
  expect(() => openStore({ directory, clock })).toThrow(/in use by another process/)
  store.close()
  expect(() => testStore(directory)).not.toThrow()
})
