// Changes of modes, read by what the network says of its modes (https://modern.ircdocs.horse/#mode-message).
import type { ChannelModes, Prefixes } from './isupport.ts'

export interface ModeChange {
  readonly isAdded: boolean
  /** One letter. */
  readonly mode: string
  readonly param: string | undefined
}

/** The part of `Isupport` that says how modes are read. */
export interface ModeRules {
  readonly prefixes: Prefixes
  readonly chanmodes: ChannelModes
}

/**
 * The changes in the parameters of a channel's MODE, behind the channel. A mode whose parameter is missing comes
 * without one (of a list that is a question); a mode that the network did not name takes none.
 */
export function parseModeChanges(params: readonly string[], rules: ModeRules): ModeChange[] {
  const [letters = '', ...args] = params
  const changes: ModeChange[] = []
  let isAdded = true
  let next = 0
  for (const mode of letters) {
    if (mode === '+' || mode === '-') isAdded = mode === '+'
    else
      changes.push({
        isAdded,
        mode,
        param: takesParam(mode, isAdded, rules) ? args[next++] : undefined,
      })
  }
  return changes
}

function takesParam(mode: string, isAdded: boolean, { prefixes, chanmodes }: ModeRules): boolean {
  return (
    prefixes.modes.includes(mode) ||
    chanmodes.lists.includes(mode) ||
    chanmodes.always.includes(mode) ||
    (isAdded && chanmodes.whenSet.includes(mode))
  )
}

/** Whether the mode is a rank of the member who is its parameter. */
export function isPrefixMode({ mode }: ModeChange, { prefixes }: ModeRules): boolean {
  return prefixes.modes.includes(mode)
}

/** A member's prefix symbols after the change, highest first. The same when it is no rank. */
export function applyToPrefixes(
  current: string,
  change: ModeChange,
  { prefixes }: ModeRules,
): string {
  const index = prefixes.modes.indexOf(change.mode)
  const symbol = index < 0 ? '' : prefixes.symbols.charAt(index)
  if (symbol === '') return current
  let changed = ''
  for (const each of prefixes.symbols) {
    if (each === symbol ? change.isAdded : current.includes(each)) changed += each
  }
  return changed
}

/** An entry of NAMES or of a WHOIS's channels: symbols in front (multi-prefix: several), and the name. */
export function splitPrefixes(
  entry: string,
  { prefixes }: Pick<ModeRules, 'prefixes'>,
): { prefixes: string; name: string } {
  let at = 0
  while (at < entry.length - 1 && prefixes.symbols.includes(entry.charAt(at))) at++
  return { prefixes: entry.slice(0, at), name: entry.slice(at) }
}

/** Brings the modes of the channel itself up to date, letter → parameter; ranks and lists are none of these. */
export function applyToChannel(
  modes: Map<string, string | undefined>,
  changes: readonly ModeChange[],
  { prefixes, chanmodes }: ModeRules,
): void {
  for (const { isAdded, mode, param } of changes) {
    if (prefixes.modes.includes(mode) || chanmodes.lists.includes(mode)) continue
    if (isAdded) modes.set(mode, param)
    else modes.delete(mode)
  }
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
