// The head of an answer of the upstream, read strictly: what could be understood in two ways is refused.
// https://www.rfc-editor.org/rfc/rfc9112

/** How the end of a body is known. */
export type Framing =
  | { kind: 'none' }
  | { kind: 'length'; bytes: number }
  | { kind: 'chunked' }
  /** Until the connection ends. */
  | { kind: 'close' }

export interface ResponseHead {
  status: number
  /** By lower-case name; a name that came twice has both values, joined by a comma. */
  headers: ReadonlyMap<string, string>
  framing: Framing
  /** Whether the connection can be used again. */
  isKeptAlive: boolean
}

/** The upstream's answer cannot be understood. */
export class BadUpstream extends Error {
  override name = 'BadUpstream'
}

const MAX_HEADERS = 200
/** A name, and a value without control characters: no folded line, no space before the colon. */
const FIELD = /^([!#$%&'*+.^_`|~\w-]+):([\t\x20-\x7e\x80-\xff]*)$/

/** Reads a head: all lines before the empty one, without it. `method` is that of the request: HEAD has no body. */
export function parseHead(text: string, method: string): ResponseHead {
  const [statusLine = '', ...lines] = text.split('\r\n')
  const match = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(statusLine)
  if (!match) throw new BadUpstream('the status line is malformed')
  if (lines.length > MAX_HEADERS) throw new BadUpstream('too many headers')
  const headers = new Map<string, string>()
  for (const line of lines) {
    const [, rawName, rawValue] = FIELD.exec(line) ?? []
    if (!rawName || rawValue === undefined) throw new BadUpstream('a header is malformed')
    const name = rawName.toLowerCase()
    const value = rawValue.trim()
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  const status = Number(match[2])
  const options = (headers.get('connection') ?? '').toLowerCase().split(/\s*,\s*/)
  const isKeptAlive = match[1] === '1' ? !options.includes('close') : options.includes('keep-alive')
  // An old proxy that does not know what it passes on. https://www.rfc-editor.org/rfc/rfc9112#section-6.1
  if (match[1] === '0' && headers.has('transfer-encoding')) {
    throw new BadUpstream('a coding in HTTP/1.0')
  }
  const framing = framingOf(status, headers, method)
  return { status, headers, framing, isKeptAlive: isKeptAlive && framing.kind !== 'close' }
}

/** https://www.rfc-editor.org/rfc/rfc9112#section-6.3 */
function framingOf(status: number, headers: ReadonlyMap<string, string>, method: string): Framing {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { kind: 'none' }
  const coding = headers.get('transfer-encoding')
  const length = headers.get('content-length')
  if (coding !== undefined) {
    if (length !== undefined) throw new BadUpstream('a body has a length and a coding')
    if (coding.toLowerCase() !== 'chunked') throw new BadUpstream('the transfer coding is unknown')
    return { kind: 'chunked' }
  }
  if (length === undefined) return { kind: 'close' }
  if (!/^\d{1,15}$/.test(length)) throw new BadUpstream('the length of a body is malformed')
  return { kind: 'length', bytes: Number(length) }
}
