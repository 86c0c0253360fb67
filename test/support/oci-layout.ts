// Small container images for tests, made without a network: OCI image layouts with layers of random content.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** A reference to a blob; its keys are the specification's. */
export interface Descriptor {
  mediaType: string
  digest: string
  size: number
  annotations?: Record<string, string>
  platform?: { os: string; architecture: string; variant?: string }
}

/** What an image is made of. */
export interface OciLayoutOptions {
  /** Bytes of random content in each layer; one layer of 1,024 when absent. Made in memory: at most 1 GiB each. */
  layers?: readonly number[]
  /** Such as `linux/arm64/v8`; two or more make an index. `linux/amd64` when absent. */
  platforms?: readonly string[]
  /** Of the layout's one image; `latest` when absent. */
  tag?: string
  annotations?: Record<string, string>
}

/** One image for one platform. */
export interface OciManifest {
  descriptor: Descriptor
  config: Descriptor
  layers: Descriptor[]
}

/** What was written. */
export interface OciLayout {
  directory: string
  tag: string
  /** Of the image, or of the index when there are several platforms. */
  digest: string
  mediaType: string
  manifests: OciManifest[]
}

const types = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const

/** Writes a layout into a directory that is made; whoever may enter it may read it. */
export function writeOciLayout(directory: string, options: OciLayoutOptions = {}): OciLayout {
  const { layers = [1_024], platforms = ['linux/amd64'], tag = 'latest', annotations } = options
  const blobs = join(directory, 'blobs', 'sha256')
  mkdirSync(blobs, { recursive: true })

  const add = (mediaType: string, content: Buffer | object): Descriptor => {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content))
    const hash = sha256(bytes)
    writeFileSync(join(blobs, hash), bytes)
    return { mediaType, digest: `sha256:${hash}`, size: bytes.length }
  }
  const addImage = (platform: NonNullable<Descriptor['platform']>): OciManifest => {
    const tars = layers.map((size, index) => tarOf(`layer-${index}`, randomBytes(size)))
    const config = add(types.config, {
      ...platform,
      config: {},
      rootfs: { type: 'layers', diff_ids: tars.map((tar) => `sha256:${sha256(tar)}`) },
    })
    const packed = tars.map((tar) => add(types.layer, gzipSync(tar, { level: 1 })))
    const manifest = { schemaVersion: 2, mediaType: types.manifest, config, layers: packed }
    const descriptor = add(types.manifest, { ...manifest, ...(annotations && { annotations }) })
    return { descriptor: { ...descriptor, platform }, config, layers: packed }
  }

  const manifests = platforms.map((platform) => addImage(parsePlatform(platform)))
  const descriptors = manifests.map(({ descriptor }) => descriptor)
  const [first] = descriptors
  if (first === undefined) throw new Error('an image has one platform at least')
  const top =
    descriptors.length === 1
      ? first
      : add(types.index, {
          schemaVersion: 2,
          mediaType: types.index,
          manifests: descriptors,
          ...(annotations && { annotations }),
        })
  const named = { ...top, annotations: { 'org.opencontainers.image.ref.name': tag } }
  const index = { schemaVersion: 2, mediaType: types.index, manifests: [named] }
  writeFileSync(join(directory, 'index.json'), JSON.stringify(index))
  writeFileSync(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
  return { directory, tag, digest: top.digest, mediaType: top.mediaType, manifests }
}

function parsePlatform(text: string): NonNullable<Descriptor['platform']> {
  const [os = '', architecture = '', variant] = text.split('/')
  return { os, architecture, ...(variant !== undefined && { variant }) }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A tar of one file, in the ustar format of POSIX.1-1988. */
function tarOf(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512)
  const octal = (value: number, length: number) => value.toString(8).padStart(length - 1, '0')
  header.write(name, 0)
  header.write(octal(0o644, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(content.length, 12), 124)
  header.write(octal(0, 12), 136)
  // The checksum counts its own field as spaces.
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\0' + '00', 257)
  const checksum = header.reduce((sum, byte) => sum + byte, 0)
  header.write(`${octal(checksum, 7)}\0 `, 148)
  const padding = Buffer.alloc(((512 - (content.length % 512)) % 512) + 1024)
  return Buffer.concat([header, content, padding])
}
