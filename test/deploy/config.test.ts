// The settings that the bundle gives our services are taken by the program itself, with the files that are mounted for them.
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Ca, createCa } from '../support/ca.ts'
import { requirePeer } from '../support/peers.ts'
import { launcher } from '../support/service-process.ts'
import { makeTempData, removeTempData } from '../support/temp-data.ts'
import { buildBundle, type KubeObject } from './support/bundle.ts'
import { workloadsOf } from './support/workloads.ts'

const run = promisify(execFile)

describe.skipIf(!requirePeer('flux'))('settings in the bundle', () => {
  let objects: KubeObject[]
  let ca: Ca
  beforeAll(async () => {
    objects = (await buildBundle()).flatMap((part) => part.objects)
    ca = await createCa()
  })
  afterAll(() => ca?.close())

  test.each(['fediverse', 'bouncer', 'registry'])('of %s are right', async (name) => {
    using pod = await makePod(name)
    const { stdout } = await check(pod.env)
    expect(stdout).toContain('valid')
    const printed = await run(process.execPath, [launcher, 'config', 'print'], { env: pod.env })
    expect(printed.stdout).toContain('this-is-fine.')
  })

  test.each(['fediverse', 'bouncer', 'registry'])(
    'of %s would be refused if one were misspelt',
    async (name) => {
      using pod = await makePod(name)
      const env = { ...pod.env, FUCHSBAU_OIDC_ISUER: 'https://auth.this-is-fine.io' }
      await expect(check(env)).rejects.toMatchObject({
        code: 78,
        stderr: expect.stringContaining('FUCHSBAU_OIDC_ISUER'),
      })
    },
  )

  /** The environment of a pod's container, with what is mounted in it below a directory of its own. */
  async function makePod(name: string) {
    const workload = workloadsOf(objects).find(({ metadata }) => metadata.name === name)
    const { containers, volumes } = workload?.spec.template.spec ?? {}
    const container = containers.find((each: KubeObject) => each['name'] === name)
    const root = makeTempData(`pod-${name}`)
    for (const { name: volumeName, mountPath } of container.volumeMounts) {
      const volume = volumes.find((each: KubeObject) => each['name'] === volumeName)
      for (const [file, text] of Object.entries(await filesOf(volume, name))) {
        mkdirSync(dirname(join(root, mountPath, file)), { recursive: true })
        writeFileSync(join(root, mountPath, file), text)
      }
      mkdirSync(join(root, mountPath), { recursive: true })
    }
    const mounted = container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath)
    const place = (value: string) =>
      mounted.some((path: string) => value === path || value.startsWith(`${path}/`))
        ? join(root, value)
        : value
    const given = container.env.map(({ name: key, value }: { name: string; value?: string }) => [
      key,
      place(value ?? 'a-client'),
    ])
    const env = { PATH: process.env['PATH'], ...Object.fromEntries(given) }
    return { env, [Symbol.dispose]: () => removeTempData(root) }
  }

  async function filesOf(volume: KubeObject, name: string): Promise<Record<string, string>> {
    const { secret, configMap } = volume as KubeObject
    if (configMap) {
      const found = objects.find(
        ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMap.name,
      )
      return found?.['data'] ?? {}
    }
    if (secret?.secretName.endsWith('-tls')) {
      const { cert, key } = await ca.issue(`${name}.test`)
      return { 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca.pem }
    }
    const items: { path: string }[] = secret?.items ?? []
    return Object.fromEntries(items.map(({ path }) => [path, 'correct horse battery staple\n']))
  }
})

/** `fuchsbau config check`: rejects when something is wrong. */
async function check(env: NodeJS.ProcessEnv): Promise<{ stdout: string }> {
  return await run(process.execPath, [launcher, 'config', 'check'], { env })
}
