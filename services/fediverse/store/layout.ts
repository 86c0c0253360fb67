// Every path below the data directory, and the version of that layout. Nobody else builds a path.
// The table in services/fediverse/README.md describes it; test/docs.test.ts holds the two together.

import { hash } from 'node:crypto'

/** Version of the layout that this program writes; `upgrade.ts` steps older trees up to it. */
export const LAYOUT_VERSION = 1

/**
 * What lies directly below the data directory. `index` and `journal` sort before `objects`: a backup that
 * reads in name order then copies an index before the objects it names, never the other way round.
 */
export const LAYOUT = {
  cache: 'remote actors, keys and documents; may be deleted at any time, leave it out of backups',
  'control.sock': 'socket by which `fuchsbau fediverse …` talks to the running server; not state',
  damaged: 'what `fsck --repair` moved aside, below its old path; look at it, then delete it',
  failed: 'accepted activities whose effect failed for good, with the reason',
  inbox: 'accepted activities whose effect is still to come (retried)',
  index:
    'derived, append-only, fixed-width records: timelines, followers, likes …; fsck rebuilds them',
  'instance.json': 'public address that every id is made from; never changes',
  journal: 'redo log of the last hour or two: what is acknowledged is here first',
  keys: 'private keys, one file per user, mode 600',
  'layout.json': 'version of this layout',
  lock: 'who has the tree open (`lock.new` while it is being taken)',
  media: 'uploaded files, one folder per user, served below /USER/s/',
  objects: 'truth: one JSON file per object (post, announce, like, vote, follow, tombstone)',
  outgoing: 'bodies of the activities that still have deliveries',
  queue:
    'one folder per host, one file per delivery that has to wait (until then it is in the journal)',
  sessions: 'signed-in browsers, by the hash of their token',
  users: 'one file per local user, and below it one file per follower, followed actor and block',
} as const

/** A key of the tree: 32 hexadecimal digits of SHA-256 over the exact id. Ids compare exactly (no normalising). */
export function hashId(id: string): string {
  return hash('sha256', id, 'hex').slice(0, 32)
}

/** Relations of a local user to another actor, each a folder below `users/USER/`. */
export type RelationKind = 'followers' | 'following' | 'blocks'

export const paths = {
  layout: 'layout.json',
  lock: 'lock',
  instance: 'instance.json',
  controlSocket: 'control.sock',
  journal: 'journal',
  cleanMarker: 'journal/clean',
  indexMarker: 'index/complete',
  scratch: 'cache/fsck',
  object: (hash: string) => `objects/${hash.slice(0, 2)}/${hash}.json`,
  user: (name: string) => `users/${name}.json`,
  relation: (name: string, kind: RelationKind, hash: string) =>
    `users/${name}/${kind}/${hash}.json`,
  key: (name: string) => `keys/${name}.json`,
  inbox: (hash: string) => `inbox/${hash}.json`,
  failed: (hash: string) => `failed/${hash}.json`,
  outgoing: (hash: string) => `outgoing/${hash}.json`,
  delivery: (host: string, name: string) => `queue/${hostFolder(host)}/${name}.json`,
  notices: (name: string) => `users/${name}/notices.json`,
  session: (hash: string) => `sessions/${hash}.json`,
  media: (name: string, file: string) => `media/${name}/${file}`,
  cache: (kind: string, hash: string) => `cache/${kind}/${hash.slice(0, 2)}/${hash}.json`,
  index: (name: string) => `index/${name}`,
  damaged: (path: string) => `damaged/${path}`,
} as const

/** Names of index files; those about one object lie in 256 folders. */
export const indexes = {
  home: (user: string) => `home/${user}`,
  posts: (user: string) => `posts/${user}`,
  own: (user: string) => `own/${user}`,
  notifications: (user: string) => `notifications/${user}`,
  liked: (user: string) => `liked/${user}`,
  /** Polls of hers whose end has not been told yet. */
  polls: (user: string) => `polls/${user}`,
  followers: (user: string) => `followers/${user}`,
  following: (user: string) => `following/${user}`,
  blocks: (user: string) => `blocks/${user}`,
  /** Followers who wait for our answer. */
  followRequests: (user: string) => `follow-requests/${user}`,
  /** Actors whose answer to our Follow is still to come. */
  followsAsked: (user: string) => `follows-asked/${user}`,
  replies: (hash: string) => `replies/${hash.slice(0, 2)}/${hash}`,
  likes: (hash: string) => `likes/${hash.slice(0, 2)}/${hash}`,
  announces: (hash: string) => `announces/${hash.slice(0, 2)}/${hash}`,
  /** Our own public posts with a hashtag, see tags.ts. */
  tagged: (tag: string) => `tagged/${hashId(tag).slice(0, 2)}/${hashId(tag)}`,
  votes: (hash: string) => `votes/${hash.slice(0, 2)}/${hash}`,
  /** What actors elsewhere made, in 256 files: an actor has most often made less than a block of the disk holds. */
  madeBy: (actor: string) => `made-by/${hashId(actor).slice(0, 2)}`,
  seen: (day: string) => `seen/${day}`,
} as const

/** Whether a file waits to be turned into others: it must not get out of the journal before that. */
export const isPending = (path: string): boolean => path.startsWith('inbox/')

/** Indexes that follow from no file, only from the journal: fsck can check their form but not rebuild them. */
export const isUnderivedIndex = (name: string): boolean => name.startsWith('seen/')

/** A host (may carry a port) as a folder name: ':' is legal on Linux but not in every backup's target. */
export function hostFolder(host: string): string {
  // A URL's host may be '..' (https://../inbox is valid): never a name that leads elsewhere.
  return host.replace(/^\.|[^a-zA-Z0-9.-]/g, '_').slice(0, 200)
}
