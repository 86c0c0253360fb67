// A line of a person as words and flags: quoting like a shell's, flags like soju's.
import { nearest } from '@fuchsbau/shared/nearest.ts'
import { type Outcome, refuse } from '../manage/outcome.ts'

/** Words between spaces; '…' and "…" keep spaces, \ the next character (not in '…'). */
export function splitWords(text: string): Outcome<{ words: string[] }> {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (quote === '' && /\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (quote === '' && (character === '"' || character === "'")) {
      quote = character
      word ??= ''
    } else if (character === quote) quote = ''
    else if (character === '\\' && quote !== "'") {
      at += 1
      if (at === text.length)
        return refuse('Nothing follows the last \\: write \\\\ for the character itself.')
      word = (word ?? '') + text.charAt(at)
    } else word = (word ?? '') + character
  }
  if (quote !== '') return refuse(`The ${quote} that begins a word is never closed.`)
  if (word !== undefined) words.push(word)
  return { ok: true, words }
}

/** What a flag takes: a text, yes or no (nothing is yes), or a text each time it is given. */
export type FlagKind = 'text' | 'flag' | 'list'

export type Flags<S extends Readonly<Record<string, FlagKind>>> = {
  [F in keyof S]?: S[F] extends 'text' ? string : S[F] extends 'flag' ? boolean : string[]
}

const TRUTH: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  yes: true,
  no: false,
  on: true,
  off: false,
  '1': true,
  '0': false,
}

/** Takes `-flag value`, `-flag=value` and `--flag …` out of the words, wherever they stand; `--` ends them. */
export function readFlags<const S extends Readonly<Record<string, FlagKind>>>(
  words: readonly string[],
  spec: S,
): Outcome<{ flags: Flags<S>; rest: string[] }> {
  const flags: Record<string, string | boolean | string[]> = {}
  const rest: string[] = []
  const waiting = [...words]
  for (let word = waiting.shift(); word !== undefined; word = waiting.shift()) {
    if (word === '--') {
      rest.push(...waiting)
      break
    }
    const [, name, attached] = /^--?([a-z][a-z0-9-]*)(?:=(.*))?$/is.exec(word) ?? []
    if (name === undefined) {
      rest.push(word)
      continue
    }
    const kind = Object.hasOwn(spec, name) ? spec[name] : undefined
    if (!kind) return unknownFlag(name, Object.keys(spec))
    const next = waiting[0]?.toLowerCase() ?? ''
    const isBare = kind === 'flag' && attached === undefined && !Object.hasOwn(TRUTH, next)
    const value = isBare ? 'true' : (attached ?? waiting.shift())
    if (value === undefined) return refuse(`-${name} needs a value.`)
    if (kind === 'list') flags[name] = [...((flags[name] as string[] | undefined) ?? []), value]
    else if (kind === 'text') flags[name] = value
    else {
      const truth = TRUTH[value.toLowerCase()]
      if (truth === undefined) return refuse(`-${name} is true or false.`)
      flags[name] = truth
    }
  }
  return { ok: true, flags: flags as Flags<S>, rest }
}

function unknownFlag(name: string, known: string[]) {
  const meant = nearest(name, known)
  const hint = meant
    ? `did you mean -${meant}?`
    : known.length > 0
      ? `there are: ${known.map((each) => `-${each}`).join(' ')}`
      : 'there are none here.'
  return refuse(`There is no flag -${name}: ${hint}`)
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `1h30m`, `30s`, `2.5h`, `7d`, `0`: ms. */
export function readDuration(text: string): number | undefined {
  if (text === '0') return 0
  if (!/^(\d+(\.\d+)?[smhd])+$/.test(text) || text.length > 40) return
  let sum = 0
  for (const [, count, unit = ''] of text.matchAll(/([\d.]+)([smhd])/g)) {
    sum += Number(count) * (UNITS[unit] ?? 0)
  }
  return Math.round(sum)
}

/** `3 d 4 h`, `12 min`, `8 s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([count]) => count > 0)
  const shown = first < 0 ? [] : parts.slice(first, first + 2).filter(([count]) => count > 0)
  return shown.map(([count, unit]) => `${count} ${unit}`).join(' ') || '0 s'
}

/** `1 line`, `2 lines`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** `2026-01-01 12:00` in UTC. */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
