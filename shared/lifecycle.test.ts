import { EventEmitter } from 'node:events'
import { describe, expect, test } from 'vitest'
import { settableClock } from './clock.ts'
import { createLifecycle, type Host } from './lifecycle.ts'
import { createLog } from './log.ts'

function create() {
  const lines: string[] = []
  const log = createLog({ level: 'info', stream: { write: (line) => void lines.push(line) } })
  const clock = settableClock()
  const events = new EventEmitter()
  const exit = Promise.withResolvers<number>()
  const host: Host = { on: (event, listener) => events.on(event, listener), exit: exit.resolve }
  const lifecycle = createLifecycle({ log, clock, host, deadlineMs: 1000 })
  return { lifecycle, clock, events, lines, exited: exit.promise }
}

const never = () => new Promise<void>(() => undefined)

describe('the end of the process', () => {
  test('on SIGTERM closes in reverse order, one after another, and exits with 0', async () => {
    const { lifecycle, events, exited } = create()
    const closed: string[] = []
    for (const name of ['store', 'server']) {
      lifecycle.onClose(name, async () => {
        await Promise.resolve()
        closed.push(name)
      })
    }
    events.emit('SIGTERM')
    expect(lifecycle.signal.aborted).toBe(true)
    expect(await exited).toBe(0)
    expect(closed).toEqual(['server', 'store'])
  })

  test('goes on closing after a step that failed, and exits with 1', async () => {
    const { lifecycle, events, lines, exited } = create()
    const closed: string[] = []
    lifecycle.onClose('store', async () => void closed.push('store'))
    lifecycle.onClose('server', async () => {
      throw new Error('stuck')
    })
    events.emit('SIGTERM')
    expect(await exited).toBe(1)
    expect(closed).toEqual(['store'])
    expect(lines.join('')).toContain('stuck')
  })

  test('comes with 1 after the deadline, and the log says what it waited for', async () => {
    const { lifecycle, events, clock, lines, exited } = create()
    lifecycle.onClose('server', never)
    events.emit('SIGTERM')
    clock.advance(1000)
    expect(await exited).toBe(1)
    expect(lines.join('')).toContain('"waitingFor":"server"')
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])('comes at once with a second %s, a while after the first', async (signal, code) => {
    const { lifecycle, clock, events, exited } = create()
    lifecycle.onClose('server', never)
    events.emit('SIGTERM')
    clock.advance(501)
    events.emit(signal)
    expect(await exited).toBe(code)
  })

  test('is the same for a signal that arrives twice because npm hands it on', async () => {
    const { lifecycle, events, exited } = create()
    const gate = Promise.withResolvers<void>()
    lifecycle.onClose('server', () => gate.promise)
    events.emit('SIGINT')
    events.emit('SIGINT')
    gate.resolve()
    expect(await exited).toBe(0)
  })

  test.each(['uncaughtException', 'unhandledRejection'])('comes with 1 on %s', async (event) => {
    const { events, lines, exited } = create()
    events.emit(event, new Error('bug'))
    expect(await exited).toBe(1)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'fatal', err: { message: 'bug' } })
  })
})
