// Times of a log without a zone: what the clock on the wall showed, in a zone of the IANA database.

const HOUR = 3_600_000

/** Turns the reading of a clock on the wall into ms since 1970. */
export interface LocalTime {
  /**
   * `wall` is the reading taken as if it were UTC. An hour that comes twice in the autumn is the first one, unless that
   * would lie before `notBefore`.
   */
  toUtc(wall: number, notBefore?: number): number
}

/** Undefined for a zone that is not known. */
export function localTime(zone: string): LocalTime | undefined {
  const format = formatOf(zone)
  if (!format) return
  const offsets = new Map<number, number>()
  // Offsets change on quarters of an hour at most often.
  const offsetAt = (utc: number): number => {
    const key = Math.floor(utc / (HOUR / 4))
    let offset = offsets.get(key)
    if (offset === undefined) {
      if (offsets.size > 10_000) offsets.clear()
      offset = readOffset(format, key * (HOUR / 4))
      offsets.set(key, offset)
    }
    return offset
  }
  return {
    toUtc(wall, notBefore = -Infinity) {
      const early = wall - offsetAt(wall - 26 * HOUR)
      const late = wall - offsetAt(wall + 26 * HOUR)
      const readings = [...new Set([early, late])].filter((utc) => utc + offsetAt(utc) === wall)
      readings.sort((a, b) => a - b)
      const [first = late, second] = readings
      return second !== undefined && first < notBefore ? second : first
    },
  }
}

/** What ZNC calls a zone: an IANA name, or `GMT+2`, which is two hours ahead. */
export function zncZone(text: string): string {
  const [, sign, hours = ''] = /^GMT([+-])(\d{1,2})$/.exec(text) ?? []
  return sign ? `${sign}${hours.padStart(2, '0')}:00` : text
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  const numeric = { month: 'numeric', day: 'numeric', year: 'numeric' } as const
  const time = { hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, ...numeric, ...time })
  } catch {
    return
  }
}

function readOffset(format: Intl.DateTimeFormat, utc: number): number {
  const parts = new Map(format.formatToParts(utc).map(({ type, value }) => [type, Number(value)]))
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
  const wall = Date.UTC(
    of('year'),
    of('month') - 1,
    of('day'),
    of('hour'),
    of('minute'),
    of('second'),
  )
  return wall - utc
}
