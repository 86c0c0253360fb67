// Which headers go on, in both directions. What is not listed stays here: cookies, credentials, and what belongs to one hop.
import type { IncomingHttpHeaders } from 'node:http'

const TO_UPSTREAM = [
  'accept',
  'content-type',
  'content-range',
  'range',
  'if-none-match',
  'if-match',
  'if-range',
  'if-modified-since',
  'user-agent',
] as const

const TO_CLIENT = [
  'accept-ranges',
  'content-disposition',
  'content-length',
  'content-range',
  'content-type',
  'docker-content-digest',
  'docker-distribution-api-version',
  'docker-upload-uuid',
  'etag',
  'last-modified',
  'oci-chunk-min-length',
  'oci-filters-applied',
  'oci-subject',
  'oci-tag',
  'range',
  'retry-after',
  'warning',
] as const

/** What people upload must not act as a page of ours: the pages are on the same host. */
export const HARMLESS = {
  'content-security-policy': "default-src 'none'; sandbox",
  'x-content-type-options': 'nosniff',
  'docker-distribution-api-version': 'registry/2.0',
}

export function toUpstream(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name of TO_UPSTREAM) {
    const value = headers[name]
    if (typeof value === 'string') kept[name] = value
  }
  return kept
}

/** `rewrite` makes addresses of the upstream ours. */
export function toClient(
  headers: ReadonlyMap<string, string>,
  rewrite: (location: string) => string | undefined,
): Record<string, string> {
  const kept: Record<string, string> = { ...HARMLESS }
  for (const name of TO_CLIENT) {
    const value = headers.get(name)
    if (value !== undefined) kept[name] = value
  }
  const location = headers.get('location')
  const ours = location === undefined ? undefined : rewrite(location)
  if (ours !== undefined) kept['location'] = ours
  const link = headers.get('link')
  const next = /^<([^>]{1,4096})>(;\s*rel="?next"?)$/.exec(link ?? '')
  const page = next?.[1] === undefined ? undefined : rewrite(next[1])
  if (page !== undefined) kept['link'] = `<${page}>; rel="next"`
  return kept
}

/** An address of the upstream as one of ours: path and query, when it is below /v2/. */
export function pathOf(location: string, prefix = ''): string | undefined {
  const url = URL.parse(location, 'http://upstream')
  const path = url?.pathname.startsWith(`${prefix}/v2/`) ? url.pathname.slice(prefix.length) : ''
  return url && path !== '' ? `${path}${url.search}` : undefined
}
