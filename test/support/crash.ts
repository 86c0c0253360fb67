// What the crash tests share: work that goes on through kills of the server, and a look at the tree it leaves.
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '@fuchsbau/shared/clock.ts'
import { askControl } from '@fuchsbau/shared/control.ts'
import { fsck } from '../../services/fediverse/store/fsck.ts'
import { hashId } from '../../services/fediverse/store/layout.ts'
import { openStore, type Store } from '../../services/fediverse/store/store.ts'
import type { Fuchsbau } from './fuchsbau.ts'

/** Kills the server at given moments of something that is counted, and starts it again. */
export class Killer {
  readonly server: Fuchsbau
  /** Counts at which to kill, falling: the last one is next. */
  readonly moments: number[]
  kills = 0
  #up: Promise<void> = Promise.resolve()

  constructor(server: Fuchsbau, moments: readonly number[]) {
    this.server = server
    this.moments = moments.toSorted((a, b) => b - a)
  }

  /** Resolves when the server runs, or rejects when it does not start any more. */
  get up(): Promise<void> {
    return this.#up
  }

  /** To be called whenever the count has grown. */
  reached(count: number): void {
    const next = this.moments.at(-1)
    if (next === undefined || count < next) return
    this.moments.pop()
    this.#up = this.#up.then(() => this.#crash())
    this.#up.catch(() => {}) // told to who waits for it
  }

  /** Every other time it is killed once more while it starts. */
  async #crash(): Promise<void> {
    await this.server.kill()
    this.kills += 1
    if (this.kills % 2 === 0) {
      this.server.start().catch(() => {}) // gives up by itself
      await pause(Math.random() * 500)
      await this.server.kill()
    }
    await this.server.start()
  }
}

/** So many random counts below a limit. */
export function randomMoments(count: number, limit: number): number[] {
  return Array.from({ length: count }, () => Math.floor(Math.random() * limit))
}

/** Does a task for each item, so many at a time. */
export async function inParallel<T>(
  width: number,
  items: readonly T[],
  task: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values()
  const work = async () => {
    for (const item of rest) await task(item)
  }
  await Promise.all(Array.from({ length: width }, work))
}

/** Opens the tree of a stopped server. Close it. */
export function openTree(data: string): Store {
  return openStore({ directory: join(data, 'fediverse'), clock: systemClock() })
}

/** What fsck says against the tree of a stopped server. The temporary file of a write that was cut off is no harm. */
export async function checkTree(data: string): Promise<string[]> {
  const { problems } = await fsck(join(data, 'fediverse'))
  const harmless = ['leftover', 'damaged journal line']
  return problems
    .filter(({ kind }) => !harmless.includes(kind))
    .map(({ kind, path, detail = '' }) => `fsck: ${kind}: ${path} ${detail}`)
}

/** What is wrong with an index and the objects that it should have: nothing, if all is well. */
export function compareIndex(store: Store, index: string, ids: Iterable<string>): string[] {
  const keys = Array.from(store.tree.index.newest(index), ({ key }) => key)
  const counts = Map.groupBy(keys, (key) => key)
  const twice = [...counts].filter(([, found]) => found.length > 1)
  const dangling = keys.filter((key) => store.objects.byKey(key) === undefined)
  const missing = [...ids].filter((id) => !counts.has(hashId(id)) || !store.objects.get(id))
  return [
    ...twice.map(([key, found]) => `${index}: ${key} is there ${found.length} times`),
    ...dangling.map((key) => `${index}: ${key} is not there`),
    ...missing.map((id) => `${index}: ${id} is missing`),
  ]
}

/** Runs a verb as the command line does, without the half second that a process takes. Rejects when it fails. */
export async function operate(
  server: Fuchsbau,
  verb: string,
  ...args: string[]
): Promise<string[]> {
  const socket = join(server.data, 'fediverse', 'control.sock')
  const { ok, lines } = await askControl(socket, verb, args)
  if (!ok) throw new VerbRefused(lines.join('\n'))
  return lines
}

/** The server said no; any other error means that it did not answer. */
export class VerbRefused extends Error {}
