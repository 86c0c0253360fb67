// Lines at full speed from the fake network, as fast as each client reads.
import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FakeConnection, Tags } from './connection.ts'
import { eventTags } from './tell.ts'
import { fold, sourceOf, userNamed, type World } from './world.ts'

const linesPerTurn = 256

/** What to flood with. */
export interface Flood {
  /** Who hears it: a channel's members, or a nick. */
  target: string
  /** Who says it, or one for each line. */
  nick: string | ((index: number) => string)
  /** The text of each line; `line INDEX` when absent. */
  text?: (index: number) => string
  /** More tags of each line. */
  tags?: (index: number) => Tags
  /** At most so many lines/s; as fast as they are read when absent. */
  perSecond?: number
}

/** What a flood took. */
export interface FloodResult {
  /** Lines that were written to clients, of all of them. */
  written: number
  ms: number
}

/** Sends `count` messages to all who hear them; waits for each client's socket. One that is gone is left out. */
export async function flood(world: World, count: number, what: Flood): Promise<FloodResult> {
  const { target, nick, text = (index) => `line ${index}`, tags, perSecond } = what
  const speaker = typeof nick === 'string' ? () => nick : nick
  const started = performance.now()
  const step = perSecond ? Math.max(1, Math.ceil(perSecond / 100)) : linesPerTurn
  let written = 0
  for (let start = 0; start < count; start += step) {
    const end = Math.min(count, start + step)
    const lines = Array.from({ length: end - start }, (_, offset) => {
      const index = start + offset
      const from = userNamed(world, speaker(index))
      const line = `:${sourceOf(from)} PRIVMSG ${target} :${text(index)}`
      return { line, tags: eventTags(world, from, tags?.(index)) }
    })
    const hearers = hearersOf(world, target)
    for (const connection of hearers) {
      written += lines.length
      connection.socket.write(lines.map((each) => connection.format(each.line, each.tags)).join(''))
    }
    await Promise.all(hearers.map(drained))
    // Even when nothing waits: what the clients say is read in between.
    await nextTurn()
    if (perSecond) await until(started + (end / perSecond) * 1000)
  }
  return { written, ms: performance.now() - started }
}

function hearersOf(world: World, target: string): FakeConnection[] {
  const channel = world.channels.get(fold(world, target))
  const users = channel ? [...channel.members.keys()] : [world.users.get(fold(world, target))]
  return users
    .map((user) => user?.connection)
    .filter((connection) => connection !== undefined)
    .filter(({ isClosed }) => !isClosed)
}

async function drained({ socket }: FakeConnection): Promise<void> {
  if (!socket.writableNeedDrain || socket.destroyed) return
  const over = new AbortController()
  const { signal } = over
  // Whoever comes first ends the wait of the other, whose rejection then says nothing.
  const wait = (event: string) => once(socket, event, { signal }).catch(() => undefined)
  await Promise.race([wait('drain'), wait('close')])
  over.abort()
}

async function until(time: number): Promise<void> {
  const ms = time - performance.now()
  if (ms > 1) await new Promise((resolve) => setTimeout(resolve, ms))
}
