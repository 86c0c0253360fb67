import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Control, openControl, runVerb } from './control.ts'

function makeDirectory(below = ''): string {
  const root = mkdtempSync(join(tmpdir(), 'fuchsbau-control-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const directory = join(root, below)
  mkdirSync(directory, { recursive: true })
  return directory
}

async function serve(directory: string, control: Control): Promise<() => Promise<void>> {
  const close = await openControl(directory, control)
  let isOpen = true
  const closeOnce = async () => {
    if (isOpen) await close()
    isOpen = false
  }
  onTestFinished(closeOnce)
  return closeOnce
}

/** Runs `dig ARGS…`, and tells the exit code and what was shown where. */
async function dig(directory: string, ...args: string[]) {
  const shown: string[] = []
  const print = (line: string) => void shown.push(line)
  const warn = (line: string) => void shown.push(`! ${line}`)
  const code = await runVerb(directory, { verb: 'dig', args, print, warn }, async (show) =>
    show({ ok: args.length > 0, lines: ['here', ...args] }),
  )
  return { code, shown }
}

const echo: Control = async (verb, args) => {
  if (args[0] === 'throw') throw new Error('There is a root.')
  return { ok: args[0] !== 'no', lines: [verb, ...args] }
}

describe('a verb', () => {
  test('is run by the server of the directory, when one runs', async () => {
    const directory = makeDirectory()
    await serve(directory, echo)
    expect(await dig(directory, 'deep "hole"', '')).toEqual({
      code: 0,
      shown: ['dig', 'deep "hole"', ''],
    })
    expect(await dig(directory, 'no')).toEqual({ code: 1, shown: ['! dig', '! no'] })
    expect(await dig(directory, 'throw')).toEqual({ code: 1, shown: ['! There is a root.'] })
  })

  test('is run here when none runs, or only its socket is left', async () => {
    const directory = makeDirectory()
    expect(await dig(directory, 'deep')).toEqual({ code: 0, shown: ['here', 'deep'] })
    expect(await dig(directory)).toEqual({ code: 1, shown: ['! here'] })
    const close = await serve(directory, echo)
    await close()
    expect(await dig(directory, 'deep')).toEqual({ code: 0, shown: ['here', 'deep'] })
  })

  test('has as many lines as it likes, made while they are read', async () => {
    const directory = makeDirectory()
    const line = 'x'.repeat(1_000)
    await serve(directory, async () => ({
      ok: true,
      lines: (function* () {
        for (let count = 0; count < 5_000; count += 1) yield line
      })(),
    }))
    const { code, shown } = await dig(directory)
    expect(code).toBe(0)
    expect(shown).toHaveLength(5_000)
  })

  test('whose server ends within its answer is not done', async () => {
    const directory = makeDirectory()
    await serve(directory, async () => ({
      ok: true,
      lines: (function* () {
        yield 'half'
        throw new Error('gone')
      })(),
    }))
    await expect(dig(directory)).rejects.toThrow('the server ended within its answer')
  })
})

describe('the socket', () => {
  test('is for the owner alone, and takes the place of one that was left', async () => {
    const directory = makeDirectory()
    writeFileSync(join(directory, 'control.sock'), '')
    const close = await serve(directory, echo)
    expect(statSync(join(directory, 'control.sock')).mode & 0o777).toBe(0o600)
    await close()
    expect(existsSync(join(directory, 'control.sock'))).toBe(false)
  })

  test('is reached in a directory whose path is longer than that of a socket may be (unix(7))', async () => {
    const directory = makeDirectory('burrow/'.repeat(30))
    await serve(directory, echo)
    expect((await dig(directory, 'deep')).shown).toEqual(['dig', 'deep'])
  })
})
