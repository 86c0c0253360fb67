// The endpoints of manifests, tags and referrers.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints
import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { OciError } from '../errors.ts'
import {
  type Digest,
  digestLike,
  formatReference,
  parseTag,
  type Reference,
  type Repository,
} from '../name.ts'
import { answer, answerFile, answerPage, type Exchange } from './exchange.ts'
import { type Descriptor, INDEX_TYPE, type Index } from './layout.ts'
import { parseManifest } from './manifest.ts'

/** Annotation in index.json: what it refers to, so that nobody has to read all manifests to find the referrers of one. */
const SUBJECT = 'io.fuchsbau.subject'

const unknown = () => new OciError('MANIFEST_UNKNOWN', 'There is no such manifest here.')

async function getManifest(at: Exchange, repository: Repository, reference: Reference) {
  const index = await at.layouts.index(repository)
  const found = index?.get(formatReference(reference))
  const opened = found && (await at.layouts.openBlob(repository, found.digest))
  if (!opened) throw unknown()
  await answerFile(at, opened, found.digest, found.mediaType)
}

async function putManifest(at: Exchange, repository: Repository, reference: Reference) {
  const { request, query, layouts } = at
  const bytes = await readAll(request, at.manifestBytes)
  const digest = verify(bytes, reference)
  const manifest = await parseManifest(bytes, request.headers['content-type'])
  const { mediaType, subject, artifactType, references } = manifest
  const referrer = subject && { artifactType, annotations: { [SUBJECT]: subject } }
  const descriptor = { mediaType, digest, size: bytes.length, ...referrer }
  const more = reference.kind === 'tag' ? [] : query.getAll('tag')
  if (!more.every(parseTag)) throw new OciError('MANIFEST_INVALID', 'tag is not a tag.')
  const file = layouts.uploadPath(randomBytes(16).toString('hex'))
  const store = async () => {
    const index: Index = (await layouts.index(repository)) ?? new Map()
    for (const { digest: each, isManifest } of references) {
      if (isManifest ? index.has(each) : await layouts.hasBlob(repository, each)) continue
      throw new OciError('MANIFEST_BLOB_UNKNOWN', `It refers to ${each}: push that first.`)
    }
    await layouts.addBlob(file, repository, digest)
    const keys = [digest, formatReference(reference), ...more]
    for (const key of keys) index.set(key, descriptor)
    layouts.writeIndex(repository, index)
  }
  try {
    await writeFile(file, bytes, { flag: 'wx', mode: 0o600, flush: true })
    await layouts.exclusively(repository, store)
  } finally {
    await rm(file, { force: true })
  }
  answer(at, 201, {
    location: `/v2/${repository}/manifests/${digest}`,
    'docker-content-digest': digest,
    ...(subject && { 'oci-subject': subject }),
    ...(more.length > 0 && { 'oci-tag': more.join(', ') }),
  })
}

/** Of a tag the name alone; of a digest the manifest and all of its tags. */
async function deleteManifest(at: Exchange, repository: Repository, reference: Reference) {
  await at.layouts.exclusively(repository, async () => {
    const index: Index = (await at.layouts.index(repository)) ?? new Map()
    if (!index.delete(formatReference(reference))) throw unknown()
    for (const [key, { digest }] of index) {
      if (reference.kind === 'digest' && digest === reference.digest) index.delete(key)
    }
    at.layouts.writeIndex(repository, index)
    if (reference.kind === 'digest') await at.layouts.removeBlob(repository, reference.digest)
  })
  answer(at, 202)
}

/** By what they need. */
export const verbs = { pull: getManifest, push: putManifest, delete: deleteManifest }

export async function listTags(at: Exchange, repository: Repository): Promise<void> {
  const index = await at.layouts.index(repository)
  if (!index) throw new OciError('NAME_UNKNOWN', 'There is no such repository.')
  const all = [...index.keys()].filter(parseTag).sort()
  answerPage(at, all, (page) => ({ name: repository, tags: page }))
}

export async function listReferrers(at: Exchange, repository: Repository, subject: Digest) {
  const index: Index = (await at.layouts.index(repository)) ?? new Map()
  const type = at.query.get('artifactType')
  const manifests: Descriptor[] = []
  for (const [key, one] of index) {
    const isIt = key === one.digest && one.annotations?.[SUBJECT] === subject
    if (!isIt || (type || one.artifactType) !== one.artifactType) continue
    const opened = await at.layouts.openBlob(repository, one.digest)
    await using file = opened?.file
    const bytes = await file?.readFile()
    const { annotations } = bytes ? await parseManifest(bytes, one.mediaType) : {}
    manifests.push({ ...one, annotations: annotations ?? {} })
  }
  const filters = type && { 'oci-filters-applied': 'artifactType' }
  const headers = { 'content-type': INDEX_TYPE, ...filters }
  answer(at, 200, headers, { schemaVersion: 2, mediaType: INDEX_TYPE, manifests })
}

/** The digest of what was sent, which must be that of the address, if there is one. */
function verify(bytes: Buffer, reference: Reference): Digest {
  const said = reference.kind === 'digest' ? reference.digest : undefined
  const digest = digestLike(said, bytes)
  if ((said ?? digest) === digest) return digest
  throw new OciError('DIGEST_INVALID', 'The manifest has another digest than its address says.')
}

async function readAll(request: IncomingMessage, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let left = mostBytes
  // The connection is still needed for the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    left -= chunk.length
    if (left < 0) throw new OciError('SIZE_INVALID', 'It is too long.', { status: 413 })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
