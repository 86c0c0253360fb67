// A page as a browser sees it, for the tests: parse5 builds the tree of the HTML standard.
import { parse, type DefaultTreeAdapterTypes as Tree } from 'parse5'

export type Found = {
  name: string
  attributes: Record<string, string>
  text: string
  /** Names of the elements it is in, outermost first. */
  path: string[]
}

/** All elements of a page, in order. */
export function elementsOf(page: string): Found[] {
  const found: Found[] = []
  const visit = (node: Tree.Node, path: string[]) => {
    const isElement = 'tagName' in node
    if (isElement) {
      const attributes = Object.fromEntries(node.attrs.map(({ name, value }) => [name, value]))
      found.push({ name: node.tagName, attributes, text: textOf(node).trim(), path })
    }
    const below = isElement ? [...path, node.tagName] : path
    if ('childNodes' in node) for (const child of node.childNodes) visit(child, below)
  }
  visit(parse(page), [])
  return found
}

function textOf(node: Tree.Node): string {
  if (node.nodeName === '#text') return (node as Tree.TextNode).value
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : ''
}
