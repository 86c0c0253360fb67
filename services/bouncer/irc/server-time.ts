// Times as IRCv3 writes them, in UTC with milliseconds (https://ircv3.net/specs/extensions/server-time).

/** Last millisecond of the year 9999: later ones do not fit the form. */
const MAX_TIME = 253_402_300_799_999

/** The second formatted last: in a flood most lines share it. */
const latest = { second: Number.NaN, text: '' }

/** `YYYY-MM-DDThh:mm:ss.sssZ` of ms since 1970. A time outside of 1970–9999 is put at the nearer end; NaN at 1970. */
export function formatServerTime(ms: number): string {
  const time = ms > 0 ? Math.min(Math.floor(ms), MAX_TIME) : 0
  const second = Math.floor(time / 1000)
  if (second !== latest.second) {
    latest.second = second
    latest.text = new Date(second * 1000).toISOString().slice(0, 20)
  }
  const rest = time - second * 1000
  const zeros = rest < 10 ? '00' : rest < 100 ? '0' : ''
  return `${latest.text}${zeros}${rest}Z`
}

/**
 * Ms since 1970 of a time in exactly that form; undefined for any other, for a day that does not
 * exist, and before 1970. A leap second is the first of the next minute, as in the specification's example.
 */
export function parseServerTime(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text)) return undefined
  const part = (start: number, end: number) => Number(text.slice(start, end))
  const year = part(0, 4)
  const month = part(5, 7)
  const day = part(8, 10)
  const hour = part(11, 13)
  const minute = part(14, 16)
  const second = part(17, 19)
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month))
    return undefined
  if (hour > 23 || minute > 59 || second > 60) return undefined
  return Date.UTC(year, month - 1, day, hour, minute, second, part(20, 23))
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
