// Reads ActivityStreams documents of other servers: hostile JSON in, types that carry their rules out.
// The compacted form is read directly, as every server in use writes it; arrays, strings and embedded objects are
// taken wherever JSON-LD allows them. https://www.w3.org/TR/activitystreams-core/

export type Json = Record<string, unknown>

/** https://www.w3.org/TR/activitypub/#public-addressing */
export const PUBLIC = 'https://www.w3.org/ns/activitystreams#Public'

/** At most so many recipients, tags, attachments or options are read of one document. */
const MAX_LIST = 256
const MAX_ID = 2_048
const MAX_TEXT = 500_000

/** Something referred to: by id, embedded, or both. */
export interface Reference {
  id?: string
  document?: Json
}

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

/** The id or embedded object that a property names. */
export function reference(value: unknown): Reference {
  const first = Array.isArray(value) ? value[0] : value
  if (typeof first === 'string') return isId(first) ? { id: first } : {}
  if (!isObject(first)) return {}
  const id =
    idOf(first) ?? (typeof first.href === 'string' && isId(first.href) ? first.href : undefined)
  return id ? { id, document: first } : { document: first }
}

/** The host (with port) of an id. Ids were checked when they were parsed. */
export function hostOf(id: string): string {
  return new URL(id).host
}

/** Whether an address means everyone. https://www.w3.org/TR/activitypub/#public-addressing */
export function isPublic(address: string): boolean {
  return address === PUBLIC || address === 'as:Public' || address === 'Public'
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The first type that is a plain name. */
export function typeOf(json: Json): string | undefined {
  const type = list(json.type ?? json['@type'])[0]
  return typeof type === 'string' && type.length <= 100 ? type.replace(/^as:/, '') : undefined
}

export function idOf(json: Json): string | undefined {
  const id = json.id ?? json['@id']
  return typeof id === 'string' && isId(id) ? id : undefined
}

/** attributedTo: an id, an object, or a list that has a person in it (PeerTube lists channel and account). */
function authorOf(json: Json): string | undefined {
  const authors = list(json.attributedTo)
  const person = authors.find((author) => isObject(author) && author.type === 'Person')
  return reference(person ?? authors[0]).id
}

function isId(id: string): boolean {
  return id.length <= MAX_ID && /^https?:\/\//.test(id) && URL.canParse(id)
}

function webUrl(value: unknown): string | undefined {
  return typeof value === 'string' && isId(value) ? value : undefined
}

const list = (value: unknown): unknown[] =>
  (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]).slice(
    0,
    MAX_LIST,
  )

/** Addresses: ids and the short spellings of Public, without repeats. */
function ids(value: unknown): string[] {
  const found = list(value).map((item) =>
    typeof item === 'string' && isPublic(item) ? PUBLIC : reference(item).id,
  )
  return [...new Set(found.filter((id) => id !== undefined))]
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.slice(0, MAX_TEXT) : undefined

/** At most 500 characters without line breaks and other control characters, which would forge lines of a list. */
const line = (value: unknown) =>
  text(value)
    ?.slice(0, 500)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()

/** preferredUsername, if a handle can be made of it. */
function usernameOf({ preferredUsername }: Json): string | undefined {
  const name = text(preferredUsername)
  return name && /^[^\s\p{Cc}@]+$/u.test(name) ? name : undefined
}

const firstValue = (map: unknown) => (isObject(map) ? text(Object.values(map)[0]) : undefined)

/** An xsd:dateTime in ms. */
function instant(value: unknown): number | undefined {
  if (typeof value !== 'string' || value.length > 40) return
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : at
}

const count = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0

/** The URL of a string, Link, Image or a list of them; of a list, the HTML page is preferred. */
function linkOf(value: unknown): string | undefined {
  const links = list(value)
  const page = links.find((link) => isObject(link) && link.mediaType === 'text/html')
  const link = page ?? links[0]
  if (typeof link === 'string') return webUrl(link)
  if (!isObject(link)) return
  return webUrl(link.href) ?? (link.url === undefined ? undefined : linkOf(link.url))
}

function languageOf(json: Json): string | undefined {
  const tag = isObject(json.contentMap) ? Object.keys(json.contentMap)[0] : json.language
  return typeof tag === 'string' && /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*$/.test(tag)
    ? tag
    : undefined
}

function parseTag(value: unknown): Tag[] {
  if (!isObject(value)) return []
  const type = typeOf(value)
  const name = text(value.name)?.slice(0, 300)
  if (!type || name === undefined) return []
  const href = webUrl(value.href)
  const iconUrl = linkOf(value.icon)
  return [{ type, name, ...(href ? { href } : {}), ...(iconUrl ? { iconUrl } : {}) }]
}

function parseAttachment(value: unknown): Attachment[] {
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

function parsePoll(json: Json): Poll | undefined {
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

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Drops properties that are undefined, so that "absent" has one spelling. */
export function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Defined<T>
}
