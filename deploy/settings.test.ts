// The settings are the variables of the manifests: the same names, the same defaults.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { images } from './images.ts'
import { secrets } from './secrets.ts'
import { problemOf, settings } from './settings.ts'

const root = import.meta.dirname
const files = globSync('**/*.{yaml,conf,json,hujson}', { cwd: root }).filter(
  (file) => !/^(example|ci|observation\/dashboards)\//.test(file),
)
const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]))

/** What a Flux Kustomization or a restore sets for itself, and no owner. */
const LOCAL = ['BACKUP_PVC', 'BACKUP_UID', 'RESTORE_AS_OF', 'RESTORE_TRIGGER']

/** Each variable with its defaults; an empty one: none. */
function variables(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const text of texts.values()) {
    for (const [, name = '', fallback = ''] of text.matchAll(/\$\{([A-Z]\w*)(?::=([^}]*))?\}/g)) {
      found.set(name, (found.get(name) ?? new Set()).add(fallback))
    }
  }
  return found
}

test('every variable of the manifests is a setting, with the same default everywhere, and the other way round', () => {
  const ofManifests = [...variables()]
    .filter(([name]) => !LOCAL.includes(name))
    .map(([name, fallbacks]) => `${name}=${[...fallbacks].join(' or ')}`)
  const ofSettings = settings.map(({ name, fallback = '' }) => `${name}=${fallback}`)
  expect(ofManifests.sort()).toEqual(ofSettings.sort())
})

test('the example sets every variable that has no default', () => {
  const example = readFileSync(join(root, 'example/settings.yaml'), 'utf8')
  const set = Object.keys(parse(example).data)
  const wanted = settings.filter(({ fallback }) => fallback === undefined)
  expect(wanted.map(({ name }) => name).filter((name) => !set.includes(name))).toEqual([])
})

test('every default, example and proposal is taken', () => {
  const wrong = settings.flatMap((setting) => {
    const { example, fallback } = setting
    const texts = [example, ...(fallback === undefined ? [] : [fallback])]
    return texts.filter((text) => !text.startsWith('@') && problemOf(setting, text) !== undefined)
  })
  expect(wrong).toEqual([])
})

test('the images are those of the manifests', () => {
  const used = [...texts.values()].flatMap((text) => [
    ...text.matchAll(/image: (\S+):\$\{(\w+)(?::=[^}]*)?\}@\$\{(\w+)\}/g),
  ])
  const ofManifests = used.map(([, name = '', version, digest]) =>
    [name.replace(/\$\{DOMAIN\}/, '$DOMAIN'), version, digest].join(' '),
  )
  const known = images.map(({ name, version, digest }) => [name, version, digest].join(' '))
  expect([...new Set(ofManifests)].sort()).toEqual(known.sort())
})

test('the secrets are those that the manifests read from Vault', () => {
  const read = new Map<string, Set<string>>()
  for (const [file, text] of texts) {
    // Only for those who want services in their IRC network.
    if (file.startsWith('components/')) continue
    for (const document of text.split(/^---$/m)) {
      if (!document.includes('kind: ExternalSecret')) continue
      for (const { remoteRef } of parse(document).spec.data ?? []) {
        read.set(remoteRef.key, (read.get(remoteRef.key) ?? new Set()).add(remoteRef.property))
      }
      for (const { extract } of parse(document).spec.dataFrom ?? []) {
        const used = [...document.matchAll(/\{\{ \.(\w+) \}\}/g)].map(([, name = '']) => name)
        read.set(extract.key, new Set([...(read.get(extract.key) ?? []), ...used]))
      }
    }
  }
  const ofManifests = [...read].map(([key, properties]) => `${key}: ${[...properties].sort()}`)
  const told = secrets.map(({ key, properties }) => `${key}: ${Object.keys(properties).sort()}`)
  expect(ofManifests.sort()).toEqual(told.sort())
})
