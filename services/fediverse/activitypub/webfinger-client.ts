// From a handle to an actor id: WebFinger (RFC 7033) asked through the guarded client. Ours and not
// Fedify's, whose lookupWebFinger makes its own connections.
import { checkUrl } from './address.ts'
import { isObject, type Json } from './document.ts'
import { type Failure, failure } from './exchange.ts'
import { isActivityType, type Remote } from './remote.ts'

/** `user@host`, the host as URLs have it (lower case, punycode, port if any). */
export interface Handle {
  user: string
  host: string
}

const userPart = /^[\w.~!$&'()*+,;=%-]{1,128}$/
const hostPart = /^[^\s/@?#\\:[\]]{1,253}(?::\d{1,5})?$/

/** Reads `@user@host`, `user@host` or `acct:user@host` (RFC 7565); undefined for anything else. */
export function parseHandle(text: string): Handle | undefined {
  const [user = '', host = '', ...rest] = text
    .trim()
    .replace(/^(?:acct:|@)/i, '')
    .split('@')
  if (rest.length > 0 || !userPart.test(user) || !hostPart.test(host)) return undefined
  const url = URL.parse(`https://${host}`)
  return url === null || url.hostname === '' ? undefined : { user, host: url.host }
}

/** The actor that a handle stands for; `handle` is as its own server writes it. */
export interface FoundActor {
  ok: true
  id: string
  handle: string
}

type Remotes = Pick<Remote, 'fetchJson' | 'allowPrivateAddress'>

/**
 * Looks a handle up. Where the answer's subject is another handle (an alias, a split domain), that handle's own host must
 * name the same actor, or the answer is refused. The actor document is not fetched.
 */
export async function lookupHandle(remote: Remotes, text: string): Promise<FoundActor | Failure> {
  const asked = parseHandle(text)
  if (asked === undefined) return failure('bad-url', 'not a handle such as @user@example.org')
  const first = await lookUp(remote, asked)
  if (!first.ok) return first
  const { subject = asked, id } = first
  if (isSame(subject, asked)) return { ok: true, id, handle: format(subject) }
  const second = await lookUp(remote, subject)
  if (!second.ok) return second
  if (second.id === id && second.subject !== undefined && isSame(second.subject, subject)) {
    return { ok: true, id, handle: format(subject) }
  }
  return failure('bad-id', `${format(subject)} does not confirm ${format(asked)}`)
}

function format({ user, host }: Handle): string {
  return `@${user}@${host}`
}

function isSame(left: Handle, right: Handle): boolean {
  return left.host === right.host && left.user.toLowerCase() === right.user.toLowerCase()
}

interface Descriptor {
  ok: true
  subject: Handle | undefined
  id: string
}

async function lookUp(remote: Remotes, handle: Handle): Promise<Descriptor | Failure> {
  const resource = encodeURIComponent(`acct:${handle.user}@${handle.host}`)
  const path = `${handle.host}/.well-known/webfinger?resource=${resource}`
  let fetched = await remote.fetchJson(`https://${path}`, descriptorOptions)
  if (!fetched.ok && fetched.kind === 'network' && remote.allowPrivateAddress) {
    fetched = await remote.fetchJson(`http://${path}`, descriptorOptions)
  }
  if (!fetched.ok) return fetched
  if (!isObject(fetched.value)) return failure('bad-json', `${fetched.url} is not an object`)
  const { subject, links } = fetched.value
  const id = findSelf(links, remote.allowPrivateAddress)
  if (id === undefined) return failure('not-found', `${format(handle)} is no ActivityPub actor`)
  if (typeof subject !== 'string') return { ok: true, subject: undefined, id }
  const parsed = subject.toLowerCase().startsWith('acct:') ? parseHandle(subject) : undefined
  if (parsed === undefined) return failure('bad-id', `${fetched.url} has another kind of subject`)
  return { ok: true, subject: parsed, id }
}

const descriptorOptions = {
  accept: 'application/jrd+json, application/json',
  isExpected: (contentType: string) => /^application\/(?:jrd\+)?json\s*(?:;|$)/i.test(contentType),
}

const maxLinks = 64

/** The `self` link of an ActivityPub media type, among the first 64 links. */
function findSelf(links: unknown, allowPrivateAddress: boolean): string | undefined {
  if (!Array.isArray(links)) return undefined
  for (const link of links.slice(0, maxLinks)) {
    if (!isObject(link) || link.rel !== 'self' || !isActivityLink(link)) continue
    const { href } = link
    if (typeof href === 'string' && checkUrl(href, allowPrivateAddress).ok) return href
  }
  return undefined
}

function isActivityLink({ type }: Json): boolean {
  return typeof type === 'string' && isActivityType(type)
}
