// Makes an object wrong, as a person would by mistake: without something that its definition requires, or, for the kinds of
// Kubernetes itself, with a value that is none.
import type { KubeObject } from './bundle.ts'

type Schema = {
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  type?: string
  enum?: unknown[]
}

/** A wrong copy, and what is wrong with it. Throws for a kind that nothing is known to be wrong with. */
export function spoil(
  object: KubeObject,
  definition: KubeObject | undefined,
): { object: KubeObject; how: string } {
  const copy = structuredClone(object)
  const how = definition ? spoilDefined(copy, definition) : spoilBuiltIn(copy)
  if (how === undefined) throw new Error(`nothing to make wrong in ${object.kind}`)
  return { object: copy, how }
}

function spoilDefined(object: KubeObject, definition: KubeObject): string | undefined {
  const [, version] = object.apiVersion.split('/')
  const { schema } = definition.spec.versions.find(({ name }: { name: string }) => name === version)
  const whole = schema.openAPIV3Schema as Schema
  return dropRequired(object, whole, '') ?? mistype(object, whole.properties?.['spec'] ?? {})
}

/** What makes an object an object: without these it could not be sent at all. */
const FRAME = ['apiVersion', 'kind', 'metadata', 'spec']

/** Takes away the first thing that is required and there. */
function dropRequired(value: unknown, schema: Schema, path: string): string | undefined {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const found = dropRequired(item, schema.items ?? {}, `${path}${index}.`)
      if (found) return found
    }
    return
  }
  if (typeof value !== 'object' || value === null) return
  const object = value as Record<string, unknown>
  const required = schema.required?.find((name) => name in object && !FRAME.includes(name))
  if (required !== undefined) {
    delete object[required]
    return `without ${path}${required}`
  }
  for (const [name, inner] of Object.entries(object)) {
    const found = dropRequired(inner, schema.properties?.[name] ?? {}, `${path}${name}.`)
    if (found) return found
  }
  return
}

/** Puts a list where the definition has something else. */
function mistype({ spec }: KubeObject, schema: Schema): string | undefined {
  const name = Object.keys(spec ?? {}).find((each) => schema.properties?.[each]?.type !== 'array')
  if (name === undefined) return
  spec[name] = [['wrong']]
  return `with a list in spec.${name}`
}

function spoilBuiltIn(object: KubeObject): string | undefined {
  const spoiler = builtIn[object.kind]
  spoiler?.[1](object)
  return spoiler?.[0]
}

const builtIn: Readonly<Record<string, [how: string, (object: KubeObject) => void]>> = {
  Namespace: [
    'with a level of Pod Security that is none',
    ({ metadata }) => {
      metadata.labels = { ...metadata.labels, 'pod-security.kubernetes.io/enforce': 'strict' }
    },
  ],
  ServiceAccount: [
    'with a word for a switch',
    (object) => {
      object['automountServiceAccountToken'] = 'no'
    },
  ],
  ConfigMap: [
    'with a key that is no name',
    (object) => {
      object['data'] = { 'not a key': 'x' }
    },
  ],
  Secret: [
    'with data that is no base64',
    (object) => {
      object['data'] = { key: 'not base64!' }
    },
  ],
  Service: [
    'with a port that is none',
    ({ spec }) => {
      spec.ports[0].port = 70_000
    },
  ],
  PersistentVolumeClaim: [
    'with a size that is none',
    ({ spec }) => {
      spec.resources.requests.storage = 'much'
    },
  ],
  Deployment: [
    'with a selector that its pods do not have',
    ({ spec }) => {
      spec.selector.matchLabels = { other: 'label' }
    },
  ],
  DaemonSet: [
    'with a selector that its pods do not have',
    ({ spec }) => {
      spec.selector.matchLabels = { other: 'label' }
    },
  ],
  NetworkPolicy: [
    'with a policy type that is none',
    ({ spec }) => {
      spec.policyTypes = ['Inbound']
    },
  ],
  PodDisruptionBudget: [
    'with two limits',
    ({ spec }) => {
      Object.assign(spec, { minAvailable: 1, maxUnavailable: 1 })
    },
  ],
  Role: [
    'with a rule without verbs',
    (object) => {
      object['rules'] = [{ apiGroups: [''], resources: ['secrets'] }]
    },
  ],
  ClusterRole: [
    'with a rule without verbs',
    (object) => {
      object['rules'] = [{ apiGroups: [''], resources: ['secrets'] }]
    },
  ],
  RoleBinding: [
    'for a subject that is none',
    (object) => {
      object['subjects'] = [{ kind: 'Person', name: 'you' }]
    },
  ],
  ClusterRoleBinding: [
    'for a subject that is none',
    (object) => {
      object['subjects'] = [{ kind: 'Person', name: 'you' }]
    },
  ],
  ValidatingAdmissionPolicy: [
    'with an expression that is none',
    ({ spec }) => {
      spec.validations[0].expression = 'object.spec.('
    },
  ],
  ValidatingAdmissionPolicyBinding: [
    'with an action that is none',
    ({ spec }) => {
      spec.validationActions = ['Refuse']
    },
  ],
}
