// The documents say what the code does: tables made from it, routes, paths that exist.
import { existsSync, globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  blockOf,
  documents,
  firstColumn,
  readDocument,
  root,
  routesOf,
  services,
} from './support/docs.ts'

const tables = documents.flatMap(({ file, blocks }) =>
  Object.entries(blocks).map(([name, table]) => [file, name, table] as const),
)

test.each(tables)('%s has the %s of the code (else: npm run docs)', (file, name, table) => {
  expect(blockOf(readDocument(file), name)).toBe(table)
})

test.each(services.map((service) => [service.name, service] as const))(
  'the README of %s lists its routes, no more and no less',
  async (name, service) => {
    const table = blockOf(readDocument(`services/${name}/README.md`), 'routes') ?? ''
    expect(firstColumn(table).sort()).toEqual((await routesOf(service)).sort())
  },
)

describe('links within the documents lead somewhere', () => {
  const files = globSync('{*,services/*/*,shared/*,test/*,bench/*,deploy/*,deploy/docs/*}.md', {
    cwd: root,
  })
  test.each(files)('%s', (file) => {
    const links = [...readDocument(file).matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)]
    const missing = links
      .map(([, path = '']) => path)
      .filter((path) => !existsSync(join(root, dirname(file), path)))
    expect(missing).toEqual([])
  })
})

test('ARCHITECTURE.md has 200 lines at most', () => {
  expect(readDocument('ARCHITECTURE.md').split('\n').length - 1).toBeLessThanOrEqual(200)
})

test('commands named in the documents are scripts of package.json', () => {
  const { scripts } = JSON.parse(readDocument('package.json'))
  const named = globSync('*.md', { cwd: root }).flatMap((file) =>
    [...readDocument(file).matchAll(/`npm run ([\w:]+)/g)].map(([, script = '']) => script),
  )
  expect(named.length).toBeGreaterThan(0)
  expect(named.filter((script) => scripts[script] === undefined)).toEqual([])
})
