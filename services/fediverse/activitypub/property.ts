// Reads the properties of documents of other servers, each in any of the forms that JSON-LD allows: alone or in a list,
// as an id or embedded. What does not fit, or is longer than its bound, is left out.

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

function isId(id: string): boolean {
  return id.length <= MAX_ID && /^https?:\/\//.test(id) && URL.canParse(id)
}

export function webUrl(value: unknown): string | undefined {
  return typeof value === 'string' && isId(value) ? value : undefined
}

export const list = (value: unknown): unknown[] =>
  (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]).slice(
    0,
    MAX_LIST,
  )

/** Addresses: ids and the short spellings of Public, without repeats. */
export function ids(value: unknown): string[] {
  const found = list(value).map((item) =>
    typeof item === 'string' && isPublic(item) ? PUBLIC : reference(item).id,
  )
  return [...new Set(found.filter((id) => id !== undefined))]
}

export const text = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.slice(0, MAX_TEXT) : undefined

/** At most 500 characters without line breaks and other control characters, which would forge lines of a list. */
export const line = (value: unknown) =>
  text(value)
    ?.slice(0, 500)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()

export const firstValue = (map: unknown) =>
  isObject(map) ? text(Object.values(map)[0]) : undefined

/** An xsd:dateTime in ms. */
export function instant(value: unknown): number | undefined {
  if (typeof value !== 'string' || value.length > 40) return
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : at
}

export const count = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0

/** The URL of a string, Link, Image or a list of them; of a list, the HTML page is preferred. */
export function linkOf(value: unknown): string | undefined {
  const links = list(value)
  const page = links.find((link) => isObject(link) && link.mediaType === 'text/html')
  const link = page ?? links[0]
  if (typeof link === 'string') return webUrl(link)
  if (!isObject(link)) return
  return webUrl(link.href) ?? (link.url === undefined ? undefined : linkOf(link.url))
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Drops properties that are undefined, so that "absent" has one spelling. */
export function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Defined<T>
}
