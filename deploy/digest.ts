// Asks registries for the digest of a tag: one HEAD request, with an anonymous token where they want one.
// https://distribution.github.io/distribution/spec/auth/token/ https://github.com/opencontainers/distribution-spec
import { createHash } from 'node:crypto'
import { readJson } from '@fuchsbau/shared/read-json.ts'

export type DigestAnswer = { ok: true; digest: string } | { ok: false; reason: string }

const TIMEOUT_MS = 20_000
const MAX_TOKEN_BYTES = 64 * 1024
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024
/** An index before the manifest of one platform. */
const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

/** Never rejects. Takes 20 s at most. `reference`: HOST/NAME:TAG. */
export async function lookUpDigest(reference: string): Promise<DigestAnswer> {
  const [, host = '', name = '', tag = ''] = /^([^/]+)\/(.+):([\w.-]+)$/.exec(reference) ?? []
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  try {
    return await look(`${baseOf(host)}/v2/${name}/manifests/${tag}`, { host, name, signal })
  } catch (error) {
    return { ok: false, reason: reasonOf(host, error) }
  }
}

type About = { host: string; name: string; signal: AbortSignal }

async function look(url: string, about: About): Promise<DigestAnswer> {
  const { host, name, signal } = about
  const ask = async (method: string, token?: string) => {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
    return await fetch(url, { method, signal, headers: { accept: ACCEPT, ...authorization } })
  }
  let token: string | undefined
  let response = await ask('HEAD')
  if (response.status === 401) {
    token = await anonymousToken(response.headers.get('www-authenticate') ?? '', about)
    if (token === undefined)
      return { ok: false, reason: `${host} gives nobody a token for ${name}` }
    response = await ask('HEAD', token)
  }
  const { status } = response
  if (status === 404) return { ok: false, reason: `${host} has no such tag of ${name}` }
  if (status === 401 || status === 403)
    return { ok: false, reason: `${host} wants a login for ${name}` }
  if (status === 429)
    return { ok: false, reason: `${host} has had too many requests: try again later` }
  if (status !== 200) return { ok: false, reason: `${host} answers ${status}` }
  const told = response.headers.get('docker-content-digest')
  const digest = told ?? digestOf(await bytesOf(await ask('GET', token)))
  return /^sha256:[0-9a-f]{64}$/.test(digest)
    ? { ok: true, digest }
    : { ok: false, reason: `${host} names a digest that is none of SHA-256` }
}

/** Undefined: none is given without a login. */
async function anonymousToken(
  challenge: string,
  { host, name, signal }: About,
): Promise<string | undefined> {
  const part = (key: string) => new RegExp(`\\b${key}="([^"]*)"`).exec(challenge)?.[1]
  const realm = URL.parse(part('realm') ?? '')
  if (!/^bearer /i.test(challenge) || !realm) return
  if (realm.protocol !== 'https:' && !isLoopback(host)) return
  const service = part('service')
  if (service !== undefined) realm.searchParams.set('service', service)
  realm.searchParams.set('scope', part('scope') ?? `repository:${name}:pull`)
  const response = await fetch(realm, { signal })
  if (!response.ok) return
  const { token, access_token: other } = await readJson(response, { maxBytes: MAX_TOKEN_BYTES })
  const given = token ?? other
  return typeof given === 'string' ? given : undefined
}

async function bytesOf(response: Response): Promise<Buffer> {
  if (!response.ok) throw new Error(`answers ${response.status}`)
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.byteLength
    if (size > MAX_MANIFEST_BYTES) throw new Error('has a manifest of more than 4 MiB')
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** Docker's registry is not where its name says. */
function baseOf(host: string): string {
  if (host === 'docker.io') return 'https://registry-1.docker.io'
  return `${isLoopback(host) ? 'http' : 'https'}://${host}`
}

function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3})(?::\d+)?$/.test(host)
}

function reasonOf(host: string, error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: unknown } }
  if (name === 'TimeoutError') return `${host} does not answer`
  if (typeof cause?.code === 'string') return `${host} cannot be reached: ${cause.code}`
  return `${host}: ${message}`
}
