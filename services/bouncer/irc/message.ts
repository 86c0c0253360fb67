// One line of IRC: taken apart and put together. On the way of every line, hence without regular expressions.
import { formatTags, NO_TAGS, parseTags } from './tags.ts'

export { NO_TAGS } from './tags.ts'

/** A line, parsed (https://modern.ircdocs.horse/#message-format). */
export interface Message {
  /** Keys as spelled, values unescaped; a tag without value has ''. */
  readonly tags: ReadonlyMap<string, string>
  /** `nick!user@host` or a server's name, without the colon. */
  readonly source: string | undefined
  /** Upper case; a numeric is three digits. */
  readonly command: string
  readonly params: readonly string[]
}

/** More than the 15 of RFC 1459, since some servers send more; what follows stays in the last one. */
const MAX_PARAMS = 64
const SPACE = 0x20
const COLON = 0x3a
const AT = 0x40

/**
 * Takes a line apart; it comes without CR LF, and its length is bounded by the reader.
 * Undefined when there is no command, or when the line holds NUL, CR or LF.
 */
export function parseMessage(line: string): Message | undefined {
  if (hasForbidden(line)) return undefined
  let at = skipSpaces(line, 0)
  let tags: ReadonlyMap<string, string> = NO_TAGS
  if (line.charCodeAt(at) === AT) {
    const end = wordEnd(line, at)
    tags = parseTags(line, at + 1, end)
    at = skipSpaces(line, end)
  }
  let source: string | undefined
  if (line.charCodeAt(at) === COLON) {
    const end = wordEnd(line, at)
    if (end > at + 1) source = line.slice(at + 1, end)
    at = skipSpaces(line, end)
  }
  const end = wordEnd(line, at)
  const first = line.charCodeAt(at)
  if (end === at || first === COLON || first === AT) return undefined
  const command = upperCase(line.slice(at, end))
  return { tags, source, command, params: parseParams(line, skipSpaces(line, end)) }
}

function parseParams(line: string, start: number): string[] {
  const params: string[] = []
  let at = start
  while (at < line.length) {
    if (line.charCodeAt(at) === COLON) {
      params.push(line.slice(at + 1))
      break
    }
    if (params.length === MAX_PARAMS - 1) {
      params.push(line.slice(at))
      break
    }
    const end = wordEnd(line, at)
    params.push(line.slice(at, end))
    at = skipSpaces(line, end)
  }
  return params
}

/**
 * Puts a message together, without CR LF. Nothing in it can end the line, add a parameter or a tag:
 * NUL, CR and LF become a space (in tags they are escaped; NUL is dropped). Where the syntax has no
 * place for a space, it becomes `_`; so does a colon that begins a parameter before the last, and an
 * empty parameter before the last becomes `*`. Length is the caller's matter.
 */
export function formatMessage(message: Message): string {
  let line = ''
  if (message.tags.size > 0) {
    const tags = formatTags(message.tags)
    if (tags !== '') line = `@${tags} `
  }
  if (message.source) line += `:${word(message.source)} `
  line += word(message.command)
  const { params } = message
  const last = params.length - 1
  for (let index = 0; index < last; index++) line += ` ${middle(params[index] ?? '')}`
  if (last >= 0) line += ` ${trailing(params[last] ?? '')}`
  return line
}

/** A message without tags and source. */
export function message(command: string, ...params: string[]): Message {
  return { tags: NO_TAGS, source: undefined, command, params }
}

/** A message without tags, from a server or a person. */
export function messageFrom(
  source: string | undefined,
  command: string,
  ...params: string[]
): Message {
  return { tags: NO_TAGS, source, command, params }
}

/** The same message with these tags instead of its own. */
export function withTags(message: Message, tags: ReadonlyMap<string, string>): Message {
  return { tags, source: message.source, command: message.command, params: message.params }
}

function trailing(param: string): string {
  const text = hasForbidden(param) ? param.replace(/[\0\r\n]/g, ' ') : param
  const needsColon = text === '' || text.charCodeAt(0) === COLON || text.includes(' ')
  return needsColon ? `:${text}` : text
}

function middle(param: string): string {
  if (param === '') return '*'
  const text = word(param)
  return text.charCodeAt(0) === COLON ? `_${text.slice(1)}` : text
}

function word(text: string): string {
  return hasForbidden(text) || text.includes(' ') ? text.replace(/[\0\r\n ]/g, '_') : text
}

function hasForbidden(text: string): boolean {
  return text.includes('\n') || text.includes('\r') || text.includes('\0')
}

function wordEnd(line: string, from: number): number {
  const end = line.indexOf(' ', from)
  return end < 0 ? line.length : end
}

function skipSpaces(line: string, from: number): number {
  let at = from
  while (line.charCodeAt(at) === SPACE) at++
  return at
}

/** In ASCII only: `ſETNAME` is not SETNAME. */
function upperCase(command: string): string {
  let hasLower = false
  for (let at = 0; at < command.length; at++) {
    const code = command.charCodeAt(at)
    if (code > 0x7e) return command.replace(/[a-z]+/g, (letters) => letters.toUpperCase())
    if (code >= 0x61 && code <= 0x7a) hasLower = true
  }
  return hasLower ? command.toUpperCase() : command
}
