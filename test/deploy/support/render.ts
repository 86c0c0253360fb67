// The bundle's objects as they reach the cluster: built by kustomize, the settings' values in place.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { settings } from '../../../deploy/settings.ts'
import { trixieTree } from '../../support/peers.ts'
import { makeTempData, removeTempData } from '../../support/temp-data.ts'

/** The bundle. */
export const deploy = join(import.meta.dirname, '../../../deploy')

export type Labels = Record<string, string>

/** An object of the bundle. What is in `spec` is the test's to know. */
export interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Labels; annotations?: Labels }
  // biome-ignore lint/suspicious/noExplicitAny: a spec of any kind
  spec?: any
  data?: Record<string, string>
  type?: string
}

/** The values of the settings: defaults, else examples. */
export const values: Readonly<Record<string, string>> = Object.fromEntries(
  settings.map(({ name, fallback, example }) => [name, fallback ?? example]),
)

const clusterWide = new Set(['Namespace', 'GatewayClass', 'ClusterIssuer'])

interface FluxKustomization {
  kind: string
  metadata: { name: string }
  spec: { path: string; targetNamespace?: string }
}

/** What Flux applies, but for backups; `components` are added to Kustomizations of that name, as an overlay does it. */
export function bundle(components: Readonly<Record<string, string>> = {}): Manifest[] {
  const files = readdirSync(join(deploy, 'flux')).filter((name) => !name.startsWith('backup-'))
  return files.flatMap((name) => {
    const flux: FluxKustomization = parse(readFileSync(join(deploy, 'flux', name), 'utf8'))
    if (flux.kind !== 'Kustomization' || !flux.spec) return []
    const folder = join(deploy, '..', flux.spec.path)
    return rendered(folder, components[flux.metadata.name]).map((object) => {
      if (flux.spec.targetNamespace && !clusterWide.has(object.kind)) {
        object.metadata.namespace = flux.spec.targetNamespace
      }
      return object
    })
  })
}

/** A folder of the bundle with its values in place, and a component on top. */
export function rendered(folder: string, component?: string): Manifest[] {
  const top = makeTempData('kustomization')
  const from = (path: string) => relative(top, path)
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [from(folder)],
    components: component === undefined ? [] : [from(join(deploy, 'components', component))],
  }
  writeFileSync(join(top, 'kustomization.yaml'), stringify(kustomization))
  try {
    const kustomize = join(trixieTree(), 'usr/bin/kustomize')
    const text = execFileSync(kustomize, ['build', top], { encoding: 'utf8' })
    return parseAllDocuments(substituted(text)).map((document) => document.toJS())
  } finally {
    removeTempData(top)
  }
}

/** `${NAME}` and `${NAME:=default}`, as Flux does it. */
export function substituted(text: string): string {
  return text.replace(/\$\{(\w+)(?::=([^}]*))?\}/g, (whole, name, fallback) => {
    return values[name] ?? fallback ?? whole
  })
}
