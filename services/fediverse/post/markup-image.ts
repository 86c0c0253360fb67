// Images in what a person writes: `![alt](url)`, and the URL of an image alone on its line, become attachments.
import MarkdownIt, { type Token } from 'markdown-it'

export type MarkupImage = { url: string; name: string; mediaType: string }

const types: ReadonlyMap<string, string> = new Map([
  ['avif', 'image/avif'],
  ['gif', 'image/gif'],
  ['jpeg', 'image/jpeg'],
  ['jpg', 'image/jpeg'],
  ['png', 'image/png'],
  ['webp', 'image/webp'],
])

/**
 * Takes the images out of the block tokens of a document, each URL once; a paragraph that held nothing else goes
 * too. An image of unknown type becomes a link, one inside a link its alt text; with `isOn` false, all do.
 */
export function takeImages(
  tokens: readonly Token[],
  isOn: boolean,
): { tokens: Token[]; images: MarkupImage[] } {
  const images = new Map<string, MarkupImage>()
  const emptied = new Set<number>()
  tokens.forEach((token, index) => {
    if (!token.children) return
    const children = withoutImages(token.children, isOn ? imageType : () => undefined, images)
    if (token.children.length > 0 && children.length === 0) {
      for (const part of [index - 1, index, index + 1]) emptied.add(part)
    }
    token.children = children
  })
  return { tokens: tokens.filter((_, index) => !emptied.has(index)), images: [...images.values()] }
}

function withoutImages(
  children: Token[],
  typeOf: (url: string) => string | undefined,
  images: Map<string, MarkupImage>,
): Token[] {
  const kept: Token[] = []
  let isTaken = false
  let linkDepth = 0
  const take = (url: string, name: string) => {
    const mediaType = typeOf(url)
    if (!mediaType || linkDepth > 0) return false
    if (!images.has(url)) images.set(url, { url, name, mediaType })
    isTaken = true
    return true
  }
  for (let index = 0; index < children.length; index += 1) {
    const token = children[index]
    if (!token) continue
    if (isLoneUrl(children, index) && take(String(token.attrGet('href')), '')) {
      index += 2
      continue
    }
    if (token.type === 'image') {
      const url = String(token.attrGet('src'))
      if (!take(url, token.content)) kept.push(...asLink(token, url, linkDepth > 0))
      continue
    }
    if (token.type.startsWith('link_')) linkDepth += token.nesting
    kept.push(token)
  }
  return isTaken ? trimBreaks(kept) : kept
}

/** A bare URL (three tokens from `index`) with nothing else on its line. */
function isLoneUrl(children: readonly Token[], index: number): boolean {
  const isEdge = (token: Token | undefined) => !token || isBreak(token)
  return (
    children[index]?.type === 'link_open' &&
    children[index].info === 'auto' &&
    isEdge(children[index - 1]) &&
    isEdge(children[index + 3])
  )
}

function asLink(image: Token, url: string, isInLink: boolean): Token[] {
  const label = new MarkdownIt.Token('text', '', 0)
  label.content = image.content || url
  if (isInLink) return [label]
  const open = new MarkdownIt.Token('link_open', 'a', 1)
  open.attrSet('href', url)
  return [open, label, new MarkdownIt.Token('link_close', 'a', -1)]
}

function trimBreaks(tokens: Token[]): Token[] {
  const trimmed = tokens.filter((token, index) => {
    const previous = tokens[index - 1]
    return !isBreak(token) || (previous && !isBreak(previous))
  })
  const last = trimmed.at(-1)
  if (last && isBreak(last)) trimmed.pop()
  return trimmed
}

function isBreak(token: Token): boolean {
  return token.type === 'softbreak' || token.type === 'hardbreak'
}

function imageType(url: string): string | undefined {
  const extension = /\.([a-z]+)$/i.exec(url.replace(/[?#].*$/s, ''))?.[1]
  return extension && types.get(extension.toLowerCase())
}
