// WebFinger (RFC 7033) and host-meta (RFC 6415) for the local users.

import type { Context } from '../context.ts'
import type { Json } from './document.ts'

/** A lookup's outcome; `malformed` is a 400 by RFC 7033 section 4.2. */
export type WebFingerAnswer =
  | { ok: true; jrd: Json; user: string }
  | { ok: false; status: 400 | 404; message: string }

/**
 * Answers for `acct:user@host`, `user@host` as some peers write it, and the URL of an actor.
 * RFC 7033 section 4.2: a missing or malformed resource is 400, an unknown one is 404.
 */
export function answerWebFinger(context: Context, resource: unknown): WebFingerAnswer {
  if (typeof resource !== 'string' || resource === '' || resource.length > 2_048) {
    return {
      ok: false,
      status: 400,
      message: 'exactly one "resource" is needed, such as acct:you@example.org',
    }
  }
  const { urls, store } = context
  const name = nameOf(context, resource)
  if (name === undefined) {
    return {
      ok: false,
      status: 400,
      message: 'the resource is neither acct:USER@HOST nor another URI',
    }
  }
  if (name === '' || !store.users.get(name))
    return { ok: false, status: 404, message: 'nobody here by that name' }
  const actor = urls.actor(name)
  const jrd = {
    subject: `acct:${name}@${urls.host}`,
    aliases: [actor],
    links: [
      { rel: 'self', type: 'application/activity+json', href: actor },
      { rel: 'http://webfinger.net/rel/profile-page', type: 'text/html', href: actor },
    ],
  }
  return { ok: true, jrd, user: name }
}

/** Only the links of the relations that were asked for. RFC 7033 section 4.3. */
export function withRels(jrd: Json, rels: readonly unknown[]): Json {
  const links = (jrd.links as Json[]).filter(({ rel }) => rels.includes(rel))
  return { ...jrd, links }
}

/** By its characters a URI of another scheme than acct: nobody here has one. https://www.rfc-editor.org/rfc/rfc3986#appendix-A */
const OTHER_URI = /^(?!acct:)[a-z][a-z\d+.-]*:(?:[\w\-.~!$&'()*+,;=:@/?#[\]]|%[\da-f]{2})*$/i

/** The local name asked for; '' when the resource is well formed but not ours, undefined when it is malformed. */
function nameOf({ urls }: Context, resource: string): string | undefined {
  if (/^https?:/i.test(resource)) {
    if (!URL.canParse(resource)) return
    return urls.userOf(resource.replace(/\/$/, '').replace(`${urls.base}/@`, `${urls.base}/`)) ?? ''
  }
  if (OTHER_URI.test(resource)) return ''
  const match = /^(?:acct:)?@?([^@\s/:?#]+)@([^@\s/?#]+)$/i.exec(resource)
  if (!match) return
  const [, name = '', host = ''] = match
  if (!URL.canParse(`https://${host}/`)) return
  return host.toLowerCase() === urls.host.toLowerCase() ? decodeName(name) : ''
}

/** acct URIs percent-encode (RFC 7565); names are lower case here. */
function decodeName(name: string): string {
  try {
    return decodeURIComponent(name).toLowerCase()
  } catch {
    return ''
  }
}

/** host-meta: where WebFinger is. RFC 6415. */
export function hostMeta(base: string): string {
  const origin = new URL(base).origin
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">\n' +
    `  <Link rel="lrdd" type="application/jrd+json" template="${origin}/.well-known/webfinger?resource={uri}"/>\n` +
    '</XRD>\n'
  )
}
