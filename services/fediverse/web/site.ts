// Where the pages live: every link within the site is made here, so that a path in the public base just works.
import { makePageSite, type PageSite } from '@fuchsbau/shared/page/site.ts'
import { style } from './style.ts'

export type Site = PageSite & {
  /** Path of one of a user's private pages or actions: `own('you', 'people')`; '' is her home timeline. */
  own(user: string, page?: string): string
  /** Path of the posts with a hashtag. */
  tag(tag: string): string
}

/** The links below `base`, which has no slash at its end. */
export function makeSite(base: string, software: { name: string; version: string }): Site {
  const site = makePageSite(base, software, style)
  return {
    ...site,
    tag: (tag) => site.path(`?t=${encodeURIComponent(tag)}`),
    own: (user, page = '') => site.path(`${user}/admin${page && `/${page}`}`),
  }
}
