// Reads ActivityStreams documents of other servers: hostile JSON in, types that carry their rules out.
// The compacted form is read directly, as every server in use writes it. https://www.w3.org/TR/activitystreams-core/

import {
  type Attachment,
  type Poll,
  parseAttachment,
  parsePoll,
  parseTag,
  type Tag,
} from './embedded.ts'
import {
  firstValue,
  idOf,
  ids,
  instant,
  isObject,
  type Json,
  line,
  linkOf,
  list,
  type Reference,
  reference,
  text,
  typeOf,
  webUrl,
  withoutUndefined,
} from './property.ts'

export type { Attachment, Poll, Tag } from './embedded.ts'
export {
  hostOf,
  idOf,
  isObject,
  isPublic,
  type Json,
  PUBLIC,
  type Reference,
  reference,
  typeOf,
} from './property.ts'

export interface Activity {
  id: string
  type: string
  actor: string
  object: Reference
  target?: string
  to: string[]
  cc: string[]
  content?: string
  published?: number
  /** As sent. */
  document: Json
}

/** A Note or anything that is shown like one (Question, Article, Page, Video, Audio, Event, Image). */
export interface Post {
  id: string
  type: string
  attributedTo: string
  to: string[]
  cc: string[]
  content: string
  /** Title (Article, Page, Video …), or the chosen option of a vote. */
  name?: string
  summary?: string
  isSensitive: boolean
  language?: string
  inReplyTo?: string
  url?: string
  published?: number
  updated?: number
  tags: Tag[]
  attachments: Attachment[]
  poll?: Poll
}

export interface Actor {
  id: string
  type: string
  username: string
  name: string
  summary: string
  inbox: string
  sharedInbox?: string
  outbox?: string
  followers?: string
  following?: string
  featured?: string
  url: string
  iconUrl?: string
  imageUrl?: string
  fields: { name: string; value: string }[]
  alsoKnownAs: string[]
  movedTo?: string
  isLocked: boolean
  isBot: boolean
  tags: Tag[]
}

/** Types that are stored and shown as posts. */
export const POST_TYPES: ReadonlySet<string> = new Set([
  'Note',
  'Question',
  'Article',
  'Page',
  'Video',
  'Audio',
  'Event',
  'Image',
])

const ACTOR_TYPES = new Set(['Person', 'Service', 'Application', 'Group', 'Organization'])

/** https://www.w3.org/TR/activitystreams-vocabulary/#activity-types; undefined when it is not an activity. */
export function parseActivity(json: unknown): Activity | undefined {
  if (!isObject(json)) return
  const type = typeOf(json)
  const id = idOf(json)
  const actor = reference(json.actor).id
  if (!type || !id || !actor) return
  const target = reference(json.target).id
  const published = instant(json.published)
  const content = text(json.content)
  return {
    id,
    type,
    actor,
    object: reference(json.object),
    to: ids(json.to),
    cc: ids(json.cc),
    document: json,
    ...(target ? { target } : {}),
    ...(published === undefined ? {} : { published }),
    ...(content ? { content } : {}),
  }
}

/** A post, or undefined when the document has no id, author or known type. */
export function parsePost(json: unknown): Post | undefined {
  if (!isObject(json)) return
  const type = typeOf(json)
  const id = idOf(json)
  const attributedTo = authorOf(json)
  if (!id || !attributedTo || !type || !POST_TYPES.has(type)) return
  const poll = type === 'Question' ? parsePoll(json) : undefined
  const language = languageOf(json)
  const optional = {
    name: text(json.name),
    summary: text(json.summary) ?? firstValue(json.summaryMap),
    language,
    inReplyTo: reference(json.inReplyTo).id,
    url: linkOf(json.url),
    published: instant(json.published),
    updated: instant(json.updated),
    poll,
  }
  return {
    id,
    type,
    attributedTo,
    to: ids(json.to),
    cc: ids(json.cc),
    content: text(json.content) ?? firstValue(json.contentMap) ?? '',
    isSensitive: json.sensitive === true,
    tags: list(json.tag).flatMap(parseTag),
    attachments: [...list(json.attachment), ...(type === 'Image' ? [json] : [])].flatMap(
      parseAttachment,
    ),
    ...withoutUndefined(optional),
  }
}

/** An actor, or undefined when it lacks an id, an inbox or a known type. */
export function parseActor(json: unknown): Actor | undefined {
  if (!isObject(json)) return
  const type = typeOf(json)
  const id = idOf(json)
  const inbox = webUrl(json.inbox)
  if (!id || !inbox || !type || !ACTOR_TYPES.has(type)) return
  const username = usernameOf(json) ?? new URL(id).pathname.split('/').pop() ?? ''
  const endpoints = isObject(json.endpoints) ? json.endpoints : {}
  const optional = {
    sharedInbox: webUrl(endpoints.sharedInbox),
    outbox: webUrl(json.outbox),
    followers: webUrl(json.followers),
    following: webUrl(json.following),
    featured: webUrl(json.featured),
    iconUrl: linkOf(json.icon),
    imageUrl: linkOf(json.image),
    movedTo: reference(json.movedTo).id,
  }
  return {
    id,
    type,
    username: username.slice(0, 200),
    name: line(json.name) || username.slice(0, 200),
    summary: text(json.summary) ?? '',
    inbox,
    url: linkOf(json.url) ?? id,
    fields: list(json.attachment)
      .filter((field) => isObject(field) && field.type === 'PropertyValue')
      .map((field) => ({
        name: text((field as Json).name) ?? '',
        value: text((field as Json).value) ?? '',
      })),
    alsoKnownAs: ids(json.alsoKnownAs),
    isLocked: json.manuallyApprovesFollowers === true,
    isBot: type === 'Service' || type === 'Application',
    tags: list(json.tag).flatMap(parseTag),
    ...withoutUndefined(optional),
  }
}

/** attributedTo: an id, an object, or a list that has a person in it (PeerTube lists channel and account). */
function authorOf(json: Json): string | undefined {
  const authors = list(json.attributedTo)
  const person = authors.find((author) => isObject(author) && author.type === 'Person')
  return reference(person ?? authors[0]).id
}

/** preferredUsername, if a handle can be made of it. */
function usernameOf({ preferredUsername }: Json): string | undefined {
  const name = text(preferredUsername)
  return name && /^[^\s\p{Cc}@]+$/u.test(name) ? name : undefined
}

function languageOf(json: Json): string | undefined {
  const tag = isObject(json.contentMap) ? Object.keys(json.contentMap)[0] : json.language
  return typeof tag === 'string' && /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*$/.test(tag)
    ? tag
    : undefined
}
