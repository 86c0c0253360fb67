// Every public URL, in snac's shape, so that a tree imported from snac keeps its identity. Nobody else builds one.

/** Names that can't be users, because paths below the base begin with them. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  'login',
  'logout',
  'admin',
  'api',
  'oauth',
  'nodeinfo',
  'shared-inbox',
  'style',
  'share',
  'users',
  'public',
  'about',
  'assets',
  'emoji',
  'robots',
  'favicon',
  'logo',
  'media',
  'search',
  'metrics',
  'proxy',
  'x',
])

export interface Urls {
  /** Public base without a slash at the end; may have a path. */
  readonly base: string
  /** Host and port, as in handles and in the Host header. */
  readonly host: string
  readonly sharedInbox: string
  actor(name: string): string
  inbox(name: string): string
  outbox(name: string): string
  followers(name: string): string
  following(name: string): string
  featured(name: string): string
  post(name: string, tid: string): string
  media(name: string, file: string): string
  tag(tag: string): string
  keyId(name: string): string
  multikeyId(name: string): string
  handle(name: string): string
  /** Whether an id is ours. */
  isLocal(id: string): boolean
  /** The local name of an actor id, exactly as we write it; undefined for anything else. */
  userOf(actor: string): string | undefined
  /** The local name in the id of a post or anything else below an actor. */
  ownerOf(id: string): string | undefined
}

/** Makes the URLs below a public base such as `https://example.org` or `https://example.org/social`. */
export function makeUrls(publicBase: string): Urls {
  const base = publicBase.replace(/\/+$/, '')
  const { host } = new URL(base)
  const actor = (name: string) => `${base}/${name}`
  const ownerOf = (id: string) =>
    id.startsWith(`${base}/`)
      ? id.slice(base.length + 1).split(/[/?#]/, 1)[0] || undefined
      : undefined
  return {
    base,
    host,
    sharedInbox: `${base}/shared-inbox`,
    actor,
    inbox: (name) => `${actor(name)}/inbox`,
    outbox: (name) => `${actor(name)}/outbox`,
    followers: (name) => `${actor(name)}/followers`,
    following: (name) => `${actor(name)}/following`,
    featured: (name) => `${actor(name)}/featured`,
    post: (name, tid) => `${actor(name)}/p/${tid}`,
    media: (name, file) => `${actor(name)}/s/${file}`,
    tag: (tag) => `${base}/?t=${encodeURIComponent(tag)}`,
    keyId: (name) => `${actor(name)}#main-key`,
    multikeyId: (name) => `${actor(name)}#ed25519-key`,
    handle: (name) => `@${name}@${host}`,
    isLocal: (id) => id === base || id.startsWith(`${base}/`),
    userOf(id) {
      const name = ownerOf(id)
      return name && id === actor(name) ? name : undefined
    },
    ownerOf,
  }
}

/** Makes ids of new objects, snac's `seconds.microseconds`: they sort by time and never repeat in a process. */
export function makeTids(now: () => number): () => string {
  let last = 0
  return () => {
    last = Math.max(last + 1, now() * 1_000)
    const seconds = Math.floor(last / 1_000_000)
    return `${seconds}.${String(last % 1_000_000).padStart(6, '0')}`
  }
}
