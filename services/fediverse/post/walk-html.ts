// Walks through hostile HTML: tags and text in order, properly nested, without what is never shown.
import { Parser } from 'htmlparser2'

export type HtmlVisitor = {
  /** Every `open` is followed by its `close`, in order; void elements too. Names are in lower case. */
  open(name: string, attributes: Record<string, string>): void
  close(name: string): void
  /** Entities decoded, control characters taken out. May come in pieces. */
  text(part: string): void
  /** Asked now and then; true ends the walk. */
  isFull(): boolean
}

/** Elements that go with all that is in them. */
const hidden = new Set([
  ...[
    'applet',
    'audio',
    'canvas',
    'datalist',
    'embed',
    'frameset',
    'head',
    'iframe',
    'math',
    'noembed',
  ],
  ...[
    'noframes',
    'noscript',
    'object',
    'option',
    'picture',
    'plaintext',
    'script',
    'select',
    'style',
  ],
  ...['svg', 'template', 'textarea', 'title', 'video', 'xmp'],
])

/** The parser's cost grows with the depth: nobody's text is as deep as this. */
const MAX_DEPTH = 300
const CHUNK = 8_192

/** Visits all of `source`, or until full or absurdly deep; whether it got to the end. Linear in its length. */
export function walkHtml(source: string, visitor: HtmlVisitor): boolean {
  let depth = 0
  /** Depth at which a hidden element began; 0 outside. */
  let hiddenAt = 0
  const parser = new Parser({
    onopentag(name, attributes) {
      depth += 1
      if (hiddenAt === 0 && hidden.has(name)) hiddenAt = depth
      if (hiddenAt === 0) visitor.open(name, attributes)
    },
    onclosetag(name) {
      if (hiddenAt === 0) visitor.close(name)
      if (hiddenAt === depth) hiddenAt = 0
      depth -= 1
    },
    ontext(text) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what goes
      if (hiddenAt === 0) visitor.text(text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, ''))
    },
  })
  let offset = 0
  for (; offset < source.length && depth < MAX_DEPTH && !visitor.isFull(); offset += CHUNK) {
    parser.write(source.slice(offset, offset + CHUNK))
  }
  parser.end()
  return offset >= source.length
}
