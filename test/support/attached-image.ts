// Images with everything that tools attach to them, made by hand and without tools: platforms, configuration, history,
// signatures of cosign in its forms, attestations, SBOMs. Keys are made for the test.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { digestOf, MANIFEST, pushBlob, pushManifest } from './registry-image.ts'
import type { RegistryProcess } from './registry-process.ts'

export const INDEX = 'application/vnd.oci.image.index.v1+json'
export const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json'
const CONFIG = 'application/vnd.oci.image.config.v1+json'
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
const EMPTY = 'application/vnd.oci.empty.v1+json'

/** What points at something that was pushed. */
export interface Pushed {
  mediaType: string
  digest: string
  size: number
  annotations?: Record<string, string>
  /** The bytes of a manifest. */
  body?: string
}

export interface Signer {
  /** Of the public key. */
  pem: string
  sign(bytes: Buffer | string): string
}

export function makeSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (bytes) => signWith(privateKey, bytes),
  }
}

const signWith = (key: KeyObject, bytes: Buffer | string) =>
  sign('sha256', Buffer.from(bytes), key).toString('base64')

/** Pushes into one repository, as its owner. */
export function pusherTo(registry: RegistryProcess, repository: string) {
  const blob = async (mediaType: string, content: Buffer | object): Promise<Pushed> => {
    const bytes = Buffer.from(Buffer.isBuffer(content) ? content : JSON.stringify(content))
    await must(await pushBlob(registry, registry.owner, repository, bytes))
    return { mediaType, digest: digestOf(bytes), size: bytes.length }
  }

  /** Under a tag, or by its digest. */
  const manifest = async (fields: object, tag?: string): Promise<Pushed> => {
    const body = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, ...fields })
    const { mediaType } = JSON.parse(body)
    const reference = tag ?? digestOf(body)
    const path = `/v2/${repository}/manifests/${reference}`
    const headers = { 'content-type': mediaType }
    if (mediaType === MANIFEST) {
      await must(await pushManifest(registry, registry.owner, repository, reference, body))
    } else {
      await must(await registry.request(path, { method: 'PUT', as: registry.owner, headers, body }))
    }
    return { mediaType, digest: digestOf(body), size: Buffer.byteLength(body), body }
  }

  /** An image of two layers and three steps. `config`: more of its configuration. */
  const image = async (word: string, tag?: string, config: object = {}): Promise<Pushed> => {
    const base = await blob(LAYER, Buffer.alloc(30_000, `base of ${word}`))
    const app = await blob(LAYER, Buffer.alloc(5_000, word))
    const described = await blob(CONFIG, {
      os: 'linux',
      architecture: 'amd64',
      created: '2026-03-04T05:06:07Z',
      config: { Entrypoint: ['/app', '--name', word], Env: ['PATH=/bin', `WORD=${word}`] },
      history: [
        { created_by: 'ADD base / # buildkit' },
        { created_by: 'ENV WORD=x', empty_layer: true },
        { created_by: 'COPY app /app # buildkit' },
      ],
      ...config,
    })
    return await manifest({ config: described, layers: [base, app] }, tag)
  }

  /** A document that refers to something, as `oras attach` and cosign 3 write it. */
  const attach = async (to: Pushed, mediaType: string, content: object, annotations?: object) => {
    const empty = await blob(EMPTY, {})
    const layer = await blob(mediaType, content)
    const { mediaType: type, digest, size } = to
    const subject = { mediaType: type, digest, size }
    return await manifest({
      artifactType: mediaType,
      config: empty,
      layers: [layer],
      subject,
      ...(annotations && { annotations }),
    })
  }

  /** What cosign 2 keeps under a tag made of the digest. */
  const underTag = async (of: Pushed, end: string, layers: Pushed[]) => {
    const config = await blob(CONFIG, { rootfs: { type: 'layers', diff_ids: [] } })
    return await manifest({ config, layers }, `${of.digest.replace(':', '-')}.${end}`)
  }

  return { blob, manifest, image, attach, underTag }
}

async function must(response: Response): Promise<void> {
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`)
}

/** https://github.com/in-toto/attestation/blob/v1.1.0/spec/v1/statement.md */
export function statementOf(digest: string, predicateType: string, predicate: unknown): object {
  const [algorithm = '', hex] = digest.split(':')
  const subject = [{ name: 'image', digest: { [algorithm]: hex } }]
  return { _type: 'https://in-toto.io/Statement/v1', subject, predicateType, predicate }
}

/** https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md */
export function envelopeOf(signer: Signer, statement: object): object {
  const payload = JSON.stringify(statement)
  const payloadType = 'application/vnd.in-toto+json'
  const signed = `DSSEv1 ${payloadType.length} ${payloadType} ${Buffer.byteLength(payload)} ${payload}`
  return {
    payloadType,
    payload: Buffer.from(payload).toString('base64'),
    signatures: [{ sig: signer.sign(signed) }],
  }
}

export const bundleOf = (content: object) => ({ mediaType: BUNDLE, ...content })

/** A bundle that signs the bytes of a manifest. */
export function messageBundle(signer: Signer, manifest: string): object {
  const digest = Buffer.from(digestOf(manifest).slice(7), 'hex').toString('base64')
  const messageDigest = { algorithm: 'SHA2_256', digest }
  return bundleOf({ messageSignature: { messageDigest, signature: signer.sign(manifest) } })
}

/** https://cyclonedx.org/docs/1.6/json/ */
export function cycloneDx(components: object[]): object {
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: 'urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79',
    metadata: {
      timestamp: '2026-05-06T07:08:09Z',
      tools: { components: [{ type: 'application', name: 'syft', version: '1.30' }] },
      component: { type: 'container', name: 'den/app', version: '1' },
    },
    components,
  }
}

/** https://spdx.github.io/spdx-spec/v2.3/ */
export function spdx(packages: object[]): object {
  return {
    spdxVersion: 'SPDX-2.3',
    name: 'den/app',
    documentNamespace: 'https://spdx.test/den/app',
    creationInfo: { created: '2026-05-06T07:08:09Z', creators: ['Tool: trivy-0.60'] },
    packages,
  }
}

/** https://slsa.dev/spec/v1.1/provenance */
export const provenance = {
  buildDefinition: {
    buildType: 'https://mobyproject.org/buildkit@v1',
    externalParameters: {
      workflow: { repository: 'https://git.test/den/app', ref: 'refs/heads/main' },
    },
    resolvedDependencies: [{ uri: 'pkg:docker/alpine@3.20', digest: { sha256: 'ab'.repeat(32) } }],
  },
  runDetails: {
    builder: { id: 'https://ci.test/runner' },
    metadata: { invocationId: 'run 7', startedOn: '2026-05-06T07:00:00Z' },
  },
}
