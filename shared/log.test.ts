import { describe, expect, test } from 'vitest'
import { createLog, gatherLines, type LogOptions, unredacted } from './log.ts'

function collect(options: Partial<LogOptions> = {}) {
  const lines: string[] = []
  const stream = { write: (line: string) => void lines.push(line) }
  return { lines, log: createLog({ level: 'info', stream, ...options }) }
}

describe('the log', () => {
  test('writes a JSON line with level, time and message', () => {
    const { lines, log } = collect()
    log.warn({ host: 'example.org' }, 'delivery failed')
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      host: 'example.org',
      msg: 'delivery failed',
    })
  })

  test.each([
    'authorization',
    'proxy-authorization',
    'cookie',
    'set-cookie',
    'signature',
    'password',
    'token',
    'secret',
  ])('never shows %s, however deep', (name) => {
    const { lines, log } = collect()
    log.info({ [name]: 'hunter2', headers: { [name]: 'hunter2' } }, 'one')
    log.info({ req: { headers: { [name]: 'hunter2' } } }, 'two')
    expect(lines).toHaveLength(2)
    expect(lines.join('')).not.toContain('hunter2')
    expect(lines.join('')).toContain('[secret]')
  })

  test('says nothing below its level', () => {
    const { lines, log } = collect({ level: 'error' })
    log.warn('quiet')
    expect(lines).toEqual([])
  })

  test('is readable on a terminal', () => {
    const { lines, log } = collect({ isPretty: true })
    log.error({ err: new Error('disk full'), file: 'a.json' }, 'write failed')
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d error write failed {2}file=a\.json\nError: disk full\n/,
    )
  })
})

test('a log for lines without secrets prints them as they are, and the log that it comes from leaves secrets out', () => {
  const { lines, log } = collect()
  unredacted(log).info({ token: 'number 7' })
  log.info({ token: 'number 7' })
  expect(lines.map((line) => (JSON.parse(line) as { token: string }).token)).toEqual([
    'number 7',
    '[secret]',
  ])
})

describe('lines of one turn', () => {
  const gathered = (options: Partial<LogOptions> = {}) => {
    const writes: string[] = []
    const stream = gatherLines({ write: (text) => void writes.push(text) })
    return { writes, log: createLog({ level: 'info', stream, ...options }) }
  }
  const linesOf = (text = '') => text.trimEnd().split('\n').length

  test('are one write at its end', async () => {
    const { writes, log } = gathered()
    log.info('one')
    log.info('two')
    expect(writes).toEqual([])
    await new Promise(setImmediate)
    expect(writes.map(linesOf)).toEqual([2])
  })

  test.each([false, true])('are written at once when one is a warning (pretty: %s)', (isPretty) => {
    const { writes, log } = gathered({ isPretty })
    log.info('one')
    log.warn('two')
    expect(writes.map(linesOf)).toEqual([2])
  })

  test('are written before the process ends', async () => {
    const { writes, log } = gathered()
    const listeners = process.listeners('exit')
    log.info('one')
    listeners.at(-1)?.call(process, 0)
    expect(writes.map(linesOf)).toEqual([1])
  })
})
