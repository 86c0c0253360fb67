// The `fuchsbau` command as a process: help, exit codes, start, stop.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const echo = join(import.meta.dirname, 'support/echo-service.ts')
const started: ChildProcess[] = []
let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'command-'))
})
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  rmSync(directory, { recursive: true })
})

function spawnEcho(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [echo, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], FUCHSBAU_MANAGEMENT_LISTEN: '127.0.0.1:0', ...env },
  })
  started.push(child)
  return child
}

async function runEcho(args: string[], env: Record<string, string> = {}) {
  const child = spawnEcho(args, env)
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { out, err, code }
}

/** Starts the services and waits until they are ready; `lines` goes on filling. */
async function up(env: Record<string, string> = {}) {
  const child = spawnEcho(['up'], env)
  const lines: string[] = []
  const waiting = new Map<string, (line: string) => void>()
  const reader = createInterface({ input: child.stdout })
  reader.on('line', (line) => {
    lines.push(line)
    for (const [part, resolve] of waiting) if (line.includes(part)) resolve(line)
  })
  const line = (part: string) =>
    new Promise<string>((resolve, reject) => {
      const seen = lines.find((known) => known.includes(part))
      if (seen !== undefined) resolve(seen)
      waiting.set(part, resolve)
      reader.once('close', () => reject(new Error(`ended without ${part}:\n${lines.join('\n')}`)))
    })
  const ready = JSON.parse(await line('"ready"'))
  return {
    child,
    lines,
    line,
    management: ready.management as string,
    url: ready.services.fediverse.listening as string,
  }
}

describe('help', () => {
  test.each([
    [['--help'], 'Usage: fuchsbau COMMAND', 0],
    [['fediverse', '--help'], 'Usage: fuchsbau fediverse COMMAND', 0],
    [['fediverse', 'shout', '--help'], 'Usage: fuchsbau fediverse shout WORD', 0],
    [['config', 'check', '-h'], 'Usage: fuchsbau config check', 0],
    [['up', '--help'], 'Usage: fuchsbau up', 0],
  ])('%j', async (args, first, code) => {
    const result = await runEcho(args)
    expect(result.out.split('\n')[0]).toBe(first)
    expect(result.code).toBe(code)
  })

  test('is shown on stderr when a command is missing, with exit code 64', async () => {
    const { out, err, code } = await runEcho(['fediverse'])
    expect(err).toContain('  serve  Serve fediverse alone')
    expect(err).toContain('  shout  Says it loudly.')
    expect([out, code]).toEqual(['', 64])
  })

  test('is hinted at when a command is unknown', async () => {
    expect(await runEcho(['fedivrese'])).toEqual({
      out: '',
      err: 'fuchsbau fedivrese: there is no such command, did you mean fuchsbau fediverse?\n',
      code: 64,
    })
    expect((await runEcho(['fediverse', 'constructor'])).err).toContain('see fuchsbau fediverse')
  })

  test('--version', async () => {
    expect((await runEcho(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('a verb', () => {
  test('is given its arguments and the configuration, and sets the exit code', async () => {
    const result = await runEcho(['fediverse', 'shout', 'a', 'b'], { FUCHSBAU_DATA: '/srv' })
    expect(result).toEqual({ out: 'A B /srv http://localhost:3000\n', err: '', code: 2 })
  })

  test('that fails says why in a line, with exit code 1', async () => {
    const result = await runEcho(['fediverse', 'shout', 'fail'])
    expect(result).toEqual({
      out: '',
      err: 'fuchsbau fediverse shout: the disk is full\n',
      code: 1,
    })
  })
})

describe('the configuration', () => {
  test.each([[['up']], [['fediverse', 'serve']], [['config', 'check']]])(
    'when wrong stops %j with every error and exit code 78',
    async (args) => {
      const file = join(directory, 'fuchsbau.yaml')
      writeFileSync(file, 'fediverse:\n  colour: red\nbouncer:\n  any: thing\n')
      const env = { FUCHSBAU_CONFIG: file, FUCHSBAU_FEDIVERSE_URL: 'example.org' }
      const { err, code } = await runEcho(args, env)
      expect(err.split('\n')).toEqual([
        expect.stringContaining(`${file}:2: fediverse.colour is not a setting`),
        expect.stringContaining('FUCHSBAU_FEDIVERSE_URL is "example.org": it must be an http'),
        '',
      ])
      expect(code).toBe(78)
    },
  )

  test('is shown with its secrets masked', async () => {
    const { out, code } = await runEcho(['config', 'print'], { FUCHSBAU_FEDIVERSE_KEY: 'hunter2' })
    expect(out).toMatch(/^fediverse:\n {2}listen: 127\.0\.0\.1:0 +# default\n/m)
    expect(out).toMatch(/^ {2}key: "\*{8}" +# FUCHSBAU_FEDIVERSE_KEY$/m)
    expect(out).not.toContain('hunter2')
    expect(code).toBe(0)
  })
})

describe('fuchsbau up', () => {
  test('shows the addresses, serves, is ready, and counts', async () => {
    const { lines, url, management } = await up()
    expect(lines).toContain('welcome')
    expect(lines).toContain('fediverse   http://localhost:3000')
    expect(lines).toContain(`management  ${management}`)
    expect(await (await fetch(url)).text()).toBe('hello')
    expect((await fetch(`${management}/readyz`)).status).toBe(200)
    const metrics = await (await fetch(`${management}/metrics`)).text()
    expect(metrics).toContain('fuchsbau_http_requests_total{service="fediverse",class="2xx"} 1')
    expect(metrics).toMatch(/^process_resident_memory_bytes \d+$/m)
  })

  test('on SIGTERM finishes the request under way and exits with 0', async () => {
    const { child, url, line } = await up()
    const answer = fetch(`${url}/slow`)
    await line('slow request began')
    child.kill('SIGTERM')
    expect(await (await answer).text()).toBe('late')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test('logs an error that nobody caught and exits with 1', async () => {
    const { child, url, line } = await up()
    fetch(`${url}/bug`).catch(() => undefined)
    expect(JSON.parse(await line('uncaught error'))).toMatchObject({
      level: 'fatal',
      err: { message: 'nobody catches this' },
    })
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(1)
  })

  test('says which address is taken and exits with 1', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const { out, code } = await runEcho(['up'], { FUCHSBAU_FEDIVERSE_LISTEN: `127.0.0.1:${port}` })
    other.close()
    expect(out).toContain(
      `cannot listen for HTTP on 127.0.0.1:${port}: another program listens there already`,
    )
    expect(code).toBe(1)
  })
})

test('the launcher is plain JavaScript that an older Node can read', async () => {
  const child = spawn(process.execPath, ['--no-strip-types', '--check', join(root, 'fuchsbau.js')])
  expect(await once(child, 'exit')).toEqual([0, null])
})
