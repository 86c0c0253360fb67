// The endpoints of blobs and their uploads. Uploads are known to this process alone: what a killed one left is deleted at
// the start, and clients begin anew. https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs
import { createHash, type Hash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { link, open, rm } from 'node:fs/promises'
import { OciError } from '../errors.ts'
import { type Digest, parseDigest, parseRepository, type Repository } from '../name.ts'
import { answer, answerFile, type Exchange } from './exchange.ts'
import { sync } from './layout.ts'

export interface Upload {
  id: string
  path: string
  repository: Repository
  /** What has arrived and was written, and its hash. */
  size: number
  hash: Hash
  algorithm: string
  isBusy: boolean
  usedAtMs: number
}

/** After so long without a request an upload is given up; sooner when there are too many, so that nobody can fill the list. */
const IDLE_MS = { usual: 24 * 60 * 60_000, crowded: 5 * 60_000 }
const MOST_UPLOADS = 1000

const unknown = () => new OciError('BLOB_UNKNOWN', 'There is no such blob here.')

export async function getBlob(at: Exchange, repository: Repository, digest: Digest) {
  const opened = await at.layouts.openBlob(repository, digest)
  if (!opened) throw unknown()
  await answerFile(at, opened, digest, 'application/octet-stream')
}

export async function deleteBlob(at: Exchange, repository: Repository, digest: Digest) {
  await at.layouts.exclusively(repository, async () => {
    const isManifest = (await at.layouts.index(repository))?.has(digest)
    if (isManifest) throw new OciError('DENIED', 'This is a manifest: delete it as such.')
    if (!(await at.layouts.removeBlob(repository, digest))) throw unknown()
  })
  answer(at, 202)
}

/** A whole blob, one from another repository, or the beginning of an upload. */
export async function beginUpload(at: Exchange, repository: Repository): Promise<void> {
  const mount = at.query.get('mount')
  if (mount !== null && (await mountBlob(at, repository, digestOf(mount)))) return
  const said = mount === null ? at.query.get('digest') : null
  const digest = said === null ? undefined : digestOf(said)
  // Probably the one that the digest will have; another costs a second look at the file.
  const upload = await newUpload(at, repository, digest?.split(':')[0] ?? 'sha256')
  if (!digest) return answer(at, 202, headersOf(upload))
  try {
    await finish(at, upload, digest)
  } finally {
    await drop(at, upload)
  }
}

/** Without `from`, any repository will do that may be read. False: it has to be uploaded. */
async function mountBlob(at: Exchange, repository: Repository, digest: Digest): Promise<boolean> {
  const { layouts, query, may } = at
  const from = query.get('from')
  for (const source of from === null ? await layouts.repositories() : [parseRepository(from)]) {
    if (!source || !(await layouts.hasBlob(source, digest))) continue
    if (!(await may({ repository: source, action: 'pull' }))) continue
    const add = () => layouts.addBlob(layouts.blobPath(source, digest), repository, digest, link)
    // It is there already, or the file system has no hard links.
    await layouts.exclusively(repository, add).catch(() => undefined)
    if (!(await layouts.hasBlob(repository, digest))) return false
    answer(at, 201, placeOf(repository, digest))
    return true
  }
  return false
}

async function newUpload(at: Exchange, repository: Repository, algorithm: string) {
  const usedAtMs = at.clock.now()
  const idleMs = IDLE_MS[at.uploads.size < MOST_UPLOADS ? 'usual' : 'crowded']
  for (const upload of at.uploads.values()) {
    if (!upload.isBusy && usedAtMs - upload.usedAtMs > idleMs) await drop(at, upload)
  }
  if (at.uploads.size >= MOST_UPLOADS) throw new OciError('TOOMANYREQUESTS', 'Try again later.')
  const id = randomBytes(16).toString('hex')
  const start = { path: at.layouts.uploadPath(id), size: 0, hash: createHash(algorithm), algorithm }
  const upload: Upload = { id, repository, ...start, isBusy: false, usedAtMs }
  at.uploads.set(id, upload)
  return upload
}

/** One request at a time. */
export async function changeUpload(at: Exchange, repository: Repository, id: string) {
  const upload = at.uploads.get(id)
  if (upload?.repository !== repository) {
    throw new OciError('BLOB_UPLOAD_UNKNOWN', 'There is no such upload (any more): begin again.')
  }
  const { method } = at.request
  if (method === 'GET' || method === 'HEAD') return answer(at, 204, headersOf(upload))
  const digest = method === 'PUT' ? digestOf(at.query.get('digest') ?? '') : undefined
  if (upload.isBusy) throw new OciError('BLOB_UPLOAD_INVALID', 'It is busy.', { status: 409 })
  upload.isBusy = true
  try {
    if (digest) return await finish(at, upload, digest)
    await (method === 'DELETE' ? drop(at, upload) : receive(at, upload))
    answer(at, method === 'DELETE' ? 204 : 202, headersOf(upload))
  } finally {
    upload.isBusy = false
    upload.usedAtMs = at.clock.now()
  }
}

/**
 * Appends the body of a request; chunks come in order. What has arrived of one that is cut off stays, for a client that goes
 * on behind it. https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks
 */
async function receive(at: Exchange, upload: Upload): Promise<void> {
  const range = at.request.headers['content-range']
  const [, first, last] = /^(\d{1,15})-(\d{1,15})$/.exec(range ?? '') ?? []
  if (range !== undefined && Number(first) !== upload.size) {
    const refusal = { status: 416, headers: headersOf(upload) }
    throw new OciError('BLOB_UPLOAD_INVALID', 'Chunks come in order.', refusal)
  }
  await using file = await open(upload.path, 'a', 0o600)
  // The connection is still needed for the answer.
  for await (const chunk of at.request.iterator({ destroyOnReturn: false })) {
    await file.writeFile(chunk).catch(async (error) => {
      await drop(at, upload)
      throw error
    })
    upload.hash.update(chunk)
    upload.size += chunk.length
  }
  if (range === undefined || upload.size === Number(last) + 1) return
  await drop(at, upload)
  throw new OciError('SIZE_INVALID', 'The chunk is not as long as its Content-Range says.')
}

/** Makes it a blob, or nothing. */
async function finish(at: Exchange, upload: Upload, digest: Digest): Promise<void> {
  await receive(at, upload)
  const { path, repository } = upload
  const [algorithm = '', hex] = digest.split(':')
  try {
    const hash = algorithm === upload.algorithm ? upload.hash : await hashFile(path, algorithm)
    if (hash.digest('hex') !== hex) throw new OciError('DIGEST_INVALID', 'It has another digest.')
    await sync(path)
    await at.layouts.exclusively(repository, () => at.layouts.addBlob(path, repository, digest))
  } finally {
    await drop(at, upload)
  }
  answer(at, 201, placeOf(repository, digest))
}

async function drop({ uploads }: Exchange, { id, path }: Upload): Promise<void> {
  uploads.delete(id)
  await rm(path, { force: true })
}

async function hashFile(path: string, algorithm: string): Promise<Hash> {
  const hash = createHash(algorithm)
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash
}

function headersOf({ repository, id, size }: Upload): Record<string, string> {
  const location = `/v2/${repository}/blobs/uploads/${id}`
  return { location, range: `0-${Math.max(0, size - 1)}`, 'docker-upload-uuid': id }
}

function placeOf(repository: Repository, digest: Digest): Record<string, string> {
  return { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest }
}

function digestOf(text: string): Digest {
  const digest = parseDigest(text)
  if (digest) return digest
  throw new OciError('DIGEST_INVALID', 'The parameter digest (or mount) must be a digest.')
}
