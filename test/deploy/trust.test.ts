// Kyverno, with the policies of the bundle, on images in a registry of ours: signed by our key in either form, by another one, or
// not at all.
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { writeOciLayout } from '../support/oci-layout.ts'
import { programOf, requirePeer } from '../support/peers.ts'
import { type RegistryProcess, startRegistry } from '../support/registry-process.ts'
import { makeRegistryTools, type RegistryTools } from '../support/registry-tools.ts'
import { PASSWORD } from '../support/service-process.ts'
import { makeTempData, removeTempData } from '../support/temp-data.ts'
import { copyBundle, exampleValues, type KubeObject } from './support/bundle.ts'

const deploy = join(import.meta.dirname, '../../deploy')
const isThere = (['kyverno', 'flux', 'skopeo', 'crane', 'cosign', 'cosign2'] as const).every(
  requirePeer,
)
const images = ['bundle-form', 'tag-form', 'unsigned', 'theirs'] as const

describe.skipIf(!isThere)('Kyverno', () => {
  let registry: RegistryProcess
  let tools: RegistryTools
  let directory: string
  let policies: KubeObject[]
  const references = new Map<string, string>()
  const of = (name: (typeof images)[number]) => references.get(name) ?? ''

  beforeAll(async () => {
    directory = makeTempData('kyverno')
    registry = await startRegistry({
      policy: readFileSync(join(deploy, 'base/registry/policy.yaml'), 'utf8'),
    })
    const { host } = new URL(registry.url)
    tools = makeRegistryTools({ http: [host] })
    const ours = await tools.cosignKeys('ours')
    await tools.cosignKeys('theirs')
    for (const tool of ['skopeo', 'crane'] as const) await tools.login(tool, host, 'you', PASSWORD)
    for (const name of images) {
      const layout = await writeOciLayout(join(tools.directory, name))
      const tag = `${host}/fuchsbau/${name}:1.0.0`
      await tools.skopeoCopy(`oci:${layout.directory}:${layout.tag}`, `docker://${tag}`)
      references.set(name, `${tag}@${layout.digest}`)
    }
    await tools.cosignSign({ key: 'ours', ref: of('bundle-form') })
    await tools.cosignSign({ key: 'ours', ref: of('tag-form'), version: 2 })
    await tools.cosignSign({ key: 'theirs', ref: of('theirs') })
    const key = ours.replaceAll(/-----[A-Z ]+-----|\s/g, '')
    using copy = copyBundle({ ...(await exampleValues()), COSIGN_KEY: key })
    const part = (await copy.parts()).find(({ name }) => name === 'infra-trust-config')
    policies = JSON.parse(
      JSON.stringify(part?.objects).replaceAll('oci.this-is-fine.io/', `${host}/`),
    )
  })
  afterAll(async () => {
    await tools?.[Symbol.asyncDispose]()
    await registry?.[Symbol.asyncDispose]()
    removeTempData(directory)
  })

  test.each(['bundle-form', 'tag-form'] as const)(
    'admits an image that our key signed: %s',
    async (name) => {
      expect(await judge('fuchsbau-own-images', { containers: [of(name)] })).toBe('admitted')
    },
  )

  test.each(['unsigned', 'theirs'] as const)(
    'refuses an image that it did not: %s',
    async (name) => {
      expect(await judge('fuchsbau-own-images', { containers: [of(name)] })).toMatch(
        /refused.*not signed by our key/s,
      )
    },
  )

  test('looks at every container of a pod, also those that start it', async () => {
    const good = of('bundle-form')
    const bad = of('unsigned')
    expect(await judge('fuchsbau-own-images', { containers: [good, bad] })).toContain('refused')
    expect(
      await judge('fuchsbau-own-images', { containers: [good], initContainers: [bad] }),
    ).toContain('refused')
    expect(
      await judge('fuchsbau-own-images', { containers: [good], initContainers: [of('tag-form')] }),
    ).toBe('admitted')
  })

  test('does not ask of others’ images what only ours have', async () => {
    const others = 'ghcr.io/project-zot/zot-linux-arm64:v2.1.20'
    expect(
      await judge('fuchsbau-own-images', {
        containers: [of('bundle-form')],
        initContainers: [others],
      }),
    ).toBe('admitted')
  })

  test('refuses a signature that was made for another image, and everything while the registry is away', async () => {
    const [signed = '', digest = ''] = of('bundle-form').split('@')
    const [, other = ''] = of('unsigned').split('@')
    const name = signed.replace(/:1\.0\.0$/, '')
    const layout = join(tools.directory, 'unsigned')
    await tools.skopeoCopy(`oci:${layout}:latest`, `docker://${name}:moved`)
    const tagOf = (of: string) => `${name}:${of.replace(':', '-')}.sig`
    await tools.cosignSign({ key: 'ours', ref: `${name}@${digest}`, version: 2 })
    await tools.skopeoCopy(`docker://${tagOf(digest)}`, `docker://${tagOf(other)}`)
    const moved = { containers: [`${name}:moved@${other}`] }
    expect(await judge('fuchsbau-own-images', moved)).toContain('refused')
    await registry.stop()
    try {
      expect(await judge('fuchsbau-own-images', { containers: [of('tag-form')] })).toContain(
        'refused',
      )
    } finally {
      await registry.start()
    }
  })

  test('refuses a tag, which can be moved', async () => {
    const [tag = ''] = of('bundle-form').split('@')
    expect(await judge('fuchsbau-own-images', { containers: [tag] })).toContain('refused')
    expect(await judge('fuchsbau-digests', { containers: [tag] })).toContain('refused')
    expect(
      await judge('fuchsbau-digests', { containers: [of('bundle-form')], initContainers: [tag] }),
    ).toContain('refused')
    expect(await judge('fuchsbau-digests', { containers: [of('unsigned')] })).toBe('admitted')
  })

  test('keeps what Flux’s releases sign apart: that policy looks at Flux’s images alone, and ours at ours', async () => {
    expect(await judge('fuchsbau-flux-images', { containers: [of('unsigned')] })).not.toContain(
      'refused',
    )
    const [flux, own] = ['fuchsbau-flux-images', 'fuchsbau-own-images'].map((name) =>
      policies.find(({ metadata }) => metadata.name === name),
    )
    expect(flux?.spec.matchImageReferences).toEqual([{ glob: 'ghcr.io/fluxcd/*' }])
    expect(flux?.spec.attestors.map((each: KubeObject) => Object.keys(each['cosign']))).toEqual([
      ['ctlog', 'keyless'],
    ])
    expect(own?.spec.attestors.map((each: KubeObject) => Object.keys(each['cosign']))).toEqual([
      ['ctlog', 'key'],
    ])
  })

  test('would let everything in without the policy’s check', async () => {
    const [policy] = structuredClone(
      policies.filter(({ metadata }) => metadata.name === 'fuchsbau-own-images'),
    )
    if (!policy) throw new Error('there is no policy')
    policy.spec.validationConfigurations.required = false
    policy.spec.validations = [{ expression: 'true', message: 'never' }]
    expect(await judgeBy(policy, { containers: [of('unsigned')] })).toBe('admitted')
  })

  function judge(name: string, pod: Pod): Promise<string> {
    const policy = policies.find(
      ({ metadata, kind }) => metadata.name === name && /Policy$/.test(kind),
    )
    if (!policy) throw new Error(`there is no policy ${name}`)
    return judgeBy(policy, pod)
  }

  async function judgeBy(
    policy: KubeObject,
    { containers, initContainers = [] }: Pod,
  ): Promise<string> {
    const named = (list: string[]) => list.map((image, index) => ({ name: `c${index}`, image }))
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'pod', namespace: 'fediverse' },
      spec: {
        containers: named(containers),
        ...(initContainers.length > 0 && { initContainers: named(initContainers) }),
      },
    }
    const files = {
      policy: join(directory, 'policy.yaml'),
      pod: join(directory, 'pod.yaml'),
      values: join(directory, 'values.yaml'),
    }
    const labels = {
      'app.kubernetes.io/part-of': 'fuchsbau',
      'kubernetes.io/metadata.name': 'fediverse',
    }
    writeFileSync(files.policy, stringify(policy))
    writeFileSync(files.pod, stringify(pod))
    writeFileSync(
      files.values,
      stringify({
        apiVersion: 'cli.kyverno.io/v1alpha1',
        kind: 'Values',
        metadata: { name: 'values' },
        namespaceSelector: [{ name: 'fediverse', labels }],
      }),
    )
    const args = [
      'apply',
      files.policy,
      '--resource',
      files.pod,
      '--registry',
      '--remove-color',
      '--values-file',
      files.values,
    ]
    const { code, output } = await run(args)
    const [, pass = '', fail = '', , error = ''] =
      /pass: (\d+), fail: (\d+), warn: (\d+), error: (\d+)/.exec(output) ?? []
    if (code === 0 && Number(pass) > 0 && Number(fail) + Number(error) === 0) return 'admitted'
    if (Number(fail) + Number(error) > 0) return `refused: ${output}`
    return `neither: ${output}`
  }

  /** With nothing but what everybody may read: no logins of this machine. */
  function run(args: string[]): Promise<{ code: number; output: string }> {
    return new Promise((resolve) => {
      const env = {
        PATH: process.env['PATH'],
        HOME: directory,
        DOCKER_CONFIG: directory,
        TUF_ROOT: directory,
      }
      execFile(
        programOf('kyverno'),
        args,
        { env, cwd: directory, timeout: 60_000 },
        (error, out, err) =>
          resolve({ code: error ? Number(error.code ?? 1) : 0, output: out + err }),
      )
    })
  }
})

type Pod = { containers: string[]; initContainers?: string[] }
