// Which index entries follow from a stored file: the one definition that writing, recovery and fsck share.

import { type AcceptedActivity, dayOf } from './accepted.ts'
import { hashId, indexes, isPending, paths } from './layout.ts'
import type { StoredObject } from './objects.ts'
import type { Relation } from './relations.ts'
import { listedTags } from './tags.ts'
import type { Derivation, IndexEntry } from './tree.ts'

/** Another one when other entries follow: the next start then compares all indexes with all files. */
export const DERIVATION = 2

const OBJECT = /^objects\/[0-9a-f]{2}\/([0-9a-f]{32})\.json$/
const RELATION = /^users\/([^/]+)\/(followers|following|blocks)\/([0-9a-f]{32})\.json$/

export const derivation: Derivation = {
  covers: (path) => path.startsWith('objects/') || RELATION.test(path),
  entries(path, value) {
    if (!isDated(value)) return []
    const object = OBJECT.exec(path)
    if (object?.[1]) return objectEntries(object[1], value as StoredObject)
    const relation = RELATION.exec(path)
    if (!relation) return []
    return relationEntries(
      relation[1] as string,
      relation[2] as string,
      relation[3] as string,
      value as Relation,
    )
  },
  held(path, value) {
    if (!isPending(path)) return []
    const { id, receivedAt: at } = value as AcceptedActivity
    return [{ index: indexes.seen(dayOf(at)), key: hashId(id), at }]
  },
}

/** What has no time belongs nowhere: a damaged file. */
const isDated = (value: unknown) =>
  typeof value === 'object' && value !== null && 'at' in value && typeof value.at === 'number'

function objectEntries(key: string, object: StoredObject): IndexEntry[] {
  if (object.kind === 'tombstone') return []
  const names: string[] = []
  for (const user of object.home ?? []) names.push(indexes.home(user))
  for (const user of object.notify ?? []) names.push(indexes.notifications(user))
  if (object.local && (object.kind === 'post' || object.kind === 'announce')) {
    names.push(indexes.own(object.local))
    if (object.audience === 'public' || object.audience === 'unlisted') {
      names.push(indexes.posts(object.local))
    }
    if (isOpenPoll(object)) names.push(indexes.polls(object.local))
  }
  if (!object.local && object.actor) names.push(indexes.madeBy(object.actor))
  for (const tag of listedTags(object)) names.push(indexes.tagged(tag))
  if (object.kind === 'post' && object.inReplyTo)
    names.push(indexes.replies(hashId(object.inReplyTo)))
  if (object.target) {
    const target = hashId(object.target)
    if (object.kind === 'like' || object.kind === 'reaction') names.push(indexes.likes(target))
    if (object.kind === 'announce') names.push(indexes.announces(target))
    if (object.kind === 'vote') names.push(indexes.votes(target))
    if (object.kind === 'like' && object.local) names.push(indexes.liked(object.local))
  }
  return [...new Set(names)].map((index) => ({ index, key, at: object.at }))
}

/** A poll of ours whose end has not been told yet: then its document says `closed`. */
const isOpenPoll = ({ document }: StoredObject) =>
  document?.type === 'Question' && document.closed === undefined

function relationEntries(
  user: string,
  kind: string,
  key: string,
  relation: Relation,
): IndexEntry[] {
  const isWaiting = kind !== 'blocks' && relation.state !== 'accepted'
  const name = {
    followers: isWaiting ? indexes.followRequests : indexes.followers,
    following: isWaiting ? indexes.followsAsked : indexes.following,
    blocks: indexes.blocks,
  }[kind]
  return name ? [{ index: name(user), key, at: relation.at }] : []
}

const RELATION_FOLDERS: Readonly<Record<string, 'followers' | 'following' | 'blocks'>> = {
  followers: 'followers',
  'follow-requests': 'followers',
  following: 'following',
  'follows-asked': 'following',
  blocks: 'blocks',
}

/** The file that an index entry stands for. */
export function sourceOf(index: string, key: string): string {
  const [kind = '', user = ''] = index.split('/')
  const folder = RELATION_FOLDERS[kind]
  return folder ? paths.relation(user, folder, key) : paths.object(key)
}
