// Which endpoint of the registry a request means, and what it needs: the one place where a path below /v2/ is read.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints
import { OciError } from './errors.ts'
import {
  type Digest,
  parseDigest,
  parseReference,
  parseRepository,
  type Reference,
  type Repository,
} from './name.ts'

export type Endpoint =
  /** `/v2/` */
  | { kind: 'base' }
  | { kind: 'catalog' }
  | { kind: 'tags'; repository: Repository }
  | { kind: 'manifest'; repository: Repository; reference: Reference }
  | { kind: 'blob'; repository: Repository; digest: Digest }
  /** Begins an upload, or mounts a blob. */
  | { kind: 'uploads'; repository: Repository }
  /** One that has begun, by the upstream's name for it. */
  | { kind: 'upload'; repository: Repository; id: string }
  | { kind: 'referrers'; repository: Repository; digest: Digest }
  /** What an upstream has beyond the specification: `/v2/_zot/ext/…`. */
  | { kind: 'extension'; path: string }

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What each endpoint understands. */
const METHODS: Readonly<Record<Endpoint['kind'], readonly Method[]>> = {
  base: ['GET', 'HEAD'],
  catalog: ['GET', 'HEAD'],
  tags: ['GET', 'HEAD'],
  manifest: ['GET', 'HEAD', 'PUT', 'DELETE'],
  blob: ['GET', 'HEAD', 'DELETE'],
  uploads: ['POST'],
  upload: ['GET', 'HEAD', 'PATCH', 'PUT', 'DELETE'],
  referrers: ['GET', 'HEAD'],
  extension: ['GET', 'HEAD', 'POST'],
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/extensions/README.md */
const EXTENSION = /^_[a-z][a-z0-9-]*(?:\/[\w.-]+)+$/

/** An upload's name is the upstream's; what it may hold cannot lead out of its path. */
const UPLOAD_ID = /^[\w.=-]{1,256}$/

/**
 * The endpoint of a path (without the query), and nothing else than that: paths with dots, doubled slashes or escapes are
 * nowhere. Throws OciError: 404 for what is no endpoint, the codes of the specification for bad names, 405 for methods.
 */
export function endpointOf(method: string, path: string): Endpoint {
  const endpoint = find(decodeColon(path), method)
  if (!endpoint) throw new OciError('NAME_UNKNOWN', 'There is nothing at this address.')
  const methods: readonly string[] = METHODS[endpoint.kind]
  if (!methods.includes(method)) {
    throw new OciError('UNSUPPORTED', `${method} is not possible here.`, {
      status: 405,
      headers: { allow: methods.join(', ') },
    })
  }
  return endpoint
}

/** Some clients escape the colon of a digest. No other escape has a meaning in any name. */
const decodeColon = (path: string) => path.replaceAll(/%3a/gi, ':')

function find(path: string, method: string): Endpoint | undefined {
  if (path === '/v2/' || path === '/v2') return { kind: 'base' }
  if (!path.startsWith('/v2/')) return
  const rest = path.slice(4)
  if (rest === '_catalog') return { kind: 'catalog' }
  if (rest.startsWith('_')) return EXTENSION.test(rest) ? extension(rest) : undefined
  return findInRepository(rest, method)
}

function extension(path: string): Endpoint | undefined {
  const hasDots = path.split('/').some((part) => part === '.' || part === '..')
  return hasDots ? undefined : { kind: 'extension', path }
}

/** From the right: a name may have a part that is called `manifests`, too. */
function findInRepository(rest: string, method: string): Endpoint | undefined {
  const parts = rest.split('/')
  const [last = '', before, third] = parts.toReversed()
  const name = (dropped: number) => repositoryOf(parts.slice(0, -dropped).join('/'))
  if (before === 'tags' && last === 'list') return { kind: 'tags', repository: name(2) }
  if (before === 'manifests') {
    return { kind: 'manifest', repository: name(2), reference: referenceOf(last, method) }
  }
  if (before === 'uploads' && third === 'blobs') {
    if (last === '') return { kind: 'uploads', repository: name(3) }
    if (UPLOAD_ID.test(last)) return { kind: 'upload', repository: name(3), id: last }
    throw new OciError('BLOB_UPLOAD_UNKNOWN', 'There is no such upload.')
  }
  if (before === 'blobs') {
    // Without the slash at its end, as some clients ask for it.
    if (last === 'uploads') return { kind: 'uploads', repository: name(2) }
    return { kind: 'blob', repository: name(2), digest: digestOf(last) }
  }
  if (before === 'referrers') {
    return { kind: 'referrers', repository: name(2), digest: digestOf(last) }
  }
  return
}

function repositoryOf(text: string): Repository {
  const repository = parseRepository(text)
  if (repository) return repository
  throw new OciError(
    'NAME_INVALID',
    'The name of a repository has parts of a–z, 0–9, ".", "_" and "-", separated by "/", and at most 255 characters.',
  )
}

/** What cannot be there is unknown to who asks for it, and invalid from who brings it. */
function referenceOf(text: string, method: string): Reference {
  const reference = parseReference(text)
  if (reference) return reference
  const isBrought = method === 'PUT'
  if (isBrought && text.includes(':')) throw new OciError('DIGEST_INVALID', 'This is no digest.')
  throw new OciError(
    isBrought ? 'MANIFEST_INVALID' : 'MANIFEST_UNKNOWN',
    'This is neither a tag nor a digest.',
  )
}

function digestOf(text: string): Digest {
  const digest = parseDigest(text)
  if (digest) return digest
  throw new OciError('DIGEST_INVALID', 'This is not a digest.')
}
