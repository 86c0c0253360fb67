// Where the pages of a service live: links within it are made here, so that a path in the public base just works.
import { createHash } from 'node:crypto'
import { logo } from './logo.ts'

export type PageSite = {
  /** Public base, for addresses that leave the page. */
  base: string
  /** Scheme, host and port: the Origin of our own forms. */
  origin: string
  /** Host and port. */
  host: string
  isHttps: boolean
  software: { name: string; version: string }
  /** Path of style and logo, with a hash of their content. */
  stylePath: string
  logoPath: string
  /** Path of something below the base: `path('login')`. */
  path(below: string): string
}

/** The site below `base`, which has no slash at its end, with this style sheet. */
export function makePageSite(
  base: string,
  software: { name: string; version: string },
  style: string,
): PageSite {
  const { origin, host, protocol, pathname } = new URL(`${base}/`)
  const path = (below: string) => `${pathname}${below}`
  return {
    base,
    origin,
    host,
    isHttps: protocol === 'https:',
    software,
    stylePath: path(`style.css?v=${contentHash(style)}`),
    logoPath: path(`logo.svg?v=${contentHash(logo)}`),
    path,
  }
}

/** Whether it is a path of this site, and nothing that a browser takes for another one. At most 2,500 characters. */
export function isOwnPath(site: PageSite, path: string): boolean {
  const isPath =
    path.startsWith(site.path('')) && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,2500}$/.test(path)
  return isPath && URL.parse(path, site.origin)?.origin === site.origin
}

function contentHash(content: string): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, 12)
}
