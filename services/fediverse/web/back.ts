// Where a form returns to: a page below the person's own, given as `page?query#anchor`. Nothing else is followed.
import { hasMessage } from './message.ts'
import type { Site } from './site.ts'

const BACK = /^([a-z]{0,20})(\?[\x21\x22\x24-\x7e]{0,2500})?(#[\w-]{1,80})?$/

/** The path to redirect to, with the message's code; the home page when `back` is not of the form. */
export function backPath(site: Site, user: string, back: string, code = ''): string {
  const [, page = '', query = '', anchor = ''] = BACK.exec(back) ?? []
  const message = hasMessage(code) ? `${query ? '&' : '?'}m=${code}` : ''
  return `${site.own(user, page)}${query}${message}${message ? '' : anchor}`
}

/** A path of one's own pages, as the sign-in page may go on to. */
export function isOwnPath(site: Site, user: string, path: string): boolean {
  const home = site.own(user)
  if (!path.startsWith(home)) return false
  return /^(?:\/[a-z]{1,20})?(?:\?[\x21-\x7e]{0,2500})?$/.test(path.slice(home.length))
}
