// Message tags: their escapes and the room they may take (https://ircv3.net/specs/extensions/message-tags).
import { utf8Length } from './split.ts'

/** Shared by all messages that have none. */
export const NO_TAGS: ReadonlyMap<string, string> = new Map()

/** Most bytes of tags from a client, without `@` and space; as many again may be added by the server. */
export const MAX_TAG_DATA_BYTES = 4094
/** Most bytes of all tags of a line with `@` and space. */
export const MAX_TAG_BYTES = 8191

const unescaped: Readonly<Record<string, string>> = { ':': ';', s: ' ', r: '\r', n: '\n' }
const escaped: Readonly<Record<string, string>> = {
  ';': '\\:',
  ' ': '\\s',
  '\r': '\\r',
  '\n': '\\n',
  '\\': '\\\\',
  '\0': '',
}

/** The tags of `line` from `start` (behind the `@`) to `end`. Of equal keys the last one wins. */
export function parseTags(line: string, start: number, end: number): ReadonlyMap<string, string> {
  if (start >= end) return NO_TAGS
  const tags = new Map<string, string>()
  let at = start
  while (at < end) {
    let stop = line.indexOf(';', at)
    if (stop < 0 || stop > end) stop = end
    let equals = at
    while (equals < stop && line.charCodeAt(equals) !== 0x3d) equals++
    if (equals > at) {
      tags.set(
        line.slice(at, equals),
        unescapeTag(line.slice(equals + 1, Math.max(equals + 1, stop))),
      )
    }
    at = stop + 1
  }
  return tags.size > 0 ? tags : NO_TAGS
}

/** `a=b;c` without `@`. A key that could not be read back as one is left out. */
export function formatTags(tags: ReadonlyMap<string, string>): string {
  let text = ''
  for (const [key, value] of tags) {
    const tag = formatTag(key, value)
    if (tag !== '') text += text === '' ? tag : `;${tag}`
  }
  return text
}

/** The value as it was meant; an unknown escape is the character itself, a lone `\` at the end is dropped. */
export function unescapeTag(value: string): string {
  if (!value.includes('\\')) return value
  return value.replace(/\\(.?)/gsu, (_, character: string) => unescaped[character] ?? character)
}

/** The value as it stands in a line. NUL has no escape and is dropped. */
export function escapeTag(value: string): string {
  if (!/[;\\ \r\n\0]/.test(value)) return value
  return value.replace(/[;\\ \r\n\0]/g, (character) => escaped[character] ?? '')
}

/**
 * The tags that fit into `maxBytes` as written, without `@` and space: each is taken, in order, if
 * there is room for it. The same map when all of them fit.
 */
export function fitTags(
  tags: ReadonlyMap<string, string>,
  maxBytes = MAX_TAG_DATA_BYTES,
): ReadonlyMap<string, string> {
  if (tags.size === 0) return tags
  const fitting = new Map<string, string>()
  let room = maxBytes
  for (const [key, value] of tags) {
    const bytes = utf8Length(formatTag(key, value)) + (fitting.size > 0 ? 1 : 0)
    if (bytes > room) continue
    room -= bytes
    fitting.set(key, value)
  }
  return fitting.size === tags.size ? tags : fitting
}

/** As `fitTags`, for a line to a client: what the client-only tags take and what the server adds count apart. */
export function fitServerTags(tags: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const all = fitTags(tags)
  if (all === tags) return tags
  const ofServer = fitTags(only(tags, (key) => !key.startsWith('+')))
  const ofClient = fitTags(only(tags, (key) => key.startsWith('+')))
  return new Map([...ofServer, ...ofClient])
}

/** Client-only tags: what one client says to others, passed on as it is. */
export function clientOnlyTags(tags: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return tags.size === 0 ? NO_TAGS : only(tags, (key) => key.startsWith('+'))
}

function only(
  tags: ReadonlyMap<string, string>,
  isWanted: (key: string) => boolean,
): ReadonlyMap<string, string> {
  const wanted = new Map<string, string>()
  for (const [key, value] of tags) if (isWanted(key)) wanted.set(key, value)
  return wanted.size > 0 ? wanted : NO_TAGS
}

function formatTag(key: string, value: string): string {
  if (key === '' || /[\0\r\n ;=]/.test(key)) return ''
  return value === '' ? key : `${key}=${escapeTag(value)}`
}
