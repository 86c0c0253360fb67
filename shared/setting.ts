// The kinds of settings: how each is written, what values it takes, and what to say when one is wrong.

/** What a parser answers: the value, or what was expected, to follow "must be". */
export type Parsed<T> = { ok: true; value: T } | { ok: false; expected: string }

export type Setting<T = unknown> = {
  kind: string
  /** A sentence for the operator. */
  about: string
  /** As it would be written; shown with every error about this setting. */
  example: string
  /** As written. Absent: the setting is required, or optional. */
  fallback?: string
  isOptional: boolean
  isSecret: boolean
  parse(text: string): Parsed<T>
}

/** What every kind of setting takes. Neither `default` nor `optional`: the operator must give a value. */
export type Describe = { about: string; example?: string; default?: string; optional?: boolean }

type Optional = { optional: true }
type Maybe<D, T> = D extends Optional ? T | undefined : T

/** Where a server listens. Port 0 takes any free one. */
export type Address = { host: string; port: number }

/** A line of text, of `pattern` if one is given; `hint` says the pattern in words. */
export function string<const D extends Describe & { pattern?: RegExp; hint?: string }>(
  describe: D,
): Setting<Maybe<D, string>> {
  const { pattern = /./s, hint = 'text' } = describe
  return make('text', 'text', describe, (text) => (pattern.test(text) ? valid(text) : wrong(hint)))
}

/** Text that is masked wherever settings are shown, and may be given as a file by `…_FILE`. */
export function secret<const D extends Describe>(describe: D): Setting<Maybe<D, string>> {
  return { ...make('secret', 'a secret', describe, valid<Maybe<D, string>>), isSecret: true }
}

/** One of the given words. */
export function choice<const W extends string, const D extends Describe>(
  words: readonly W[],
  describe: D,
): Setting<Maybe<D, W>> {
  return make(words.join(' | '), words[0] ?? '', describe, (text) => {
    const word = words.find((known) => known === text)
    return word === undefined ? wrong(`one of ${words.join(', ')}`) : valid(word)
  })
}

/** An absolute http or https URL without user, query and fragment; the value has no trailing slash. */
export function url<const D extends Describe>(describe: D): Setting<Maybe<D, string>> {
  return make('url', 'https://example.org', describe, (text) => {
    const parsed = URL.parse(text)
    const isPlain = parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.username === ''
    if (!isPlain || parsed.search !== '' || parsed.hash !== '') {
      return wrong('an http:// or https:// URL without user, query and fragment')
    }
    return valid(parsed.href.replace(/\/+$/, ''))
  })
}

/** `host:port` or `[ipv6]:port`; port 0 to 65535. */
export function address<const D extends Describe>(describe: D): Setting<Maybe<D, Address>> {
  return make('host:port', '0.0.0.0:3000', describe, (text) => {
    const match = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text)
    const port = Number(match?.[3])
    const host = match?.[1] ?? match?.[2]
    if (host === undefined || port > 65_535) return wrong('host:port with a port up to 65535')
    return valid({ host, port })
  })
}

/** A whole number, both bounds included. */
export function integer<const D extends Describe & { min: number; max: number }>(
  describe: D,
): Setting<Maybe<D, number>> {
  const { min, max } = describe
  return make('integer', String(min), describe, (text) => {
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    return value >= min && value <= max
      ? valid(value)
      : wrong(`a whole number from ${min} to ${max}`)
  })
}

/** `true` or `false`. */
export function boolean<const D extends Describe>(describe: D): Setting<Maybe<D, boolean>> {
  return make('boolean', 'true', describe, (text) =>
    text === 'true' || text === 'false' ? valid(text === 'true') : wrong('true or false'),
  )
}

/** A time like `250ms`, `30s`, `5m`, `12h`, `30d`; the value is in ms. Bounds included, written the same way. */
export function duration<const D extends Describe & { min?: string; max?: string }>(
  describe: D,
): Setting<Maybe<D, number>> {
  return quantity(
    'duration',
    '30s',
    durationUnits,
    'a time like 250ms, 30s, 5m, 12h or 30d',
    describe,
  )
}

/** A size like `512KiB`, `20MiB`, `2GiB`; the value is in bytes. Bounds included, written the same way. */
export function bytes<const D extends Describe & { min?: string; max?: string }>(
  describe: D,
): Setting<Maybe<D, number>> {
  return quantity('size', '10MiB', byteUnits, 'a size like 512KiB, 20MiB or 2GiB', describe)
}

/** Words separated by commas; in the YAML file also a list. No value is an empty list. */
export function list<const D extends Describe>(describe: D): Setting<Maybe<D, string[]>> {
  return make('list', 'one,two', describe, (text) =>
    valid(
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    ),
  )
}

const durationUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const byteUnits = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 }

function quantity<const D extends Describe & { min?: string; max?: string }>(
  kind: string,
  example: string,
  units: Record<string, number>,
  form: string,
  describe: D,
): Setting<Maybe<D, number>> {
  const { min = `0${Object.keys(units)[0]}`, max } = describe
  const least = measure(min, units)
  const most = max === undefined ? Number.MAX_SAFE_INTEGER : measure(max, units)
  const bounds = max === undefined ? `at least ${min}` : `from ${min} to ${max}`
  return make(kind, example, describe, (text) => {
    const value = measure(text, units)
    return value >= least && value <= most ? valid(value) : wrong(`${form}, ${bounds}`)
  })
}

/** NaN when the text is no such quantity. */
function measure(text: string, units: Record<string, number>): number {
  const match = /^(\d{1,15})([a-z]+)$/i.exec(text)
  return Number(match?.[1]) * (units[match?.[2] ?? ''] ?? Number.NaN)
}

function make<T, D extends Describe>(
  kind: string,
  example: string,
  describe: D,
  parse: (text: string) => Parsed<T>,
): Setting<Maybe<D, T>> {
  const setting: Setting<Maybe<D, T>> = {
    kind,
    about: describe.about,
    example: describe.example ?? describe.default ?? example,
    isOptional: describe.optional === true,
    isSecret: false,
    parse: parse as (text: string) => Parsed<Maybe<D, T>>,
  }
  if (describe.default !== undefined) setting.fallback = describe.default
  return setting
}

function valid<T>(value: T): Parsed<T> {
  return { ok: true, value }
}

function wrong(expected: string): { ok: false; expected: string } {
  return { ok: false, expected }
}
