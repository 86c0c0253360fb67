// What the checks tell to look at is in the manifests.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'

const root = join(import.meta.dirname, '..')
const sources = globSync('check/*.ts', { cwd: root })
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => readFileSync(join(root, file), 'utf8'))
  .join('\n')
const objects = globSync('{base,infrastructure}/**/*.yaml', { cwd: root }).flatMap((file) =>
  parseAllDocuments(readFileSync(join(root, file), 'utf8')).map((document) => {
    const { kind, metadata } = (document.toJS() ?? {}) as {
      kind?: string
      metadata?: { name: string }
    }
    return `${kind} ${metadata?.name}`
  }),
)
/** Kinds as kubectl takes them; a chart's Deployment has the name of its HelmRelease here. */
const kinds: Readonly<Record<string, string[]>> = {
  deploy: ['Deployment', 'HelmRelease'],
  gateway: ['Gateway'],
  httproute: ['HTTPRoute'],
}

function all(pattern: RegExp): string[] {
  return [...new Set([...sources.matchAll(pattern)].map(([, ...parts]) => parts.join(' ')))].sort()
}

describe('the manifests have', () => {
  test.each(all(/kubectl -n ([a-z-]+) /g))('the namespace %s', (name) => {
    expect(objects).toContain(`Namespace ${name}`)
  })

  test.each(all(/'(gateways|bouncer)\/([a-z-]+)'/g))('the Certificate %s', (place) => {
    expect(objects).toContain(`Certificate ${place.split(' ')[1]}`)
  })

  test.each([
    ...all(/kubectl -n [a-z-]+ logs (deploy)\/([a-z-]+)/g),
    ...all(/kubectl -n [a-z-]+ describe (gateway|httproute) ([a-z-]+)/g),
  ])('%s', (place) => {
    const [kind = '', name] = place.split(' ')
    const wanted = kinds[kind]?.map((each) => `${each} ${name}`) ?? []
    expect(wanted.filter((each) => objects.includes(each))).not.toEqual([])
  })
})
