// What a network says of itself in 005, token by token, and what holds where it says nothing (RFC 1459).
// https://modern.ircdocs.horse/#rplisupport-parameters
import { type Casemapping, casemappingOf } from './casemapping.ts'

/** Channel modes that are ranks of members, highest first: `modes[i]` is shown as `symbols[i]`. */
export interface Prefixes {
  readonly modes: string
  readonly symbols: string
}

/** Letters of the channel modes by how they take parameters. */
export interface ChannelModes {
  /** A: lists, whose parameter is an entry; without one they are asked for. */
  readonly lists: string
  /** B: a parameter always. */
  readonly always: string
  /** C: a parameter when they are set. */
  readonly whenSet: string
  /** D: never. */
  readonly flags: string
}

const MAX_TOKENS = 500
/** More than 13 do not fit beside nick and text in 15 parameters. */
const TOKENS_PER_LINE = 13
/** Leaves 112 of 512 bytes for the server's name, the nick and the text. */
const BYTES_PER_LINE = 400

export class Isupport {
  /** Tokens as received, by their names, in order. */
  readonly #tokens = new Map<string, string>()
  #derived = derive(this.#tokens)

  /** Takes the tokens of one 005, without the nick before and the text behind them. More than 500 are not kept. */
  add(tokens: readonly string[]): void {
    for (const token of tokens) this.#take(token)
    this.#derived = derive(this.#tokens)
  }

  /** Forgets all: the network is connected to anew. */
  clear(): void {
    this.#tokens.clear()
    this.#derived = derive(this.#tokens)
  }

