// Every object of the bundle is taken by a real API server with the real definitions, and a wrong copy of each kind is refused.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requirePeer } from '../support/peers.ts'
import { type ApiServer, startApiServer } from './support/apiserver.ts'
import { buildBundle, type KubeObject, type Part } from './support/bundle.ts'
import { spoil } from './support/spoil.ts'
import { podsOf } from './support/workloads.ts'

const isThere = (['etcd', 'kube-apiserver', 'flux'] as const).every(requirePeer)

describe.skipIf(!isThere)('the API server', () => {
  let api: ApiServer
  let parts: Part[]
  let objects: KubeObject[]

  beforeAll(async () => {
    parts = await buildBundle()
    objects = parts.flatMap((part) => [part.flux, ...part.objects])
    api = await startApiServer()
    for (const namespace of ['flux-system', ...releaseNamespaces(objects)]) {
      if (
        !objects.some(({ kind, metadata }) => kind === 'Namespace' && metadata.name === namespace)
      )
        await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
    }
    for (const object of objects.filter(({ kind }) => kind === 'Namespace'))
      await api.create(object)
    await api.define(objects)
  })
  afterAll(() => api?.[Symbol.asyncDispose]())

  test('takes every object', async () => {
    const refused: string[] = []
    for (const object of objects) {
      const { status, message } = await api.dryRun(object)
      if (status >= 300) refused.push(`${nameOf(object)}: ${message}`)
    }
    expect(refused).toEqual([])
    expect(objects.length).toBeGreaterThan(150)
  })

  test('refuses a field that does not exist, and a wrong copy, of each kind', async () => {
    const taken: string[] = []
    const kinds = new Map(objects.map((object) => [`${object.apiVersion} ${object.kind}`, object]))
    for (const [kind, object] of kinds) {
      const misspelt = await api.dryRun({ ...object, misspelt: 'yes' })
      if (misspelt.status < 400) taken.push(`${kind} with an unknown field`)
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
    const pods = podsOf(objects)
    for (const pod of pods) {
      const { status, message } = await api.dryCreate(pod)
      if (status >= 300) refused.push(`${nameOf(pod)}: ${message}`)
    }
    expect(refused).toEqual([])
    expect(pods.length).toBeGreaterThan(8)
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

/** Namespaces of Flux's own objects that the bundle expects to be there. */
function releaseNamespaces(objects: readonly KubeObject[]): string[] {
  const named = objects.map(({ metadata }) => metadata.namespace ?? '')
  return [...new Set(named)].filter((name) => name !== '' && name !== 'flux-system')
}

function nameOf({ kind, metadata: { namespace, name } }: KubeObject): string {
  return `${kind} ${namespace ?? ''}/${name}`
}
