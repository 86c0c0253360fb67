// Every object of the bundle is taken by a real API server with the real definitions, and a wrong copy of each kind is refused.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requirePeer } from '../support/peers.ts'
import { waitFor } from '../support/wait-for.ts'
import { type ApiServer, startApiServer } from './support/apiserver.ts'
import {
  type BundleCopy,
  copyBundle,
  exampleValues,
  type KubeObject,
  type Part,
} from './support/bundle.ts'
import { spoil } from './support/spoil.ts'
import { podsOf } from './support/workloads.ts'

const isThere = (['etcd', 'kube-apiserver', 'flux'] as const).every(requirePeer)

describe.skipIf(!isThere)('the API server', () => {
  let api: ApiServer
  let objects: KubeObject[]
  /** What is applied on request only. */
  let others: KubeObject[]

  beforeAll(async () => {
    using copy = copyBundle(await exampleValues())
    const parts = await copy.parts()
    objects = parts.flatMap((part) => [part.flux, ...part.objects])
    others = await buildOthers(copy, parts)
    api = await startApiServer()
    for (const namespace of ['flux-system', ...releaseNamespaces(objects)]) {
      if (
        !objects.some(({ kind, metadata }) => kind === 'Namespace' && metadata.name === namespace)
      )
        await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
    }
    for (const object of objects.filter(({ kind }) => kind === 'Namespace'))
      await api.create(object)
    await api.define([...objects, ...others])
  })
  afterAll(() => api?.[Symbol.asyncDispose]())

  test('takes every object', async () => {
    const refused: string[] = []
    for (const object of [...objects, ...others]) {
      const { status, message } = await api.dryRun(object)
      if (status >= 300) refused.push(`${nameOf(object)}: ${message}`)
    }
    expect(refused).toEqual([])
    expect(objects.length).toBeGreaterThan(150)
  })

  test('refuses a field that does not exist, and a wrong copy, of each kind', async () => {
    const taken: string[] = []
    const kinds = new Map(
      [...objects, ...others].map((object) => [`${object.apiVersion} ${object.kind}`, object]),
    )
    for (const [kind, object] of kinds) {
      const misspelt = await api.dryRun({ ...object, misspelt: 'yes' })
      if (misspelt.status < 400) taken.push(`${kind} with an unknown field`)
      if (object['spec']) {
        const within = { ...object, spec: { ...object['spec'], misspelt: 'yes' } }
        if ((await api.dryRun(within)).status < 400) taken.push(`${kind} with an unknown spec`)
      }
      const wrong = spoil(object, api.definitionOf(object))
      const { status, message } = await api.dryRun(wrong.object)
      if (status < 400) taken.push(`${kind} ${wrong.how}`)
      else if (!/invalid|required|unknown|duplicate|forbidden|must|expected|omits/i.test(message))
        taken.push(`${kind} ${wrong.how}: refused by ${message}`)
    }
    expect(taken).toEqual([])
    expect(kinds.size).toBeGreaterThan(30)
  })

  test('admits the pods of every workload, as the Pod Security of their namespaces wants', async () => {
    const refused: string[] = []
    const pods = podsOf([...objects, ...others])
    for (const pod of pods) {
      const { status, message } = await api.dryCreate(pod)
      if (status >= 300) refused.push(`${nameOf(pod)}: ${message}`)
    }
    expect(refused).toEqual([])
    expect(pods.length).toBeGreaterThan(8)
  })

  test('refuses containers by tag, of every kind, once the policy is there', async () => {
    const [pod] = podsOf(objects).filter(({ metadata }) => metadata.namespace === 'bouncer')
    if (!pod) throw new Error('there is no pod of the bouncer')
    for (const object of objects.filter(({ kind }) => kind.startsWith('ValidatingAdmissionPolicy')))
      await api.create(object)
    const [container] = pod.spec.containers
    const tag = container.image.split('@')[0]
    const first = { ...pod, spec: { ...pod.spec, containers: [{ ...container, image: tag }] } }
    const { securityContext, resources } = container
    const before = { name: 'before', image: tag, securityContext, resources }
    const starting = { ...pod, spec: { ...pod.spec, initContainers: [before] } }
    // It takes a moment until the API server goes by it.
    await waitFor(async () => (await api.dryCreate(first)).status === 422, {
      what: 'the policy to hold',
    })
    expect((await api.dryCreate(starting)).message).toContain('by digest')
    await api.create(pod)
    const { image } = container
    const debug = (by: string) => api.debug(pod, { name: 'look', image: by, securityContext })
    expect((await debug(tag)).message).toContain(`by digest (name:tag@sha256:…): ${tag}`)
    expect((await debug(image)).status).toBe(200)
  })

  test('refuses a pod of root in the namespaces of our services', async () => {
    const own = podsOf(objects).filter(({ metadata: { namespace = '' } }) =>
      ['fediverse', 'bouncer', 'registry'].includes(namespace),
    )
    expect(own).toHaveLength(3)
    for (const pod of own) {
      const asRoot = structuredClone(pod)
      asRoot.spec.securityContext.runAsUser = 0
      const { status, message } = await api.dryCreate(asRoot)
      expect({ status, message }).toEqual({
        status: 403,
        message: expect.stringContaining('violates PodSecurity "restricted'),
      })
    }
  })
})

/** The overlay that `deploy init` writes, a restore, and the components that an owner may take. */
async function buildOthers(copy: BundleCopy, parts: readonly Part[]): Promise<KubeObject[]> {
  const [some] = parts
  const kustomization = (name: string, spec: object): KubeObject => ({
    apiVersion: some?.flux.apiVersion ?? '',
    kind: 'Kustomization',
    metadata: { name },
    spec: { interval: '1h', prune: true, ...spec },
  })
  const taking = (name: string, component: string): KubeObject => {
    const flux = structuredClone(parts.find((part) => part.name === name)?.flux)
    if (!flux) throw new Error(`there is no Kustomization ${name}`)
    flux.spec.components = [...(flux.spec.components ?? []), `../../components/${component}`]
    return flux
  }
  const built = [
    kustomization('example', { path: './deploy/example' }),
    kustomization('restore-fediverse-data', {
      path: './deploy/base/restore',
      targetNamespace: 'fediverse',
      postBuild: { substitute: { BACKUP_PVC: 'fediverse-data' } },
    }),
    taking('inspircd', 'irc-services'),
    taking('infra-edge-config', 'tls-at-gateway/gateway'),
    taking('bouncer', 'tls-at-gateway/bouncer'),
  ].map((flux) => copy.build(flux))
  return (await Promise.all(built)).flat()
}

/** Namespaces of Flux's own objects that the bundle expects to be there. */
function releaseNamespaces(objects: readonly KubeObject[]): string[] {
  const named = objects.map(({ metadata }) => metadata.namespace ?? '')
  return [...new Set(named)].filter((name) => name !== '' && name !== 'flux-system')
}

function nameOf({ kind, metadata: { namespace, name } }: KubeObject): string {
  return `${kind} ${namespace ?? ''}/${name}`
}
