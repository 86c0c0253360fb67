// The language of znc.conf: `name = value` and nested `<Tag name>` … `</Tag>`. Reads what can be read: a damaged line is
// told and left out, an unclosed block ends with the file.
// https://wiki.znc.in/Configuration https://github.com/znc/znc/blob/master/src/Config.cpp

export interface ZncBlock {
  /** As it is called in the file; empty for the whole. */
  name: string
  /** By name in lower case, in the file's order. */
  values: ReadonlyMap<string, readonly string[]>
  /** By tag in lower case. */
  blocks: ReadonlyMap<string, readonly ZncBlock[]>
}

export interface ZncConfig {
  root: ZncBlock
  /** What could not be read, in words with the line's number; at most 20. */
  problems: string[]
}

interface OpenBlock {
  tag: string
  name: string
  values: Map<string, string[]>
  blocks: Map<string, ZncBlock[]>
}

const DEEPEST = 8
const MOST_PROBLEMS = 20

export function parseZncConfig(text: string): ZncConfig {
  const parser = new Parser()
  for (const [index, line] of text.split('\n').entries()) parser.line(line, index + 1)
  return { root: parser.end(), problems: parser.problems }
}

/** The last one of a name, as ZNC takes it; '' when there is none. */
export const setting = ({ values }: ZncBlock, name: string): string =>
  values.get(name)?.at(-1) ?? ''

export const isTrue = (value: string): boolean => /^(true|on|yes|1)$/i.test(value.trim())

class Parser {
  readonly problems: string[] = []
  readonly #open: OpenBlock[] = [openBlock('', '')]
  #isComment = false
  /** Blocks too deep to be kept, that wait for their end. */
  #tooDeep = 0

  line(raw: string, number: number): void {
    const line = raw.trimStart().replace(/\r+$/, '')
    if (this.#isComment || line.startsWith('/*')) {
      this.#isComment = !line.endsWith('*/')
      return
    }
    if (line === '' || line.startsWith('#') || line.startsWith('//')) return
    const tag = /^<\s*(\/?)\s*(\S+?)(?:\s+(.*?))?\s*>$/.exec(line.trimEnd())
    if (tag) {
      const [, slash, word = '', name = ''] = tag
      if (slash) this.#end(word.toLowerCase(), number)
      else this.#begin(word.toLowerCase(), name, number)
      return
    }
    const at = line.indexOf('=')
    const name = line.slice(0, Math.max(0, at)).trim().toLowerCase()
    const value = line.slice(at + 1).replace(/^ /, '')
    if (at < 1 || name === '') this.#problem(number, 'is neither a setting nor a block')
    else if (value !== '' && this.#tooDeep === 0) append(this.#top.values, name, value)
  }

  /** The whole; blocks that are still open end here. */
  end(): ZncBlock {
    if (this.#open.length > 1) this.problems.push(`<${this.#top.tag}> is not closed at the end`)
    while (this.#open.length > 1) this.#close()
    return asBlock(this.#top)
  }

  get #top(): OpenBlock {
    return this.#open.at(-1) ?? openBlock('', '')
  }

  #begin(tag: string, name: string, number: number): void {
    if (this.#open.length > DEEPEST) {
      this.#tooDeep += 1
      this.#problem(number, 'is nested too deeply')
    } else this.#open.push(openBlock(tag, name))
  }

  #end(tag: string, number: number): void {
    if (this.#tooDeep > 0) {
      this.#tooDeep -= 1
      return
    }
    const isOpen = this.#open.slice(1).some((block) => block.tag === tag)
    if (!isOpen) {
      this.#problem(number, `ends <${tag.slice(0, 30)}>, which is not open`)
      return
    }
    while (this.#top.tag !== tag) {
      this.#problem(number, `ends <${tag}> while <${this.#top.tag.slice(0, 30)}> is open`)
      this.#close()
    }
    this.#close()
  }

  #close(): void {
    const block = this.#open.pop()
    if (block) append(this.#top.blocks, block.tag, asBlock(block))
  }

  #problem(number: number, words: string): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(`line ${number} ${words}`)
  }
}

const openBlock = (tag: string, name: string): OpenBlock => ({
  tag,
  name,
  values: new Map(),
  blocks: new Map(),
})

const asBlock = ({ name, values, blocks }: OpenBlock): ZncBlock => ({ name, values, blocks })

function append<V>(map: Map<string, V[]>, key: string, value: V): void {
  const values = map.get(key)
  if (values) values.push(value)
  else map.set(key, [value])
}
