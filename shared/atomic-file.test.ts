import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isTemporary, writeFileAtomic } from './atomic-file.ts'

describe('writing a file whole', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'atomic-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  test('replaces the content and leaves nothing else in the directory', () => {
    const path = join(directory, 'note.json')
    writeFileAtomic(path, 'a longer first content')
    writeFileAtomic(path, 'second', { isDurable: true })
    expect(readFileSync(path, 'utf8')).toBe('second')
    expect(readdirSync(directory)).toEqual(['note.json'])
  })

  test('is for its owner only, unless told otherwise', () => {
    writeFileAtomic(join(directory, 'key'), 'secret')
    writeFileAtomic(join(directory, 'page'), 'public', { mode: 0o644 })
    expect(statSync(join(directory, 'key')).mode & 0o777).toBe(0o600)
    expect(statSync(join(directory, 'page')).mode & 0o777).toBe(0o644)
  })

  test('writes bytes as they are', () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256)
    writeFileAtomic(join(directory, 'bytes'), bytes)
    expect(readFileSync(join(directory, 'bytes')).equals(bytes)).toBe(true)
  })

  test('makes missing directories when told their permissions', () => {
    const path = join(directory, 'keys', 'of', 'ann')
    writeFileAtomic(path, 'secret', { directoryMode: 0o700, isDurable: true })
    writeFileAtomic(path, 'another', { directoryMode: 0o700, isDurable: true })
    expect(readFileSync(path, 'utf8')).toBe('another')
    expect(statSync(join(directory, 'keys')).mode & 0o777).toBe(0o700)
    expect(() => writeFileAtomic(join(directory, 'none', 'x'), 'x')).toThrow('ENOENT')
  })

  test('takes its temporary file away when it fails', () => {
    mkdirSync(join(directory, 'taken', 'inside'), { recursive: true })
    expect(() => writeFileAtomic(join(directory, 'taken'), 'x')).toThrow(/EISDIR|ENOTEMPTY|EEXIST/)
    expect(readdirSync(directory)).toEqual(['taken'])
  })

  test('recognises what a crash can leave', () => {
    expect(isTemporary('.note.json.0123456789ab.tmp')).toBe(true)
    expect(isTemporary('note.json')).toBe(false)
    expect(isTemporary('.hidden')).toBe(false)
  })
})
