// Reads snac's tree of files (snac(5)), for assertions on what a real peer stored. Objects lie in
// object/xx/MD5-OF-ID.json; an index is lines of such an MD5, of which "-" in front marks a deleted one.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** An ActivityPub object or actor as snac stored it. */
// biome-ignore lint/suspicious/noExplicitAny: assertions reach into documents of any shape
export type Stored = Record<string, any>

/** One of a user's notifications. */
export interface SnacNotification {
  type: string
  utype: string
  actor: string
  objid?: string
  msg: Stored
}

/** The file name that snac gives an id. */
export const md5 = (id: string) => createHash('md5').update(id).digest('hex')

/** The files of a whole snac. */
export function snacFiles(directory: string) {
  const pathOf = (hash: string, end = '.json') =>
    join(directory, 'object', hash.slice(0, 2), `${hash}${end}`)
  const byHash = (hash: string): Stored | undefined => readJson(pathOf(hash))
  /** Ids of the objects in an index; of one that is gone, its MD5. */
  const ids = (file: string) => readIndex(file).map((hash) => byHash(hash)?.id ?? hash)
  const objects = (file: string) => readIndex(file).flatMap((hash) => byHash(hash) ?? [])
  const withEnd = (id: string, end: string) => pathOf(md5(id), end)

  return {
    /** A stored object or actor; undefined when snac has none or deleted it. */
    object: (id: string): Stored | undefined => byHash(md5(id)),
    /** Ids of the actors that like an object. */
    likes: (id: string): string[] => ids(withEnd(id, '_l.idx')),
    /** Ids of the actors that boosted an object; a received Undo does not shorten it. */
    boosts: (id: string): string[] => ids(withEnd(id, '_a.idx')),
    /** Ids of the replies to an object, votes among them. */
    replies: (id: string): string[] => ids(withEnd(id, '_c.idx')),
    /** Every public post of this snac's users, oldest first. */
    publicTimeline: (): Stored[] => objects(join(directory, 'public.idx')),
    /** Deliveries that wait for another attempt. */
    waiting: (): Stored[] => readAll(join(directory, 'queue')),
    /** Of one user: */
    user(name: string) {
      const home = join(directory, 'user', name)
      return {
        /** Ids of the actors that follow this user. */
        followers: (): string[] => ids(join(home, 'followers.idx')),
        /** Actors this user follows; accepted once the other side's Accept came. */
        following: (): { id: string; isAccepted: boolean }[] =>
          readAll(join(home, 'following'), (file) => !file.endsWith('_a.json')).map((activity) =>
            activity.type === 'Accept'
              ? { id: activity.actor, isAccepted: true }
              : { id: activity.object, isAccepted: false },
          ),
        /** Ids of the actors whose request to follow waits for approval. */
        pending: (): string[] => readAll(join(home, 'pending')).map((activity) => activity.actor),
        /** What this user's private timeline holds, own posts and Follows among it, oldest first. */
        timeline: (): Stored[] => objects(join(home, 'private.idx')),
        /** This user's public posts, boosts and likes, oldest first. */
        publicTimeline: (): Stored[] => objects(join(home, 'public.idx')),
        /** Oldest first. */
        notifications: () => readAll(join(home, 'notify')) as SnacNotification[],
        isMuted: (actor: string) => existsSync(join(home, 'muted', md5(actor))),
        /** The settings, such as `alias` and `approve_followers`. */
        settings: (): Stored => readJson(join(home, 'user.json')) ?? {},
      }
    },
  }
}

function readIndex(file: string): string[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'latin1').split('\n')
  return lines.filter((line) => /^[0-9a-f]{32}$/.test(line))
}

/** Undefined when the file is not there, or is being written. */
function readJson(file: string): Stored | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

function readAll(directory: string, isWanted = (_file: string) => true): Stored[] {
  if (!existsSync(directory)) return []
  const files = readdirSync(directory).filter((file) => file.endsWith('.json') && isWanted(file))
  return files.sort().flatMap((file) => readJson(join(directory, file)) ?? [])
}
