// What a check finds, and how it is told.

/** In the order in which they are told. */
export const areas = [
  'dns',
  'tls',
  'redirect',
  'fediverse',
  'login',
  'irc',
  'registry',
  'headscale',
  'internal',
] as const
export type Area = (typeof areas)[number]

/** `skip`: not looked at, because of a failure that another line tells. */
export type Level = 'ok' | 'warn' | 'fail' | 'skip'

export interface Finding {
  /** What was looked at: a name, or an address. */
  subject: string
  level: Level
  /** Without a dot at the end. */
  message: string
  /** What to do about it. */
  mend?: string
}

export function ok(subject: string, message: string): Finding {
  return { subject, level: 'ok', message: printable(message) }
}

export function warn(subject: string, message: string, mend: string): Finding {
  return { subject, level: 'warn', message: printable(message), mend: printable(mend) }
}

export function fail(subject: string, message: string, mend: string): Finding {
  return { subject, level: 'fail', message: printable(message), mend: printable(mend) }
}

export function skip(subject: string, message: string): Finding {
  return { subject, level: 'skip', message: printable(message) }
}

/** As lines for a terminal: the area, and its findings below; none without any. */
export function linesOf(area: Area, findings: readonly Finding[]): string[] {
  if (findings.length === 0) return []
  const width = Math.max(...findings.map(({ subject }) => subject.length))
  return [
    area,
    ...findings.flatMap(({ level, subject, message, mend }) => [
      `  ${level.padEnd(4)}  ${subject.padEnd(width)}  ${message}`,
      ...(mend === undefined ? [] : [`        -> ${mend}`]),
    ]),
  ]
}

const MAX_CHARACTERS = 400

/** What other servers say goes to a terminal: without control characters, and not without end. */
function printable(text: string): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
  return plain.length > MAX_CHARACTERS ? `${plain.slice(0, MAX_CHARACTERS)}…` : plain
}
