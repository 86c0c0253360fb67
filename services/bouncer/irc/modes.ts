// Changes of modes, read by what the network says of its modes (https://modern.ircdocs.horse/#mode-message).
import type { ChannelModes, Prefixes } from './isupport.ts'

/** What a channel mode is: a rank of a member, an entry of a list, or a setting of the channel itself. */
export type ModeKind = 'prefix' | 'list' | 'setting'

export interface ModeChange {
  readonly isAdded: boolean
  /** One letter. */
  readonly mode: string
  readonly param: string | undefined
  readonly kind: ModeKind
}

/** The part of `Isupport` that says how modes are read. */
export interface ModeRules {
  readonly prefix: Prefixes
  readonly chanmodes: ChannelModes
}

/**
 * The changes in the parameters of a channel's MODE, behind the channel. A mode whose parameter is missing comes
 * without one (of a list that is a question); a mode that the network did not name takes none.
 */
export function parseChannelModes(params: readonly string[], rules: ModeRules): ModeChange[] {
  const [letters = '', ...args] = params
  const changes: ModeChange[] = []
  let isAdded = true
  let next = 0
  for (const mode of letters) {
    if (mode === '+' || mode === '-') {
      isAdded = mode === '+'
      continue
    }
    const kind = kindOf(mode, rules)
    const param = takesParam(mode, kind, isAdded, rules) ? args[next++] : undefined
    changes.push({ isAdded, mode, param, kind })
  }
  return changes
}

function kindOf(mode: string, { prefix, chanmodes }: ModeRules): ModeKind {
  if (prefix.modes.includes(mode)) return 'prefix'
  return chanmodes.lists.includes(mode) ? 'list' : 'setting'
}

function takesParam(
  mode: string,
  kind: ModeKind,
  isAdded: boolean,
  { chanmodes }: ModeRules,
): boolean {
  if (kind !== 'setting' || chanmodes.always.includes(mode)) return true
  return isAdded && chanmodes.whenSet.includes(mode)
}

/** A member's prefix symbols after a change of mode, highest first. The same when the mode is no rank. */
export function setPrefix(
  symbols: string,
  mode: string,
  isAdded: boolean,
  { prefix }: Pick<ModeRules, 'prefix'>,
): string {
  const index = prefix.modes.indexOf(mode)
  const changed = index < 0 ? '' : prefix.symbols.charAt(index)
  if (changed === '') return symbols
  let result = ''
  for (const symbol of prefix.symbols) {
    if (symbol === changed ? isAdded : symbols.includes(symbol)) result += symbol
  }
  return result
}

/** An entry of NAMES or of a WHOIS's channels: symbols in front (multi-prefix: several), and the name. */
export function splitPrefixes(
  entry: string,
  { prefix }: Pick<ModeRules, 'prefix'>,
): { prefixes: string; name: string } {
  let at = 0
  while (at < entry.length - 1 && prefix.symbols.includes(entry.charAt(at))) at++
  return { prefixes: entry.slice(0, at), name: entry.slice(at) }
}

/** Parameters of 324 behind the channel: `+ntk`, `key`. Modes with a parameter come last. */
export function formatChannelModes(modes: ReadonlyMap<string, string | undefined>): string[] {
  const plain = [...modes].filter(([, param]) => param === undefined)
  const withParam = [...modes].filter(([, param]) => param !== undefined)
  const letters = [...plain, ...withParam].map(([mode]) => mode).join('')
  return [`+${letters}`, ...withParam.map(([, param]) => param ?? '')]
}

/** A user's modes (`iw`) after a change such as `+x-i`; letters in the order in which they were set. */
export function applyUserModes(current: string, change: string): string {
  const modes = new Set(current.replaceAll('+', ''))
  let isAdded = true
  for (const mode of change) {
    if (mode === '+' || mode === '-') isAdded = mode === '+'
    else if (isAdded) modes.add(mode)
    else modes.delete(mode)
  }
  return [...modes].join('')
}
