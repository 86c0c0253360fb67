// Zot's file: what its documentation knows (https://zotregistry.dev/latest/admin-guide/admin-configuration/), and what the registry in front of
// it relies on. With FUCHSBAU_ZOT Zot itself is asked, too.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { programOf, requirePeer } from '../support/peers.ts'
import { makeTempData, removeTempData } from '../support/temp-data.ts'
import { buildBundle, type KubeObject } from './support/bundle.ts'
import { containersOf } from './support/workloads.ts'

const run = promisify(execFile)

/** Keys by their place, of those that the file may have. Nested: another object. */
const DOCUMENTED: Readonly<Record<string, readonly string[]>> = {
  '': ['distSpecVersion', 'storage', 'http', 'log', 'extensions', 'scheduler'],
  storage: [
    ...['rootDirectory', 'dedupe', 'commit', 'remoteCache', 'gc', 'gcDelay', 'gcInterval'],
    ...['retention', 'storageDriver', 'cacheDriver', 'subPaths'],
  ],
  'storage.retention': ['dryRun', 'delay', 'policies'],
  http: [
    ...['address', 'port', 'realm', 'tls', 'auth', 'accessControl', 'compat', 'ratelimit'],
    ...['externalUrl', 'allowOrigin', 'readTimeout', 'writeTimeout'],
  ],
  'http.auth': ['htpasswd', 'ldap', 'openid', 'bearer', 'apikey', 'failDelay', 'sessionKeysFile'],
  'http.auth.bearer': ['realm', 'service', 'cert'],
  log: ['level', 'output', 'audit'],
}

describe.skipIf(!requirePeer('flux'))('zot.json', () => {
  let zot: KubeObject
  let text: string
  let pod: KubeObject
  beforeAll(async () => {
    const objects = (await buildBundle()).find(({ name }) => name === 'registry')?.objects ?? []
    const files = objects.filter(({ kind }) => kind === 'ConfigMap').map((object) => object['data'])
    text =
      Object.entries<string>(Object.assign({}, ...files)).find(
        ([name]) => name === 'config.json',
      )?.[1] ?? ''
    zot = JSON.parse(text)
    pod = objects.find(({ kind }) => kind === 'Deployment')?.spec.template
  })

  test('has nothing but what is documented', () => {
    expect(unknownOf(zot, '')).toEqual([])
    expect(unknownOf({ http: { auth: { bearer: { realms: 'x' } } } }, '')).toEqual([
      'http.auth.bearer.realms',
    ])
  })

  test('trusts our tokens alone, and keeps images where the volume is', () => {
    const containers: KubeObject[] = containersOf(pod)
    const own = containers.find(({ name }) => name === 'registry')
    const env = Object.fromEntries(
      own?.['env'].map(({ name, value }: KubeObject) => [name, value]) ?? [],
    )
    const mounts = containers
      .find(({ name }) => name === 'zot')
      ?.['volumeMounts'].map(({ mountPath }: KubeObject) => mountPath)
    const { realm, service, cert } = zot['http'].auth.bearer
    expect(zot['http'].auth).toEqual({ bearer: { realm, service, cert } })
    expect(realm).toBe(`${env.FUCHSBAU_REGISTRY_URL}/token`)
    expect(`https://${service}`).toBe(env.FUCHSBAU_REGISTRY_URL)
    expect(new URL(env.FUCHSBAU_REGISTRY_UPSTREAM).port).toBe(zot['http'].port)
    expect(mounts).toContain(cert)
    expect(mounts.some((path: string) => zot['storage'].rootDirectory.startsWith(`${path}/`))).toBe(
      true,
    )
    // What was acknowledged is on the disk.
    expect(zot['storage'].commit).toBe(true)
  })

  test.skipIf(!requirePeer('zot'))('is right to Zot', async () => {
    const directory = makeTempData('zot-verify')
    const verify = async (content: string) => {
      const file = join(directory, 'config.json')
      writeFileSync(
        file,
        content.replace('/var/lib/registry', directory).replace('/keys/', `${directory}/`),
      )
      return await run(programOf('zot'), ['verify', file])
    }
    try {
      await verify(text)
      await expect(verify(text.replace('"dedupe"', '"dedup"'))).rejects.toThrow()
    } finally {
      removeTempData(directory)
    }
  })
})

/** Keys that are not documented, by their place. */
function unknownOf(value: object, path: string): string[] {
  const known = DOCUMENTED[path]
  if (!known) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const place = path === '' ? key : `${path}.${key}`
    if (!known.includes(key)) return [place]
    return typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? unknownOf(inner, place)
      : []
  })
}
