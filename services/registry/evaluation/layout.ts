// The directories of the evaluation storage: one OCI image layout per repository, at `NAME/_layout` (no part of a name begins
// with `_`, so no repository meets the files of another); what is being uploaded in `_uploads`. One process writes.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
import { constants } from 'node:fs'
import * as fs from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { isTemporary, writeFileAtomic } from '@fuchsbau/shared/atomic-file.ts'
import { createSerial } from '@fuchsbau/shared/serial.ts'
import { type Digest, parseDigest, parseRepository, parseTag, type Repository } from '../name.ts'

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md */
export interface Descriptor {
  mediaType: string
  digest: Digest
  size: number
  artifactType?: string
  annotations?: Record<string, string>
}

/** What index.json says: each manifest by its digest, and once more by each of its tags. */
export type Index = Map<string, Descriptor>

export type BlobFile = { file: fs.FileHandle; size: number }

export const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json'
const TAG = 'org.opencontainers.image.ref.name'
/** Tasks that may wait for one repository; more are refused. */
const MOST_WAITING = 1000
const READ = constants.O_RDONLY | constants.O_NOFOLLOW

export class Layouts {
  readonly #root: string
  /** Runs one task after the other for a repository: all that changes its layout. */
  readonly exclusively = createSerial({ limit: MOST_WAITING }).run

  private constructor(root: string) {
    this.#root = root
  }

  /** Makes the directory if it is missing, and forgets what a killed process left half-written. */
  static async open(directory: string): Promise<Layouts> {
    await fs.mkdir(directory, { recursive: true, mode: 0o700 })
    const layouts = new Layouts(await fs.realpath(directory))
    await fs.rm(layouts.uploadPath(''), { recursive: true, force: true })
    await layouts.#makeDirectory(layouts.uploadPath(''))
    for (const repository of await layouts.repositories()) {
      const layout = layouts.#path(repository)
      const left = (await fs.readdir(layout)).filter(isTemporary)
      for (const name of left) await fs.rm(join(layout, name))
    }
    return layouts
  }

  /** Where a file is written before its digest is known. */
  uploadPath(name: string): string {
    return join(this.#root, '_uploads', name)
  }

  /** All that have a layout, sorted. */
  async repositories(): Promise<Repository[]> {
    const found: Repository[] = []
    await this.#find('', found)
    return found.sort()
  }

  async #find(name: string, found: Repository[]): Promise<void> {
    const repository = parseRepository(name)
    if (name !== '' && !repository) return
    if (repository && (await isInside(this.#path(repository, 'index.json')))) found.push(repository)
    // What is a symbolic link counts as no directory here.
    for (const entry of await fs.readdir(join(this.#root, name), { withFileTypes: true })) {
      if (entry.isDirectory()) await this.#find(join(name, entry.name), found)
    }
  }

  /** Undefined: there is no such repository. Throws when the file holds no index. */
  async index(repository: Repository): Promise<Index | undefined> {
    const path = this.#path(repository, 'index.json')
    return (await isInside(path)) ? parseIndex(await fs.readFile(path, 'utf8')) : undefined
  }

  /** On disk when it returns. */
  writeIndex(repository: Repository, index: Index): void {
    writeFileAtomic(this.#path(repository, 'index.json'), formatIndex(index), { isDurable: true })
  }

  blobPath(repository: Repository, digest: Digest): string {
    return this.#path(repository, join('blobs', digest.replace(':', sep)))
  }

  async openBlob(repository: Repository, digest: Digest): Promise<BlobFile | undefined> {
    const path = this.blobPath(repository, digest)
    const file = (await isInside(path)) && (await unlessAbsent(fs.open(path, READ)))
    return file ? { file, size: (await file.stat()).size } : undefined
  }

  async hasBlob(repository: Repository, digest: Digest): Promise<boolean> {
    return await isInside(this.blobPath(repository, digest))
  }

  /**
   * Within `exclusively`: puts a file, synced, whose digest was verified, to its place, by moving or linking it there. Its name
   * is on disk when this returns.
   */
  async addBlob(file: string, repository: Repository, digest: Digest, put = fs.rename) {
    const path = this.blobPath(repository, digest)
    await this.#makeDirectory(dirname(path))
    if (!(await isInside(this.#path(repository, 'index.json')))) {
      const version = JSON.stringify({ imageLayoutVersion: '1.0.0' })
      writeFileAtomic(this.#path(repository, 'oci-layout'), version, { isDurable: true })
      this.writeIndex(repository, new Map())
    }
    await put(file, path)
    await sync(dirname(path))
  }

  /** Within `exclusively`. Whether it was there. */
  async removeBlob(repository: Repository, digest: Digest): Promise<boolean> {
    const isThere = await this.hasBlob(repository, digest)
    if (isThere) await fs.unlink(this.blobPath(repository, digest))
    return isThere
  }

  #path(repository: Repository, name = ''): string {
    return join(this.#root, repository, '_layout', name)
  }

  /** One by one from the root, so that no symbolic link on the way leads out of it. */
  async #makeDirectory(directory: string): Promise<void> {
    let path = this.#root
    for (const part of relative(this.#root, directory).split(sep)) {
      const parent = path
      path = join(path, part)
      if ((await unlessAbsent(fs.lstat(path)))?.isDirectory()) continue
      await fs.mkdir(path, { mode: 0o700 })
      await sync(parent)
    }
  }
}

/** Throws when this is no index. Names that are no tags (`docker.io/library/alpine:3`, of other tools) are left out. */
function parseIndex(text: string): Index {
  const index: Index = new Map()
  for (const descriptor of JSON.parse(text).manifests) {
    if (!parseDigest(descriptor.digest)) throw new Error(`${descriptor.digest} is no digest`)
    const { [TAG]: tag = '', ...annotations } = descriptor.annotations ?? {}
    index.set(descriptor.digest, { ...descriptor, annotations })
    if (parseTag(tag)) index.set(tag, { ...descriptor, annotations })
  }
  return index
}

/** A manifest once for each of its tags, as the tools want it, or once without. */
function formatIndex(index: Index): string {
  const named = [...index].filter(([key, { digest }]) => key !== digest)
  const tagged = new Set(named.map(([, { digest }]) => digest))
  const manifests = [...index.values()].filter(({ digest }) => !tagged.has(digest))
  for (const [tag, descriptor] of named) {
    manifests.push({ ...descriptor, annotations: { ...descriptor.annotations, [TAG]: tag } })
  }
  return JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests })
}

/** The code of an error of the system. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

const ABSENT = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']

async function unlessAbsent<T>(result: Promise<T>): Promise<T | undefined> {
  return await result.catch((error) => {
    if (!ABSENT.includes(codeOf(error))) throw error
    return undefined
  })
}

/** Whether it is there, and without a symbolic link on the way. */
const isInside = async (path: string) => (await unlessAbsent(fs.realpath(path))) === path

/** Of a file its content, of a directory its names. */
export async function sync(path: string): Promise<void> {
  await using handle = await fs.open(path, READ)
  await handle.sync()
}
