// Text of IRC lines as HTML: always escaped; bold and the like become spans, colours are left out (they may be unreadable on
// our ground), addresses become links. https://modern.ircdocs.horse/formatting
import { type Html, html } from '@fuchsbau/shared/html.ts'

/** Toggles, by control character. */
const TOGGLES: Readonly<Record<string, string>> = {
  '\x02': 'b',
  '\x11': 'm',
  '\x1d': 'i',
  '\x1e': 's',
  '\x1f': 'u',
}
/** What follows a colour code, as part of it. */
const ARGUMENTS: Readonly<Record<string, RegExp>> = {
  '\x03': /^\d{1,2}(?:,\d{1,2})?/,
  '\x04': /^[0-9a-f]{6}(?:,[0-9a-f]{6})?/i,
}
const CONTROL = /(\p{Cc})/u
const ADDRESS = /\bhttps?:\/\/[^\s<>"'`]+/gi

/** The text of a message. */
export function renderText(text: string): Html {
  if (!CONTROL.test(text)) return linked(text)
  const on = new Set<string>()
  return html`${pieces(text).map(({ code, rest }) => {
    const style = TOGGLES[code]
    if (style !== undefined && !on.delete(style)) on.add(style)
    if (code === '\x0f') on.clear()
    return span(code === '\t' ? ` ${rest}` : rest, on)
  })}`
}

/** Without codes, for where there is no room for them. */
export function plainText(text: string): string {
  return pieces(text)
    .map(({ rest }) => rest)
    .join('')
}

/** Each control character with the text behind it. */
function pieces(text: string): { code: string; rest: string }[] {
  const parts = ['', ...text.split(CONTROL)]
  return parts.flatMap((code, index) => {
    if (index % 2 === 1) return []
    const behind = parts[index + 1] ?? ''
    const argument = ARGUMENTS[code]
    return { code, rest: argument ? behind.replace(argument, '') : behind }
  })
}

function span(text: string, on: ReadonlySet<string>): Html | '' {
  if (text === '') return ''
  return on.size === 0
    ? linked(text)
    : html`<span class="${[...on].join(' ')}">${linked(text)}</span>`
}

function linked(text: string): Html {
  const parts: (Html | string)[] = []
  let end = 0
  for (const match of text.matchAll(ADDRESS)) {
    const address = withoutTail(match[0])
    if (!URL.canParse(address)) continue
    parts.push(text.slice(end, match.index))
    parts.push(html`<a href="${address}" rel="noopener noreferrer nofollow">${address}</a>`)
    end = match.index + address.length
  }
  return html`${parts}${text.slice(end)}`
}

/** What follows an address in a sentence is not part of it; a closing bracket is, when it was opened in it. */
function withoutTail(address: string): string {
  let open = 0
  for (const sign of address) open += sign === '(' ? 1 : sign === ')' ? -1 : 0
  let end = address.length
  for (; end > 0; end -= 1) {
    const last = address.charAt(end - 1)
    if (last === ')' && open < 0) open += 1
    else if (!'.,;:!?'.includes(last)) break
  }
  return address.slice(0, end)
}
