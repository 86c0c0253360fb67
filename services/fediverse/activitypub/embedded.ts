// Reads what documents have embedded in them: tags, attachments, and the options of a poll.

import {
  count,
  instant,
  isObject,
  type Json,
  linkOf,
  list,
  text,
  typeOf,
  webUrl,
  withoutUndefined,
} from './property.ts'

export interface Tag {
  type: string
  name: string
  href?: string
  iconUrl?: string
}

export interface Attachment {
  url: string
  mediaType: string
  name?: string
  width?: number
  height?: number
  blurhash?: string
}

export interface Poll {
  isMultiple: boolean
  options: { name: string; votes: number }[]
  endsAt?: number
  closedAt?: number
  voters?: number
}

/** A tag in a list of one, or none when it has no type or name. */
export function parseTag(value: unknown): Tag[] {
  if (!isObject(value)) return []
  const type = typeOf(value)
  const name = text(value.name)?.slice(0, 300)
  if (!type || name === undefined) return []
  const href = webUrl(value.href)
  const iconUrl = linkOf(value.icon)
  return [{ type, name, ...(href ? { href } : {}), ...(iconUrl ? { iconUrl } : {}) }]
}

/** An attachment in a list of one, or none when it has no URL. */
export function parseAttachment(value: unknown): Attachment[] {
  if (!isObject(value)) return []
  const url = linkOf(value.url ?? value.href)
  if (!url) return []
  const { width, height, blurhash } = value
  return [
    {
      url,
      mediaType: text(value.mediaType)?.slice(0, 100) ?? '',
      ...withoutUndefined({
        name: text(value.name)?.slice(0, 10_000),
        width: typeof width === 'number' ? width : undefined,
        height: typeof height === 'number' ? height : undefined,
        blurhash: typeof blurhash === 'string' ? blurhash.slice(0, 200) : undefined,
      }),
    },
  ]
}

/** The poll of a Question; undefined when it has no options. */
export function parsePoll(json: Json): Poll | undefined {
  const isMultiple = json.anyOf !== undefined
  const options = list(json.anyOf ?? json.oneOf).flatMap((option) => {
    if (!isObject(option)) return []
    const name = text(option.name)?.slice(0, 1_000)
    const replies = isObject(option.replies) ? option.replies : {}
    return name === undefined ? [] : [{ name, votes: count(replies.totalItems) }]
  })
  if (options.length === 0) return
  return {
    isMultiple,
    options,
    ...withoutUndefined({
      endsAt: instant(json.endTime),
      closedAt: instant(json.closed),
      voters: json.votersCount === undefined ? undefined : count(json.votersCount),
    }),
  }
}
