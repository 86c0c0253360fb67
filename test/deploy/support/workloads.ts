// The pods that the bundle's workloads make.
import type { KubeObject } from './bundle.ts'

const WORKLOADS = ['Deployment', 'DaemonSet', 'StatefulSet']

export function workloadsOf(objects: readonly KubeObject[]): KubeObject[] {
  return objects.filter(({ kind }) => WORKLOADS.includes(kind))
}

/** A pod of each workload's template. */
export function podsOf(objects: readonly KubeObject[]): KubeObject[] {
  return workloadsOf(objects).map(({ metadata, spec: { template } }) => ({
    ...structuredClone(template),
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...template.metadata, name: metadata.name, namespace: metadata.namespace },
  }))
}

/** All containers of a pod's template: those that start it, too. */
export function containersOf(template: KubeObject['spec']): KubeObject['spec'][] {
  const { containers = [], initContainers = [] } = template.spec
  return [...initContainers, ...containers]
}
