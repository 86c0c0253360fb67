// Lines of IRC as tests see them: parsing, matching, and a log of lines that can be waited on. Kept apart from
// the bouncer's own parser on purpose: a mistake in one of them shows.

/** A line as parsed (https://modern.ircdocs.horse/#message-format, message tags). */
export interface IrcLine {
  /** As it came, without its end. */
  raw: string
  /** Unescaped; a tag without a value is ''. */
  tags: Record<string, string>
  /** `nick!user@host` or a server's name; empty: none. */
  source: string
  /** The part of the source before `!`. */
  nick: string
  /** In upper case. */
  command: string
  params: string[]
  /** When it arrived, ms on the clock of `performance.now()`. */
  at: number
}

/**
 * What a line is compared with: a pattern for the raw line, a predicate, or words: the command and the parameters that
 * follow it, `*` being any one (`'JOIN #fox'`, `'353 * * #fox'`, `'CAP * LS'`).
 */
export type Expected = string | RegExp | ((line: IrcLine) => boolean)

/** How `expect` waits. */
export interface ExpectOptions {
  /** Deadline; 5 s when absent. */
  timeoutMs?: number
  /** Look from this index of the log on, instead of behind the last match. */
  since?: number
}

const escapes: Readonly<Record<string, string>> = { ':': ';', s: ' ', r: '\r', n: '\n' }

/** Parses one line without its end. */
export function parseLine(raw: string): IrcLine {
  let rest = raw
  const line: IrcLine = {
    raw,
    tags: {},
    source: '',
    nick: '',
    command: '',
    params: [],
    at: performance.now(),
  }
  if (rest.startsWith('@')) {
    const word = firstWord(rest)
    for (const tag of word.slice(1).split(';')) {
      const [key = '', ...value] = tag.split('=')
      line.tags[key] = value
        .join('=')
        .replace(/\\(.?)/g, (_, char: string) => escapes[char] ?? char)
    }
    rest = rest.slice(word.length).trimStart()
  }
  if (rest.startsWith(':')) {
    const word = firstWord(rest)
    line.source = word.slice(1)
    line.nick = line.source.split('!')[0] ?? ''
    rest = rest.slice(word.length).replace(/^ +/, '')
  }
  line.command = firstWord(rest).toUpperCase()
  rest = rest.slice(line.command.length).replace(/^ +/, '')
  while (rest !== '') {
    if (rest.startsWith(':')) {
      line.params.push(rest.slice(1))
      break
    }
    const word = firstWord(rest)
    line.params.push(word)
    rest = rest.slice(word.length).replace(/^ +/, '')
  }
  return line
}

/** Whether a line is what is expected. */
export function isExpected(line: IrcLine, expected: Expected): boolean {
  if (typeof expected === 'function') return expected(line)
  if (expected instanceof RegExp) return expected.test(line.raw)
  const [command, ...params] = expected.split(' ')
  return (
    line.command === command &&
    params.every((param, index) => param === '*' || param === line.params[index])
  )
}

/** The tags as they stand in front of a line, with the space behind them; nothing when there are none. */
export function formatTags(tags: Readonly<Record<string, string | undefined>>): string {
  const words = Object.entries(tags)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([key, value]) => (value === '' ? key : `${key}=${escapeTag(value)}`))
  return words.length > 0 ? `@${words.join(';')} ` : ''
}

/** Escapes a tag's value (https://ircv3.net/specs/extensions/message-tags#escaping-values). */
export function escapeTag(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll(';', '\\:')
    .replaceAll(' ', '\\s')
    .replaceAll('\r', '\\r')
    .replaceAll('\n', '\\n')
}

/** Lines in the order in which they came, with those who wait for one. */
export interface LineLog<Line extends IrcLine> {
  readonly lines: Line[]
  push(line: Line): void
  /** No more will come: whoever waits is told why. */
  end(reason: string): void
  /** Undoes `end`. */
  reopen(): void
  /**
   * The first line that is expected, behind the last one that was matched: so expectations come in order and no line
   * is matched twice. Rejects with the last lines when none came in time.
   */
  expect(expected: Expected, options?: ExpectOptions): Promise<Line>
  /** The index behind the last match. */
  position(): number
}

/** An empty log; `name` is whose it is, for messages. */
export function makeLineLog<Line extends IrcLine>(name: () => string): LineLog<Line> {
  const lines: Line[] = []
  const waiting = new Set<() => void>()
  let matched = 0
  let ended = ''
  const wake = () => {
    for (const look of [...waiting]) look()
  }
  return {
    lines,
    push(line) {
      lines.push(line)
      if (waiting.size > 0) wake()
    },
    end(reason) {
      ended = reason
      wake()
    },
    reopen() {
      ended = ''
    },
    expect(expected, { timeoutMs = 5_000, since = matched } = {}) {
      return new Promise((resolve, reject) => {
        let next = since
        const stop = () => {
          clearTimeout(timer)
          waiting.delete(look)
        }
        const fail = (why: string) => {
          stop()
          const last = lines.slice(-20).map(({ raw }) => `  ${raw.slice(0, 400)}`)
          const what = typeof expected === 'function' ? 'what is expected' : String(expected)
          reject(new Error([`${name()}: no ${what}: ${why}; the last lines:`, ...last].join('\n')))
        }
        const look = () => {
          for (; next < lines.length; next += 1) {
            const line = lines[next]
            if (line === undefined || !isExpected(line, expected)) continue
            stop()
            matched = Math.max(matched, next + 1)
            resolve(line)
            return
          }
          if (ended !== '') fail(ended)
        }
        const timer = setTimeout(() => fail(`waited ${timeoutMs / 1000} s`), timeoutMs)
        waiting.add(look)
        look()
      })
    },
    position: () => matched,
  }
}

function firstWord(text: string): string {
  const end = text.indexOf(' ')
  return end === -1 ? text : text.slice(0, end)
}
