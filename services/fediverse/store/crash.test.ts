// Processes that are killed while they write, and copies that are taken while they write.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, renameSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '@fuchsbau/shared/clock.ts'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fsck } from './fsck.ts'
import { post, tempDirectory } from './store.fixture.ts'
import { openStore, type Store } from './store.ts'
import { broken, parsePromises } from './writer.fixture.ts'

const ROUNDS = 10
/** Tried where it is installed. */
const RESTIC = 'restic'
const writerFile = join(import.meta.dirname, 'writer.fixture.ts')

interface Writer {
  child: ChildProcess
  output(): string
  /** Resolves when it has said so many lines. */
  lines(count: number): Promise<void>
  kill(): Promise<void>
}

function startWriter(directory: string, first: number): Writer {
  const child = spawn(process.execPath, [writerFile, directory, String(first)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stderr?.on('data', (chunk) => {
    errors += chunk
  })
  const exited = once(child, 'close')
  const kill = async () => {
    child.kill('SIGKILL')
    await exited
  }
  child.stdout?.on('data', (chunk) => {
    output += chunk
  })
  onTestFinished(kill)
  return {
    child,
    output: () => output,
    async lines(count) {
      const isOver = () => child.exitCode !== null
      while (output.split('\n').length <= count) {
        if (isOver()) throw new Error(`the writer ended: ${errors}`)
        await Promise.race([once(child.stdout as NonNullable<typeof child.stdout>, 'data'), exited])
      }
    },
    kill,
  }
}

const open = (directory: string): Store =>
  openStore({ directory, clock: systemClock(), minFreeBytes: 0 })

test(`kill -9, ${ROUNDS} times in a row: what was promised is there, and once`, {
  timeout: 120_000,
}, async () => {
  const directory = join(tempDirectory(), 'data')
  let output = ''
  for (let round = 1; round <= ROUNDS; round++) {
    const writer = startWriter(directory, round * 1_000_000)
    await writer.lines(20 * round + Math.floor(Math.random() * 200))
    await writer.kill()
    output += writer.output().slice(0, writer.output().lastIndexOf('\n') + 1)
    const store = open(directory)
    expect(store.recovery).toMatchObject({ wasClean: false, wasReindexed: false })
    expect(broken(store, parsePromises(output))).toEqual([])
    // An end without `close`, as if killed again: the next writer recovers once more.
    if (round % 2 === 0) await store.close()
    else execFileSync('rm', [join(directory, 'lock')])
  }
  const report = await fsck(directory)
  expect(report.counts).toEqual({})
  expect(parsePromises(output).accepted.length).toBeGreaterThan(ROUNDS * 10)
})

describe('a copy that is taken while a process writes', { timeout: 120_000 }, () => {
  const run = async (command: string, args: string[], env = process.env) => {
    const child = spawn(command, args, { stdio: 'ignore', env })
    await once(child, 'close') // its status says that files vanished, which is no wonder
  }

  async function copyInOrder(from: string, to: string, direction = 1): Promise<void> {
    mkdirSync(to)
    const entries = readdirSync(from, { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -direction : direction))) {
      const [source, target] = [join(from, entry.name), join(to, entry.name)]
      if (entry.isDirectory()) await copyInOrder(source, target, direction)
      else {
        await copyFile(source, target).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error
        })
      }
    }
  }

  async function copyByRestic(from: string, to: string): Promise<void> {
    const repository = join(tempDirectory(), 'restic')
    const restic = (...args: string[]) =>
      run(RESTIC, ['-r', repository, '--no-cache', ...args], {
        ...process.env,
        RESTIC_PASSWORD: 'test',
      })
    await restic('init')
    await restic('backup', from)
    await restic('restore', 'latest', '--target', `${to}.all`)
    renameSync(join(`${to}.all`, from), to)
  }

  const copies: [string, (from: string, to: string) => Promise<void>, boolean][] = [
    ['by cp -a', (from, to) => run('cp', ['-a', from, to]), true],
    [
      'by tar',
      (from, to) => {
        mkdirSync(to)
        return run('sh', ['-c', 'tar -C "$1" -cf - . | tar -C "$2" -xf -', 'sh', from, to])
      },
      true,
    ],
    ['in order of names, as restic reads', copyInOrder, true],
    ['in reverse order of names', (from, to) => copyInOrder(from, to, -1), true],
    ['by restic', copyByRestic, spawnSync(RESTIC, ['version']).status === 0],
  ]

  for (const [name, copy, isThere] of copies) {
    test.skipIf(!isThere)(`${name} holds all that was promised before`, async () => {
      const directory = join(tempDirectory(), 'data')
      const store = open(directory)
      const old = Array.from({ length: 3_000 }, (_, i) => post(`old/${i}`, { at: 1_000 + i }))
      for (const object of old) store.commitLazily([store.objects.put(object)])
      await store.close()
      const writer = startWriter(directory, 1)
      await writer.lines(500)
      const before = parsePromises(writer.output())
      const target = join(tempDirectory(), 'copy')
      await copy(directory, target)
      const { accepted } = parsePromises(writer.output())
      expect(accepted.length).toBeGreaterThan(before.accepted.length + 10)
      expect(writer.child.exitCode).toBeNull() // it writes on: its lock is in the copy
      const copied = open(target)
      expect(copied.recovery).toMatchObject({ wasClean: false, wasReindexed: true })
      // A delivery may have come to its end while the copy was taken.
      const promised = { ...before, delivered: parsePromises(writer.output()).delivered }
      expect(broken(copied, promised)).toEqual([])
      for (const { id } of old) expect(copied.objects.get(id)?.id).toBe(id)
      const report = await fsck(copied)
      // What was being written or delivered when the copy came by.
      const notes = ['body without deliveries', 'delivery without body', 'leftover']
      expect(Object.keys(report.counts).filter((kind) => !notes.includes(kind))).toEqual([])
      await copied.close()
    })
  }
})
