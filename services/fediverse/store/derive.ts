// Which index entries follow from a stored file: the one definition that writing, recovery and fsck share.

import { hashId, indexes } from './layout.ts'
import type { StoredObject } from './objects.ts'
import type { Relation } from './relations.ts'
import type { Derivation, IndexEntry } from './tree.ts'

const OBJECT = /^objects\/[0-9a-f]{2}\/([0-9a-f]{32})\.json$/
const RELATION = /^users\/([^/]+)\/(followers|following|blocks)\/([0-9a-f]{32})\.json$/

export const derivation: Derivation = {
  covers: (path) => path.startsWith('objects/') || RELATION.test(path),
  entries(path, value) {
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
}

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
  }
  if (object.kind === 'post' && object.inReplyTo)
    names.push(indexes.replies(hashId(object.inReplyTo)))
  if (object.target) {
    const target = hashId(object.target)
    if (object.kind === 'like' || object.kind === 'reaction') names.push(indexes.likes(target))
    if (object.kind === 'announce') names.push(indexes.announces(target))
    if (object.kind === 'vote') names.push(indexes.votes(target))
    if (object.kind === 'like' && object.local) names.push(indexes.liked(object.local))
  }
  return names.map((index) => ({ index, key, at: object.at }))
}

function relationEntries(
  user: string,
  kind: string,
  key: string,
  relation: Relation,
): IndexEntry[] {
  if (kind !== 'blocks' && relation.state !== 'accepted') return []
  const name = {
    followers: indexes.followers,
    following: indexes.following,
    blocks: indexes.blocks,
  }[kind]
  return name ? [{ index: name(user), key, at: relation.at }] : []
}
