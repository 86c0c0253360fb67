import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeTempData, removeTempData } from '../../../test/support/temp-data.ts'
import { SEAL_FILE, Seal } from './seal.ts'

let directory: string
beforeEach(() => {
  directory = makeTempData('seal')
})
afterEach(() => removeTempData(directory))

test('what is sealed is opened by the same key, also after a restart', () => {
  const sealed = Seal.open(directory).close('ä secret', 'vixen')
  expect(Seal.open(directory).open(sealed, 'vixen')).toBe('ä secret')
  expect(sealed).toMatch(/^[\w-]+$/)
})

test('sealed twice it looks different', () => {
  const seal = Seal.open(directory)
  expect(seal.close('x', 'vixen')).not.toBe(seal.close('x', 'vixen'))
})

test('what belongs to somebody else, or was changed anywhere, is not opened', () => {
  const seal = Seal.open(directory)
  const sealed = seal.close('secret', 'vixen')
  expect(seal.open(sealed, 'hare')).toBeUndefined()
  const bytes = Buffer.from(sealed, 'base64url')
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(seal.open(changed.toString('base64url'), 'vixen')).toBeUndefined()
  }
  // NIST SP 800-38D, 5.2.1.2: a shorter tag is easier to forge.
  for (const length of [0, 1, 12, 27, 28, bytes.length - 1]) {
    expect(seal.open(bytes.subarray(0, length).toString('base64url'), 'vixen')).toBeUndefined()
  }
})

test('another key opens nothing', () => {
  const sealed = Seal.open(directory).close('secret', 'vixen')
  rmSync(join(directory, SEAL_FILE))
  expect(Seal.open(directory).open(sealed, 'vixen')).toBeUndefined()
})

test('the key is for its owner only, and a broken one is told, not replaced', () => {
  Seal.open(directory)
  const path = join(directory, SEAL_FILE)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  writeFileSync(path, 'short\n')
  expect(() => Seal.open(directory)).toThrow(/seal\.key holds no key: restore it/)
  expect(readFileSync(path, 'utf8')).toBe('short\n')
})