  /** All tokens as received, in order, without those removed since. */
  tokens(): string[] {
    return [...this.#tokens.values()]
  }

  has(name: string): boolean {
    return this.#tokens.has(name)
  }

  /** The unescaped value, '' for a token without one; undefined without the token. */
  get(name: string): string | undefined {
    return tokenValue(this.#tokens, name)
  }

  get casemapping(): Casemapping {
    return this.#derived.casemapping
  }

  get chantypes(): string {
    return this.#derived.chantypes
  }

  get prefix(): Prefixes {
    return this.#derived.prefix
  }

  get chanmodes(): ChannelModes {
    return this.#derived.chanmodes
  }

  /** Prefix symbols that a message to a channel may begin with: `@#channel`. */
  get statusmsg(): string {
    return this.#derived.statusmsg
  }

  get network(): string | undefined {
    return this.get('NETWORK') || undefined
  }

  get nicklen(): number {
    return this.#number('NICKLEN') ?? this.#number('MAXNICKLEN') ?? 9
  }

  get channellen(): number {
    return this.#number('CHANNELLEN') ?? 200
  }

  get topiclen(): number | undefined {
    return this.#number('TOPICLEN')
  }

  get kicklen(): number | undefined {
    return this.#number('KICKLEN')
  }

  get awaylen(): number | undefined {
    return this.#number('AWAYLEN')
  }

  /** Bytes of a line with CR LF, without tags; never less than 512. */
  get linelen(): number {
    return Math.max(512, this.#number('LINELEN') ?? 512)
  }

  /** Modes with parameter in one MODE; Infinity when the network sets no limit. */
  get modes(): number {
    return this.get('MODES') === '' ? Number.POSITIVE_INFINITY : (this.#number('MODES') ?? 3)
  }

  /** Targets of one command; Infinity without limit, 1 when the network tells nothing of it. */
  targmax(command: string): number {
    for (const entry of (this.get('TARGMAX') ?? '').split(',')) {
      const [name, limit = ''] = entry.split(':', 2)
      if (name?.toUpperCase() !== command.toUpperCase()) continue
      return limit === '' ? Number.POSITIVE_INFINITY : Math.max(1, numberOf(limit) ?? 1)
    }
    return 1
  }

  get utf8only(): boolean {
    return this.has('UTF8ONLY')
  }

  /** Nicks that may be watched by MONITOR; Infinity without limit, undefined without MONITOR. */
  get monitor(): number | undefined {
    const value = this.get('MONITOR')
    return value === '' ? Number.POSITIVE_INFINITY : this.#number('MONITOR')
  }

  get whox(): boolean {
    return this.has('WHOX')
  }

  /** Extended bans: what they begin with, and their letters. */
  get extban(): { readonly prefix: string; readonly types: string } | undefined {
    const value = this.get('EXTBAN')
    if (value === undefined) return undefined
    const [prefix = '', types = ''] = value.split(',', 2)
    return { prefix, types }
  }

  /** What LIST can search by. */
  get elist(): string {
    return this.get('ELIST') ?? ''
  }

  /** User mode of bots. */
  get bot(): string | undefined {
    return this.get('BOT') || undefined
  }

  /** Channel mode of exceptions from bans, and of exceptions from invite-only. */
  get excepts(): string | undefined {
    return this.has('EXCEPTS') ? this.get('EXCEPTS') || 'e' : undefined
  }

  get invex(): string | undefined {
    return this.has('INVEX') ? this.get('INVEX') || 'I' : undefined
  }

  /** Most messages of one CHATHISTORY; Infinity without limit, undefined without CHATHISTORY. */
  get chathistory(): number | undefined {
    const limit = this.#number('CHATHISTORY')
    return limit === 0 ? Number.POSITIVE_INFINITY : limit
  }

  get msgreftypes(): string[] {
    return (this.get('MSGREFTYPES') ?? '').split(',').filter((type) => type !== '')
  }

  isChannel(name: string): boolean {
    return name !== '' && this.#derived.chantypes.includes(name.charAt(0))
  }

  /** The channel that `@#channel` is for; any other target as it is. */
  withoutStatus(target: string): string {
    let at = 0
    while (at < target.length && this.statusmsg.includes(target.charAt(at))) at++
    const rest = target.slice(at)
    return at > 0 && this.isChannel(rest) ? rest : target
  }

  #take(token: string): void {
    if (token.startsWith('-')) {
      this.#tokens.delete(token.slice(1))
      return
    }
    const name = token.split('=', 1)[0] ?? ''
    if (name === '' || (this.#tokens.size >= MAX_TOKENS && !this.#tokens.has(name))) return
    this.#tokens.set(name, token)
  }

  #number(name: string): number | undefined {
    return numberOf(this.get(name))
  }
}

/** Tokens by lines of 005: at most 13 each, and no more bytes than fit. A token too long for any line is left out. */
export function isupportLines(tokens: readonly string[]): string[][] {
  const lines: string[][] = []
  let room = 0
  for (const token of tokens) {
    if (token.length > BYTES_PER_LINE || token === '') continue
    let line = lines.at(-1)
    if (!line || line.length === TOKENS_PER_LINE || token.length + 1 > room) {
      line = []
      lines.push(line)
      room = BYTES_PER_LINE + 1
    }
    line.push(token)
    room -= token.length + 1
  }
  return lines
}

/** What is asked for with every line. */
function derive(tokens: ReadonlyMap<string, string>) {
  const [, modes = '', symbols = ''] =
    /^\(([^)]*)\)(.*)$/s.exec(tokenValue(tokens, 'PREFIX') ?? '(ov)@+') ?? []
  const [lists = '', always = '', whenSet = '', flags = ''] = (
    tokenValue(tokens, 'CHANMODES') ?? 'b,k,l,imnpst'
  ).split(',')
  const prefix: Prefixes = { modes, symbols }
  const chanmodes: ChannelModes = { lists, always, whenSet, flags }
  return {
    casemapping: casemappingOf(tokenValue(tokens, 'CASEMAPPING')),
    chantypes: tokenValue(tokens, 'CHANTYPES') ?? '#&',
    prefix,
    chanmodes,
    statusmsg: tokenValue(tokens, 'STATUSMSG') ?? '',
  }
}

function tokenValue(tokens: ReadonlyMap<string, string>, name: string): string | undefined {
  const token = tokens.get(name)
  if (token === undefined) return undefined
  const value = token.slice(name.length + 1)
  if (!value.includes('\\x')) return value
  return value.replace(/\\x([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}
