// How the bundle's pods run: as nobody, with nothing that they do not need, within limits, from images that cannot change.
import { beforeAll, describe, expect, test } from 'vitest'
import { requirePeer } from '../support/peers.ts'
import { buildBundle, type KubeObject } from './support/bundle.ts'
import { containersOf, workloadsOf } from './support/workloads.ts'

/** What a container is not asked for, and why. */
const EXCUSED: Readonly<Record<string, string>> = {
  'tailnet-node/tailscale livenessProbe':
    'its health is that of the tailnet: a restart mends nothing',
  'tailnet-router/tailscale livenessProbe': 'likewise',
}

describe.skipIf(!requirePeer('flux'))('pods of the bundle', () => {
  let workloads: KubeObject[]
  let objects: KubeObject[]
  beforeAll(async () => {
    objects = (await buildBundle()).flatMap((part) => part.objects)
    workloads = workloadsOf(objects)
  })

  test('keep the rules', () => {
    expect(workloads.flatMap(faultsOf)).toEqual([])
    expect(workloads.length).toBeGreaterThan(8)
  })

  test.each(Object.entries(mistakes()))('a pod %s is noticed', (_, spoil) => {
    const [workload] = structuredClone(
      workloads.filter(({ metadata }) => metadata.name === 'registry'),
    )
    if (!workload) throw new Error('there is no registry')
    spoil(workload.spec.template.spec)
    expect(faultsOf(workload)).not.toEqual([])
  })

  test('with a volume have it for themselves: one at a time, the old one ends first', () => {
    const withVolume = workloads.filter(({ spec }) =>
      (spec.template.spec.volumes ?? []).some(
        ({ persistentVolumeClaim }: KubeObject) => persistentVolumeClaim,
      ),
    )
    expect(withVolume.map(({ metadata }) => metadata.name).sort()).toEqual([
      ...['bouncer', 'fediverse', 'headscale', 'pocket-id', 'registry'],
    ])
    for (const { spec } of withVolume)
      expect(spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } })
  })

  test('of several copies leave one in its place when nodes are drained; single ones keep no node from it', () => {
    const budgets = objects.filter(({ kind }) => kind === 'PodDisruptionBudget')
    const several = workloads
      .filter(({ spec }) => spec.replicas > 1)
      .map(({ metadata }) => metadata.name)
    expect(
      budgets.map(({ spec }) => spec.selector.matchLabels['app.kubernetes.io/name']).sort(),
    ).toEqual(several.sort())
    for (const { spec } of budgets) expect(spec.maxUnavailable).toBe(1)
  })

  test('are the only ones that their namespaces let talk: all else is denied', () => {
    for (const namespace of new Set(workloads.map(({ metadata }) => metadata.namespace))) {
      const policies = objects.filter(
        ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.namespace === namespace,
      )
      expect({ namespace, policies: policies.map(({ spec }) => spec) }).toEqual({
        namespace,
        policies: expect.arrayContaining([{ podSelector: {}, policyTypes: ['Ingress', 'Egress'] }]),
      })
    }
  })

  test('have their secrets as files, but where the program takes none', () => {
    const inEnvironment = workloads.flatMap(({ metadata, spec }) =>
      containersOf(spec.template).flatMap(({ env = [] }) =>
        env
          .filter(({ valueFrom }: KubeObject) => valueFrom?.secretKeyRef)
          .map(({ name }: { name: string }) => `${metadata.name} ${name}`),
      ),
    )
    // A client's id is no secret.
    expect(inEnvironment.filter((each) => !/_ID$/.test(each))).toEqual([])
  })
})

/** What is wrong with the pods of a workload, a sentence each. */
function faultsOf({ metadata, spec: { template } }: KubeObject): string[] {
  const pod = template.spec
  const about = (name: string, rules: Record<string, boolean>) =>
    Object.entries(rules)
      .filter(([rule, isKept]) => !isKept && EXCUSED[`${name} ${rule}`] === undefined)
      .map(([rule]) => `${name} ${rule}`)
  const ofPod = about(metadata.name, {
    runAsNonRoot: pod.securityContext?.runAsNonRoot === true,
    runAsUser: pod.securityContext?.runAsUser > 0,
    seccompProfile: pod.securityContext?.seccompProfile?.type === 'RuntimeDefault',
    automountServiceAccountToken: pod.automountServiceAccountToken === false,
    enableServiceLinks: pod.enableServiceLinks === false,
    serviceAccountName:
      pod.serviceAccountName !== undefined && pod.serviceAccountName !== 'default',
    hostNetwork: !pod.hostNetwork && !pod.hostPID && !pod.hostIPC,
  })
  const hasData = (pod.volumes ?? []).some((volume: KubeObject) => volume['persistentVolumeClaim'])
  const starting = new Set(pod.initContainers ?? [])
  const ofContainers = containersOf(template).flatMap((container) => {
    const { securityContext = {}, resources = {}, image } = container
    const isServer = (container.ports ?? []).length > 0 && !starting.has(container)
    return about(`${metadata.name}/${container.name}`, {
      digest: /^[^@\s]+:[\w.-]+@sha256:[0-9a-f]{64}$/.test(image),
      allowPrivilegeEscalation: securityContext.allowPrivilegeEscalation === false,
      readOnlyRootFilesystem: securityContext.readOnlyRootFilesystem === true,
      capabilities:
        securityContext.capabilities?.drop?.join() === 'ALL' && !securityContext.capabilities.add,
      privileged: !securityContext.privileged && securityContext.runAsUser !== 0,
      'requests of cpu and memory': Boolean(resources.requests?.cpu && resources.requests.memory),
      'limit of memory': resources.limits?.memory !== undefined,
      readinessProbe: !isServer || container.readinessProbe !== undefined,
      livenessProbe: !isServer || container.livenessProbe !== undefined,
      // Who has data may have to read it first.
      startupProbe: !isServer || !hasData || container.startupProbe !== undefined,
    })
  })
  return [...ofPod, ...ofContainers]
}

function mistakes(): Record<string, (pod: KubeObject) => void> {
  const first = (pod: KubeObject) => pod['containers'][0]
  return {
    'of root': (pod) => Object.assign(pod['securityContext'], { runAsUser: 0 }),
    'with a token of its account': (pod) => delete pod['automountServiceAccountToken'],
    'whose image has no digest': (pod) => {
      first(pod).image = first(pod).image.replace(/@.*/, '')
    },
    'that may write to its image': (pod) =>
      delete first(pod).securityContext.readOnlyRootFilesystem,
    'without a limit': (pod) => delete first(pod).resources.limits,
    'without a probe': (pod) => delete first(pod).readinessProbe,
    'with a capability': (pod) => {
      first(pod).securityContext.capabilities.add = ['NET_ADMIN']
    },
  }
}
