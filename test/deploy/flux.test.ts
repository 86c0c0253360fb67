// What Flux does with the bundle: values put in strictly, Kustomizations in an order that resolves, nothing left lying about.
import { appendFileSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { requirePeer } from '../support/peers.ts'
import {
  buildBundle,
  copyBundle,
  exampleValues,
  type KubeObject,
  type Part,
} from './support/bundle.ts'

const deploy = join(import.meta.dirname, '../../deploy')

describe.skipIf(!requirePeer('flux'))('the Kustomizations of Flux', () => {
  let parts: Part[]
  beforeAll(async () => {
    parts = await buildBundle()
  })

  test('wait for what they apply, remove what is gone, and give up in time', () => {
    for (const { name, flux, objects } of parts) {
      expect({ name, ...flux.spec }).toMatchObject({
        name,
        prune: true,
        wait: true,
        interval: expect.stringMatching(/^\d+[mh]$/),
        retryInterval: expect.stringMatching(/^\d+m$/),
        timeout: expect.stringMatching(/^\d+m$/),
      })
      expect({ name, count: objects.length }).not.toEqual({ name, count: 0 })
    }
  })

  test('depend only on each other, and on nothing that waits for them', () => {
    expect(orderOf(parts).length).toBe(parts.length)
    const circle = structuredClone(parts)
    dependOn(circle, 'infra-namespaces', 'fediverse')
    expect(() => orderOf(circle)).toThrow('wait for each other')
    const dangling = structuredClone(parts)
    dependOn(dangling, 'fediverse', 'edge')
    expect(() => orderOf(dangling)).toThrow('fediverse depends on edge, which is not there')
  })

  test('apply namespaces, definitions and controllers before what needs them', () => {
    const order = orderOf(parts)
    const before = (part: Part) => [...ancestorsOf(parts, part.name)]
    const missing: string[] = []
    for (const part of parts) {
      const earlier = before(part)
      const namespaces = namesOf(parts, ['infra-namespaces'], 'Namespace')
      const used = new Set([
        part.flux.spec.targetNamespace,
        ...part.objects.map(({ metadata }) => metadata.namespace),
      ])
      for (const namespace of used) {
        if (namespace === undefined || namespace === 'flux-system') continue
        if (!namespaces.includes(namespace)) missing.push(`${part.name}: no namespace ${namespace}`)
        if (!earlier.includes('infra-namespaces'))
          missing.push(`${part.name}: before the namespaces`)
      }
      for (const { apiVersion, kind } of part.objects) {
        const owner = definedBy(apiVersion)
        if (owner === undefined && !isThereBefore(apiVersion))
          missing.push(`who brings ${apiVersion}?`)
        if (owner && owner !== part.name && !earlier.includes(owner))
          missing.push(`${part.name}: ${kind} needs ${owner}`)
      }
    }
    expect(missing).toEqual([])
    expect(order.indexOf('infra-namespaces')).toBe(0)
  })

  test('a value that is misspelt or missing is an error, which names it', async () => {
    const values = await exampleValues()
    using misspelt = copyBundle(values)
    const file = join(misspelt.directory, 'base/fediverse/service.yaml')
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Flux.
    appendFileSync(file, '---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${DOMIAN}\n')
    await expect(misspelt.parts()).rejects.toThrow(/variable not set.*DOMIAN|DOMIAN.*not set/)
    const { LB_POOL: _, ...others } = values
    using missing = copyBundle(others)
    await expect(missing.parts()).rejects.toThrow('LB_POOL')
  })

  test('leave out what the cluster has already', async () => {
    const parts = [
      'NETWORK',
      'SECRETS',
      'CERTIFICATES',
      'EDGE',
      'DNS',
      'STORAGE',
      'TRUST',
      'OBSERVATION',
    ]
    const present = Object.fromEntries(parts.map((name) => [`${name}_PART`, 'present']))
    using copy = copyBundle({ ...(await exampleValues()), ...present })
    const built = await copy.parts()
    const objects = built.flatMap((part) => part.objects)
    expect(objects.filter(({ kind }) => kind === 'HelmRelease')).toEqual([])
    const notes = objects.filter(({ metadata }) => metadata.name === 'fuchsbau-present')
    expect(new Set(notes.map(({ metadata }) => metadata.namespace)).size).toBe(parts.length)
    expect(orderOf(built).length).toBe(built.length)
  })

  test('reach every folder that can be built, but for what an owner takes on request', () => {
    const reached = new Set(['flux', 'example', 'base/restore', 'infrastructure/present'])
    for (const { flux } of parts) {
      const path = flux.spec.path.replace('./deploy/', '')
      reached.add(path)
      for (const each of flux.spec.components ?? []) reached.add(join(path, each))
    }
    for (const folder of reached) {
      const { resources = [] } = parse(
        readFileSync(join(deploy, folder, 'kustomization.yaml'), 'utf8'),
      )
      for (const each of resources) if (!/\.yaml$/.test(each)) reached.add(join(folder, each))
    }
    const all = globSync('**/kustomization.yaml', { cwd: deploy })
      .filter((file) => file !== 'flux/kustomization.yaml')
      .map((file) => dirname(file))
    expect(all.filter((folder) => !reached.has(folder)).sort()).toEqual([
      'components/irc-services',
      'components/tls-at-gateway/bouncer',
      'components/tls-at-gateway/gateway',
    ])
  })

  test('leave no variable behind, but what the programs themselves put in', () => {
    const left = parts.flatMap(({ name, objects }) =>
      objects
        .filter(({ metadata }) => metadata.annotations?.[SUBSTITUTE] !== 'disabled')
        .filter((object) => /\$\{[A-Z]/.test(JSON.stringify(object)))
        .map((object) => `${name}: ${object.kind} ${object.metadata.name}`),
    )
    expect(left).toEqual([])
  })

  test('charts have one exact version, and sources are named by it', () => {
    const objects = parts.flatMap((part) => part.objects)
    const releases = objects.filter(({ kind }) => kind === 'HelmRelease')
    expect(releases.length).toBeGreaterThan(6)
    for (const { metadata, spec } of releases) {
      const source = objects.find(({ kind, metadata: { name } }) => {
        const wanted = spec.chartRef ?? spec.chart?.spec.sourceRef
        return kind === wanted.kind && name === wanted.name
      })
      const version = spec.chart?.spec.version ?? source?.spec.ref?.tag
      expect({ name: metadata.name, version }).toEqual({
        name: metadata.name,
        version: expect.stringMatching(/^v?\d+\.\d+\.\d+$/),
      })
    }
  })
})

test('every file of the bundle is applied by something', () => {
  const used = new Set<string>()
  for (const file of globSync('**/kustomization.yaml', { cwd: deploy })) {
    const folder = dirname(file)
    const {
      resources = [],
      patches = [],
      configMapGenerator = [],
      configurations = [],
    } = parse(readFileSync(join(deploy, file), 'utf8')) as KubeObject
    const files = configMapGenerator.flatMap(({ files: list = [] }: { files?: string[] }) =>
      list.map((each) => each.replace(/^[^=]*=/, '')),
    )
    const patched = patches.flatMap(({ path = [] }: { path?: string | string[] }) => path)
    for (const name of [...resources, ...configurations, ...patched, ...files])
      used.add(relative(deploy, join(deploy, folder, name)))
  }
  const there = globSync('{base,components,infrastructure,flux,observation,example}/**/*', {
    cwd: deploy,
    withFileTypes: true,
  })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(deploy, join(entry.parentPath, entry.name)))
  const left = there.filter(
    (file) => !used.has(file) && !/(?:^|\/)(?:kustomization\.yaml|README\.md)$/.test(file),
  )
  expect(left).toEqual(['infrastructure/network/udm-se.frr.conf'])
})

const SUBSTITUTE = 'kustomize.toolkit.fluxcd.io/substitute'

/** Which Kustomization installs the controller, and with it the definitions, of a group. */
function definedBy(apiVersion: string): string | undefined {
  const group = apiVersion.split('/')[0] ?? ''
  return {
    'external-secrets.io': 'infra-secrets',
    'cert-manager.io': 'infra-certificates',
    'gateway.networking.k8s.io': 'infra-edge',
    'gateway.envoyproxy.io': 'infra-edge',
    'policies.kyverno.io': 'infra-trust',
    'volsync.backube': 'infra-storage',
    'monitoring.coreos.com': 'infra-observation',
  }[group]
}

/** What the cluster has before the bundle comes: Kubernetes, Cilium, Flux, the snapshot controller. */
function isThereBefore(apiVersion: string): boolean {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
  return (
    /^(?:|apps|batch|policy|(?:networking|rbac\.authorization|admissionregistration)\.k8s\.io)$/.test(
      group,
    ) ||
    /^(?:cilium\.io|snapshot\.storage\.k8s\.io|(?:source|kustomize|helm)\.toolkit\.fluxcd\.io)$/.test(
      group,
    )
  )
}

function namesOf(parts: readonly Part[], names: string[], kind: string): string[] {
  return parts
    .filter(({ name }) => names.includes(name))
    .flatMap(({ objects }) => objects)
    .filter((object) => object.kind === kind)
    .map(({ metadata }) => metadata.name)
}

function dependOn(parts: readonly Part[], name: string, other: string): void {
  for (const { flux } of parts.filter((part) => part.name === name))
    flux.spec.dependsOn = [{ name: other }]
}

function dependenciesOf({ flux }: Part): string[] {
  return (flux.spec.dependsOn ?? []).map(({ name }: { name: string }) => name)
}

function ancestorsOf(parts: readonly Part[], name: string): Set<string> {
  const part = parts.find((each) => each.name === name)
  const direct = part ? dependenciesOf(part) : []
  return new Set([...direct, ...direct.flatMap((each) => [...ancestorsOf(parts, each)])])
}

/** An order in which each comes after what it depends on. Throws when there is none. */
function orderOf(parts: readonly Part[]): string[] {
  const names = new Set(parts.map(({ name }) => name))
  for (const part of parts) {
    const missing = dependenciesOf(part).find((name) => !names.has(name))
    if (missing) throw new Error(`${part.name} depends on ${missing}, which is not there`)
  }
  const order: string[] = []
  for (;;) {
    const next = parts.filter(
      (part) =>
        !order.includes(part.name) && dependenciesOf(part).every((name) => order.includes(name)),
    )
    if (next.length === 0) break
    order.push(...next.map(({ name }) => name))
  }
  const rest = [...names].filter((name) => !order.includes(name))
  if (rest.length > 0) throw new Error(`${rest.join(', ')} wait for each other`)
  return order
}
