// Where the pages live: every link within the site is made here, so that a path in the public base just works.
import { createHash } from 'node:crypto'
import { logo } from './logo.ts'
import { style } from './style.ts'

export type Site = {
  /** Public base, for addresses that leave the page (canonical, OpenGraph). */
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
  /** Path of one of a user's private pages or actions: `own('you', 'people')`; '' is her home timeline. */
  own(user: string, page?: string): string
  /** Path of the posts with a hashtag. */
  tag(tag: string): string
}

/** The links below `base`, which has no slash at its end. */
export function makeSite(base: string, software: { name: string; version: string }): Site {
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
    tag: (tag) => path(`?t=${encodeURIComponent(tag)}`),
    own: (user, page = '') => path(`${user}/admin${page && `/${page}`}`),
  }
}

function contentHash(content: string): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, 12)
}
