// What the objects of the bundle name of each other, and whether it is there: API servers do not ask.
import type { KubeObject } from './bundle.ts'
import { containersOf, workloadsOf } from './workloads.ts'

/** Something that an object names. */
export interface Reference {
  from: KubeObject
  kind: string
  /** Absent for what belongs to the whole cluster. */
  namespace?: string | undefined
  name: string
  /** A key, a port or a listener of it. */
  part?: string | number | undefined
}

/** Everything that these objects name. */
export function referencesOf(objects: readonly KubeObject[]): Reference[] {
  return objects.flatMap((from) => {
    const namespace = from.metadata.namespace
    const refer = (kind: string, name?: string, part?: string | number, other = namespace) =>
      name === undefined ? [] : [{ from, kind, namespace: other, name, part }]
    return [
      ...(workloadsOf([from]).length > 0 ? ofPod(from, refer) : []),
      ...(of[from.kind]?.(from.spec ?? from, refer) ?? []),
    ]
  })
}

/** A sentence for each reference that leads nowhere. `others`: what something outside the bundle makes. */
export function danglingOf(objects: readonly KubeObject[], others: readonly string[]): string[] {
  const made = new Map<string, Made>()
  for (const object of objects) for (const each of madeBy(object)) made.set(keyOf(each), each)
  return referencesOf(objects).flatMap((reference) => {
    const { from, kind, name, part } = reference
    const key = keyOf(reference)
    const found = made.get(key)
    if (others.includes(key)) return []
    const who = `${from.kind} ${from.metadata.namespace ?? ''}/${from.metadata.name}`
    if (!found)
      return [`${who} names ${kind} ${reference.namespace ?? ''}/${name}, which is not there`]
    const { parts = [String(part)] } = found
    if (part === undefined || parts.includes(String(part))) return []
    return [`${who} names ${part} of ${kind} ${name}, which has ${parts.join(', ')}`]
  })
}

/** Something that is there. `parts`: all of its keys, ports or listeners; undefined where nobody can know. */
interface Made {
  kind: string
  namespace?: string | undefined
  name: string
  parts: string[] | undefined
}

export function keyOf({
  kind,
  namespace,
  name,
}: Pick<Made, 'kind' | 'namespace' | 'name'>): string {
  return [kind, ...(CLUSTER.includes(kind) ? [] : [namespace]), name].join(' ')
}

const CLUSTER = [
  ...['ClusterIssuer', 'ClusterSecretStore', 'GatewayClass', 'VolumeSnapshotClass', 'Namespace'],
  ...['CiliumBGPPeerConfig', 'ValidatingAdmissionPolicy', 'StorageClass', 'ClusterRole'],
]

function madeBy({ kind, metadata, spec, ...rest }: KubeObject): Made[] {
  const { name, namespace } = metadata
  const own: Made = {
    kind,
    namespace,
    name,
    parts: partsOf({ kind, metadata, spec, ...rest } as KubeObject),
  }
  const secret = (secretName: string, parts?: string[]): Made => ({
    kind: 'Secret',
    namespace,
    name: secretName,
    parts,
  })
  if (kind === 'ExternalSecret') {
    const keys = (spec.data ?? []).map(({ secretKey }: { secretKey: string }) => secretKey)
    const templated = Object.keys(spec.target?.template?.data ?? {})
    const isOpen = spec.dataFrom && templated.length === 0
    return [
      own,
      secret(
        spec.target?.name ?? name,
        isOpen ? undefined : templated.length > 0 ? templated : keys,
      ),
    ]
  }
  if (kind === 'Certificate')
    return [own, secret(spec.secretName, ['tls.crt', 'tls.key', 'ca.crt'])]
  return [own]
}

function partsOf({ kind, spec, ...rest }: KubeObject): string[] | undefined {
  if (kind === 'Gateway') return spec.listeners.map(({ name }: { name: string }) => name)
  if (kind === 'ConfigMap') return Object.keys({ ...rest['data'], ...rest['binaryData'] })
  if (kind === 'Service')
    return spec.ports.flatMap((port: { name?: string; port: number }) => [
      port.name ?? '',
      String(port.port),
    ])
  return
}

type Refer = (
  kind: string,
  name?: string,
  part?: string | number,
  namespace?: string,
) => Reference[]
// biome-ignore lint/suspicious/noExplicitAny: specs of every kind.
type Spec = any

function ofPod({ spec: { template } }: KubeObject, refer: Refer): Reference[] {
  const { serviceAccountName, volumes = [], imagePullSecrets = [] } = template.spec
  const keyed = (kind: string, name: string, items?: { key: string }[]) => [
    ...refer(kind, name),
    ...(items ?? []).flatMap(({ key }) => refer(kind, name, key)),
  ]
  const ofVolume = ({ secret, configMap, persistentVolumeClaim, projected }: Spec): Reference[] => [
    ...(secret?.secretName ? keyed('Secret', secret.secretName, secret.items) : []),
    ...(secret?.name ? keyed('Secret', secret.name, secret.items) : []),
    ...(configMap ? keyed('ConfigMap', configMap.name, configMap.items) : []),
    ...refer('PersistentVolumeClaim', persistentVolumeClaim?.claimName),
    ...(projected?.sources ?? []).flatMap(ofVolume),
  ]
  const ofEnv = ({ valueFrom }: Spec): Reference[] => [
    ...refer('Secret', valueFrom?.secretKeyRef?.name, valueFrom?.secretKeyRef?.key),
    ...refer('ConfigMap', valueFrom?.configMapKeyRef?.name, valueFrom?.configMapKeyRef?.key),
  ]
  return [
    ...refer('ServiceAccount', serviceAccountName),
    ...imagePullSecrets.flatMap(({ name }: { name: string }) => refer('Secret', name)),
    ...volumes.flatMap(ofVolume),
    ...containersOf(template).flatMap(({ env = [], envFrom = [] }: Spec) => [
      ...env.flatMap(ofEnv),
      ...envFrom.flatMap(({ secretRef, configMapRef }: Spec) => [
        ...refer('Secret', secretRef?.name),
        ...refer('ConfigMap', configMapRef?.name),
      ]),
    ]),
  ]
}

