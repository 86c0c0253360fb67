// The files of an overlay as texts: what `deploy init` writes, and reads again.
import { parse } from 'yaml'
import { effective, groups, settings, type Values } from './settings.ts'

/** Where Flux takes the bundle from: an address of Git, or `oci://…`. */
export type SourceUrl = string

/** The file that holds the owner's values; the others are made from it. */
export const SETTINGS_FILE = 'settings.yaml'
export const SOURCE_FILE = 'source.yaml'

export interface Overlay {
  values: Values
  source: SourceUrl
}

/** Every file, by its name, in the order in which they are told. */
export function filesOf({ values, source }: Overlay): Record<string, string> {
  const isOci = source.startsWith('oci://')
  return {
    'kustomization.yaml': kustomization(isOci),
    [SOURCE_FILE]: isOci ? ociSource(values, source) : gitSource(values, source),
    ...(isOci && { 'source-key.yaml': sourceKey(values) }),
    [SETTINGS_FILE]: settingsFile(values),
    'fuchsbau.yaml': root(isOci),
  }
}

/** The ConfigMap: what is set, and as comments what could be. Names that are no settings of ours are kept. */
export function settingsFile(values: Values): string {
  const lines = [
    '---',
    '# Your values: Flux puts them into the manifests. Written by `fuchsbau deploy init`, which keeps them, and asks for what is',
    '# missing, when it is run again. What is commented out has the default that stands there.',
    'apiVersion: v1',
    'kind: ConfigMap',
    'metadata:',
    '  name: fuchsbau-settings',
    'data:',
  ]
  for (const group of groups) {
    lines.push(`  # ${group}`)
    for (const { name, about, fallback, group: own } of settings) {
      if (own !== group) continue
      lines.push(`  # ${about}`)
      const value = values[name]
      if (value !== undefined) lines.push(`  ${name}: ${scalar(value)}`)
      else if (fallback !== undefined) lines.push(`  # ${name}: ${scalar(fallback)}`)
      else lines.push(`  # ${name}: is missing`)
    }
    lines.push('')
  }
  const known = new Set(settings.map(({ name }) => name))
  const others = Object.entries(values).filter(([name]) => !known.has(name))
  if (others.length > 0)
    lines.push('  # Your own', ...others.map(([k, v]) => `  ${k}: ${scalar(v)}`), '')
  return lines.slice(0, -1).join('\n').concat('\n')
}

/** The values of a settings file. Throws what is wrong with it, to follow its name. */
export function readSettings(text: string): Values {
  let document: unknown
  try {
    document = parse(text)
  } catch (error) {
    throw new Error(`is no YAML: ${(error as Error).message.split('\n')[0]}`)
  }
  const { kind, data } = (document ?? {}) as { kind?: unknown; data?: unknown }
  if (kind !== 'ConfigMap') throw new Error('is no ConfigMap')
  const entries = Object.entries((data ?? {}) as Record<string, unknown>)
  const nested = entries.find(([, value]) => typeof value === 'object' && value !== null)
  if (nested) throw new Error(`has more than a text for ${nested[0]}`)
  return Object.fromEntries(
    entries.filter(([, value]) => value !== null).map(([name, value]) => [name, String(value)]),
  )
}

/** Where a source file says that the bundle comes from; undefined: it does not say. */
export function readSource(text: string): SourceUrl | undefined {
  try {
    const { spec } = (parse(text) ?? {}) as { spec?: { url?: unknown } }
    return typeof spec?.url === 'string' ? spec.url : undefined
  } catch {
    return
  }
}

/** What is wrong with a source; undefined: nothing. */
export function sourceProblem(source: SourceUrl): string | undefined {
  if (/^(?:https|ssh|oci):\/\/[\w.@:-]+\/[\w./~-]+$/.test(source)) return
  return `The source is "${source}": it must begin with https://, ssh:// or oci://, and name a repository`
}

function kustomization(isOci: boolean): string {
  return `---
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: flux-system
resources:
  - source.yaml
${isOci ? '  - source-key.yaml\n' : ''}  - settings.yaml
  - fuchsbau.yaml
`
}

function gitSource(values: Values, source: SourceUrl): string {
  return `---
# Where the bundle comes from. Its manifests and FUCHSBAU_VERSION are changed together.
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: fuchsbau
spec:
  interval: 1h
  url: ${source}
  ref:
    tag: v${effective(values, 'FUCHSBAU_VERSION') ?? '0.0.0'}
  # Of the repository Flux needs the manifests alone.
  sparseCheckout:
    - deploy
`
}

function ociSource(values: Values, source: SourceUrl): string {
  return `---
# Where the bundle comes from, signed by our key (source-key.yaml). Its manifests and FUCHSBAU_VERSION are changed together.
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata:
  name: fuchsbau
spec:
  interval: 1h
  url: ${source}
  ref:
    tag: ${scalar(effective(values, 'FUCHSBAU_VERSION') ?? '0.0.0')}
  verify:
    provider: cosign
    secretRef:
      name: fuchsbau-source-key
`
}

/** Flux wants it as a Secret; it is a public key. */
function sourceKey({ COSIGN_KEY = '' }: Values): string {
  return `---
# The public key that the bundle is signed by. Nothing secret: Flux reads such keys from Secrets only.
apiVersion: v1
kind: Secret
metadata:
  name: fuchsbau-source-key
stringData:
  cosign.pub: |
    -----BEGIN PUBLIC KEY-----
    ${COSIGN_KEY}
    -----END PUBLIC KEY-----
`
}

function root(isOci: boolean): string {
  return `---
# Everything else: one Flux Kustomization for each app and part of the infrastructure (deploy/flux).
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: fuchsbau
spec:
  interval: 1h
  retryInterval: 2m
  timeout: 5m
  prune: true
  sourceRef:
    kind: ${isOci ? 'OCIRepository' : 'GitRepository'}
    name: fuchsbau
  path: ./deploy/flux
  postBuild:
    substituteFrom:
      - kind: ConfigMap
        name: fuchsbau-settings
`
}

/** As YAML has a text: in quotes unless it can be nothing else. */
function scalar(text: string): string {
  const isPlain =
    /^[A-Za-z][\w./@-]*(?::[\w./@-]+)*$/.test(text) &&
    !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)
  return isPlain ? text : JSON.stringify(text)
}
