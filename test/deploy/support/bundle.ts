// The bundle as Flux builds it: every Kustomization of deploy/flux, by the real `flux build`, with values put in strictly.
import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { settings, type Values } from '../../../deploy/settings.ts'
import { createCa } from '../../support/ca.ts'
import { programOf } from '../../support/peers.ts'
import { makeTempData, removeTempData } from '../../support/temp-data.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../../..')

/** An object of Kubernetes. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
  }
  // biome-ignore lint/suspicious/noExplicitAny: tests look into objects of every kind.
  [field: string]: any
}

/** A Kustomization of Flux, and what it applies. */
export interface Part {
  name: string
  flux: KubeObject
  objects: KubeObject[]
}

/** A copy of deploy/ that a test may spoil before it is built. */
export interface BundleCopy extends Disposable {
  /** Its deploy/. */
  readonly directory: string
  /** What one Kustomization of Flux applies. */
  build(flux: KubeObject): Promise<KubeObject[]>
  /** Every Kustomization with what it applies. Rejects with what `flux build` says. */
  parts(): Promise<Part[]>
}

/** Values for each setting that has no default, as `deploy init` would write them. */
export async function exampleValues(): Promise<Values> {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
  const ca = await createCa()
  const special: Values = {
    COSIGN_KEY: key.export({ type: 'spki', format: 'der' }).toString('base64'),
    VAULT_CA: Buffer.from(ca.pem).toString('base64'),
    REGISTRY_IMAGE: `ghcr.io/you/fuchsbau-registry:0.1.0@sha256:${'0'.repeat(64)}`,
  }
  await ca.close()
  const required = settings.filter(({ fallback }) => fallback === undefined)
  return Object.fromEntries(
    required.map(({ name, example }) => [name, special[name] ?? example] as const),
  )
}

/** Copies deploy/. `values`: what is put in. */
export function copyBundle(values: Values): BundleCopy {
  const top = makeTempData('bundle')
  const directory = join(top, 'deploy')
  cpSync(join(root, 'deploy'), directory, { recursive: true })
  return {
    directory,
    build: (flux) => fluxBuild(top, flux, values),
    async parts() {
      const flux = await fluxBuild(top, rootKustomization(), values)
      const parts: Part[] = []
      for (const each of flux.filter(({ kind }) => kind === 'Kustomization')) {
        const objects = await fluxBuild(top, each, values)
        parts.push({ name: each.metadata.name, flux: each, objects })
      }
      return parts
    },
    [Symbol.dispose]: () => removeTempData(top),
  }
}

/** Every Kustomization of deploy/ with what it applies, with the example's values. */
export async function buildBundle(): Promise<Part[]> {
  using copy = copyBundle(await exampleValues())
  return await copy.parts()
}

/** Runs `flux build` for a Kustomization on a copy; the values stand for the ConfigMap that is in the cluster. */
async function fluxBuild(top: string, flux: KubeObject, values: Values): Promise<KubeObject[]> {
  const { name } = flux.metadata
  const { postBuild, ...spec } = flux.spec
  const substitute = { ...values, ...postBuild?.substitute }
  const file = join(top, `${name}.yaml`)
  const metadata = { namespace: 'flux-system', ...flux.metadata }
  writeFileSync(
    file,
    stringify({ ...flux, metadata, spec: { ...spec, postBuild: postBuild && { substitute } } }),
  )
  const args = [
    '--dry-run',
    '--strict-substitute',
    '--in-memory-build',
    '--kustomization-file',
    file,
  ]
  const path = join(top, flux.spec.path)
  const { stdout } = await run(
    programOf('flux'),
    ['build', 'kustomization', name, ...args, '--path', path],
    { maxBuffer: 64 * 1024 * 1024, cwd: top, env: { ...process.env, HOME: top } },
  )
  return objectsOf(stdout)
}

/** The objects of a YAML stream. */
export function objectsOf(text: string): KubeObject[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null)
}

/** What the overlay's fuchsbau.yaml has. */
function rootKustomization(): KubeObject {
  return parse(`
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: fuchsbau }
spec:
  interval: 1h
  prune: true
  sourceRef: { kind: GitRepository, name: fuchsbau }
  path: ./deploy/flux
  postBuild: { substituteFrom: [{ kind: ConfigMap, name: fuchsbau-settings }] }
`) as KubeObject
}
