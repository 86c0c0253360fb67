// Under which hashtags a post of ours is listed: what the index of a tag follows from.

import type { StoredObject } from './objects.ts'

/** A post is listed under so many of its tags, the first ones. */
const MAX_TAGS = 30

/** A hashtag as it is compared: without `#`, in lower case. */
export function normalTag(name: string): string {
  return name.replace(/^#/, '').normalize('NFKC').toLowerCase()
}

/** The hashtags under which anybody finds this object: none but for public posts of our own users. */
export function listedTags({ kind, local, audience, document }: StoredObject): string[] {
  if (kind !== 'post' || !local || audience !== 'public') return []
  const tags = new Set<string>()
  for (const tag of [document?.tag].flat()) {
    if (tags.size === MAX_TAGS) break
    const name = isHashtag(tag) ? normalTag(tag.name) : ''
    if (name) tags.add(name)
  }
  return [...tags]
}

const isHashtag = (tag: unknown): tag is { name: string } =>
  typeof tag === 'object' &&
  tag !== null &&
  'type' in tag &&
  tag.type === 'Hashtag' &&
  'name' in tag &&
  typeof tag.name === 'string'