const ofRoute = ({ parentRefs = [], rules = [] }: Spec, refer: Refer): Reference[] => [
  ...parentRefs.flatMap(({ name, namespace, sectionName }: Spec) =>
    refer('Gateway', name, sectionName, namespace),
  ),
  ...rules.flatMap(({ backendRefs = [] }: Spec) =>
    backendRefs.flatMap(({ name, port, namespace, kind = 'Service' }: Spec) =>
      refer(kind, name, port, namespace),
    ),
  ),
]

const ofPolicy = ({ targetRefs = [], targetRef }: Spec, refer: Refer): Reference[] =>
  [...targetRefs, ...(targetRef ? [targetRef] : [])].flatMap(({ kind, name, sectionName }: Spec) =>
    refer(kind, name, sectionName),
  )

const ofBinding = ({ roleRef, subjects = [] }: Spec, refer: Refer): Reference[] => [
  ...refer(roleRef.kind, roleRef.name),
  ...subjects
    .filter(({ kind }: Spec) => kind === 'ServiceAccount')
    .flatMap(({ name, namespace }: Spec) => refer('ServiceAccount', name, undefined, namespace)),
]

const ofVolSync = ({ sourcePVC, restic }: Spec, refer: Refer): Reference[] => [
  ...refer('PersistentVolumeClaim', sourcePVC ?? restic.destinationPVC),
  ...refer('Secret', restic.repository),
  ...refer('VolumeSnapshotClass', restic.volumeSnapshotClassName),
  ...refer('StorageClass', restic.storageClassName),
  ...refer('StorageClass', restic.cacheStorageClassName),
]

/** By the kind that names something. */
const of: Readonly<Record<string, (spec: Spec, refer: Refer) => Reference[]>> = {
  HTTPRoute: ofRoute,
  TCPRoute: ofRoute,
  TLSRoute: ofRoute,
  BackendTrafficPolicy: ofPolicy,
  ClientTrafficPolicy: ofPolicy,
  SecurityPolicy: ofPolicy,
  BackendTLSPolicy: ofPolicy,
  RoleBinding: ofBinding,
  ClusterRoleBinding: ofBinding,
  ReplicationSource: ofVolSync,
  ReplicationDestination: ofVolSync,
  PersistentVolumeClaim: ({ storageClassName }, refer) => refer('StorageClass', storageClassName),
  Gateway: ({ gatewayClassName, listeners, infrastructure }, refer) => [
    ...refer('GatewayClass', gatewayClassName),
    ...refer(infrastructure?.parametersRef?.kind ?? '', infrastructure?.parametersRef?.name),
    ...listeners.flatMap(({ tls }: Spec) =>
      (tls?.certificateRefs ?? []).flatMap(({ name, namespace }: Spec) =>
        refer('Secret', name, undefined, namespace),
      ),
    ),
  ],
  GatewayClass: ({ parametersRef }, refer) =>
    refer(parametersRef?.kind ?? '', parametersRef?.name, undefined, parametersRef?.namespace),
  Certificate: ({ issuerRef }, refer) => refer(issuerRef.kind ?? 'Issuer', issuerRef.name),
  ExternalSecret: ({ secretStoreRef }, refer) => refer(secretStoreRef.kind, secretStoreRef.name),
  ClusterSecretStore: ({ provider }, refer) => {
    const account = provider.vault?.auth.kubernetes?.serviceAccountRef
    return refer('ServiceAccount', account?.name, undefined, account?.namespace)
  },
  // What a ClusterIssuer names lies in cert-manager's namespace.
  ClusterIssuer: ({ acme, vault }, refer) => [
    ...(acme?.solvers ?? []).flatMap(({ dns01 }: Spec) => {
      const token = dns01?.cloudflare?.apiTokenSecretRef
      return refer('Secret', token?.name, token?.key, 'cert-manager')
    }),
    ...refer(
      'ServiceAccount',
      vault?.auth.kubernetes?.serviceAccountRef?.name,
      undefined,
      'cert-manager',
    ),
  ],
  HelmRelease: ({ chartRef, chart }, refer) => {
    const source = chartRef ?? chart?.spec.sourceRef
    return refer(source.kind, source.name, undefined, source.namespace)
  },
  CiliumBGPClusterConfig: ({ bgpInstances }, refer) =>
    bgpInstances.flatMap(({ peers }: Spec) =>
      peers.flatMap(({ peerConfigRef }: Spec) => refer('CiliumBGPPeerConfig', peerConfigRef.name)),
    ),
  ValidatingAdmissionPolicyBinding: ({ policyName }, refer) =>
    refer('ValidatingAdmissionPolicy', policyName),
}
