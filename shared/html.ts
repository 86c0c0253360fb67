// HTML from an escaping template: everything put in is text, unless its type says that it is HTML.

/** A piece of HTML. Only `html` and `raw` make one. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toString(): string {
    return this.text
  }
}

/** What may stand in a template: text and numbers are escaped, `null`, `undefined` and booleans are nothing. */
export type HtmlValue = Html | string | number | boolean | null | undefined | readonly HtmlValue[]

/** The template: html`<a href="${url}">${name}</a>`. Attribute values must stand in quotes. */
export function html(literals: TemplateStringsArray, ...values: HtmlValue[]): Html {
  let text = literals[0] ?? ''
  for (let index = 0; index < values.length; index += 1) {
    text += render(values[index]) + (literals[index + 1] ?? '')
  }
  return new Html(text)
}

/** Marks text as HTML. Only for what was sanitised, or was written by us. */
export function raw(sanitised: string): Html {
  return new Html(sanitised)
}

/** Escapes text for an element's content or a quoted attribute. */
export function escapeHtml(text: string): string {
  return special.test(text) ? text.replace(specials, (char) => entities[char] ?? char) : text
}

const special = /[&<>"']/
const specials = /[&<>"']/g
const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function render(value: HtmlValue): string {
  if (typeof value === 'string') return escapeHtml(value)
  if (value instanceof Html) return value.text
  if (value === null || value === undefined || typeof value === 'boolean') return ''
  if (typeof value === 'number') return String(value)
  return value.map(render).join('')
}
