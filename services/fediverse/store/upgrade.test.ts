import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { indexes, LAYOUT_VERSION, paths } from './layout.ts'
import { idOf, post, tempDirectory, testStore } from './store.fixture.ts'
import { LayoutError, type UpgradeStep, upgradeLayout } from './upgrade.ts'

const version = (directory: string) =>
  JSON.parse(readFileSync(join(directory, paths.layout), 'utf8')).version

/** Steps that note their run in a file; the one of `crashingAt` dies after that. */
function steps(crashingAt?: number): UpgradeStep[] {
  return [1, 2, 3].map((from) => ({
    from,
    run(directory) {
      const log = join(directory, 'cache')
      writeFileSync(log, `${existsSync(log) ? readFileSync(log, 'utf8') : ''}${from}`)
      if (from === crashingAt) throw new Error('power cut')
    },
  }))
}

describe('an older layout', () => {
  test('is stepped up, one version after the other', () => {
    const directory = tempDirectory()
    upgradeLayout(directory, [], 1)
    upgradeLayout(directory, steps(), 4)
    expect(version(directory)).toBe(4)
    expect(readFileSync(join(directory, 'cache'), 'utf8')).toBe('123')
    upgradeLayout(directory, steps(), 4)
    expect(readFileSync(join(directory, 'cache'), 'utf8')).toBe('123')
  })

  test('goes on after a crash with the step that did not end', () => {
    const directory = tempDirectory()
    upgradeLayout(directory, [], 1)
    expect(() => upgradeLayout(directory, steps(2), 4)).toThrow('power cut')
    expect(version(directory)).toBe(2)
    upgradeLayout(directory, steps(), 4)
    expect(readFileSync(join(directory, 'cache'), 'utf8')).toBe('1223')
    expect(version(directory)).toBe(4)
  })

  test('from which no step leads is refused', () => {
    const directory = tempDirectory()
    upgradeLayout(directory, [], 1)
    expect(() => upgradeLayout(directory, steps().slice(1), 4)).toThrow(LayoutError)
    expect(version(directory)).toBe(1)
  })

  test('has its journal in its files before, and its indexes are rebuilt behind', async () => {
    const tree = testStore()
    const store = tree.open()
    await store.commit([store.objects.put(post(1)), store.objects.put(post(2))])
    await store.accepted.accept({
      id: 'https://peer.example/a/1',
      signer: 'https://peer.example/users/alice',
      receivedAt: 1,
      document: {},
      attempts: 0,
    })
    const object = store.objects.put(post(1)).path
    rmSync(join(tree.directory, object)) // a crash, before the upgrade
    rmSync(join(tree.directory, 'lock'))
    const seen: unknown[] = []
    const step: UpgradeStep = {
      from: LAYOUT_VERSION,
      run(directory) {
        seen.push(
          readdirSync(join(directory, 'journal')),
          readdirSync(join(directory, 'inbox')).length,
        )
        const file = join(directory, object)
        writeFileSync(file, readFileSync(file, 'utf8').replace('"home":["you"]', '"home":["eve"]'))
      },
    }
    upgradeLayout(tree.directory, [step], LAYOUT_VERSION + 1)
    expect(seen).toEqual([[], 1])
    writeFileSync(join(tree.directory, paths.layout), `{"version":${LAYOUT_VERSION}}`)
    const again = testStore(tree.directory).open()
    expect(again.recovery.wasReindexed).toBe(true)
    const home = (user: string) =>
      again.objects.newest(indexes.home(user), 9).objects.map(({ id }) => id)
    expect(home('you')).toEqual([idOf(2)])
    expect(home('eve')).toEqual([idOf(1)])
    expect(again.accepted.pending()).toHaveLength(1)
    await again.close()
  })
})

describe('a directory that is not ours', () => {
  test('is refused when it is newer, with what to do', () => {
    const directory = tempDirectory()
    writeFileSync(join(directory, paths.layout), `{"version":${LAYOUT_VERSION + 1}}`)
    expect(() => upgradeLayout(directory)).toThrow(/version 2.*up to 1.*newer fuchsbau/)
  })

  test('is refused when it holds something else, and stays as it is', () => {
    const directory = tempDirectory()
    writeFileSync(join(directory, 'thesis.txt'), '')
    expect(() => testStore(directory).open()).toThrow(LayoutError)
    expect(readdirSync(directory)).toEqual(['thesis.txt'])
  })

  test.each(['', '{', '{"version":"1"}', '[]', 'null'])(
    'is refused when its version is damaged: %j',
    (text) => {
      const directory = tempDirectory()
      writeFileSync(join(directory, paths.layout), text)
      expect(() => upgradeLayout(directory)).toThrow(/damaged/)
    },
  )
})

test('a fresh volume counts as empty, and so does a start that was cut off', () => {
  const directory = tempDirectory()
  mkdirSync(join(directory, 'lost+found'))
  writeFileSync(join(directory, 'lock'), '')
  writeFileSync(join(directory, '.layout.json.0123456789ab.tmp'), '')
  upgradeLayout(directory)
  expect(version(directory)).toBe(LAYOUT_VERSION)
})
