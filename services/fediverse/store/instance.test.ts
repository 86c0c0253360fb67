import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bindTo } from './instance.ts'
import { LayoutError } from './upgrade.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'instance-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

test('a new tree is bound to its address, and opens again under it', () => {
  bindTo(directory, 'https://example.org')
  bindTo(directory, 'https://example.org')
  expect(JSON.parse(readFileSync(join(directory, 'instance.json'), 'utf8'))).toEqual({
    url: 'https://example.org',
  })
})

test('under another address it is refused, in words that name both', () => {
  bindTo(directory, 'https://example.org')
  expect(() => bindTo(directory, 'http://localhost:3000')).toThrow(LayoutError)
  expect(() => bindTo(directory, 'http://localhost:3000')).toThrow(
    /belongs to https:\/\/example.org/,
  )
})
