// Structured logs: one JSON line per event on stdout, readable lines on a terminal, secrets left out.
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino'
import type { LogLevel } from './settings.ts'

export type Log = Logger

export type LogOptions = {
  level: LogLevel
  /** Readable lines instead of JSON, for a terminal. */
  isPretty?: boolean
  /** Leaves stdout to the results of a command. */
  toStderr?: boolean
  /** Where the lines go instead, each by itself. To stdout and stderr go all lines of a turn of the event loop at once. */
  stream?: DestinationStream
}

const secretNames = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'signature',
  'password',
  'token',
  'secret',
]

/** Fields whose values never reach a log line, down to three levels deep. */
const redacted = secretNames
  .map((name) => `["${name}"]`)
  .flatMap((name) => [name, `*${name}`, `*.*${name}`])

/** A new log. Objects given to it may hold secrets under the names above: they are printed as `[secret]`. */
export function createLog({ level, isPretty, toStderr, stream }: LogOptions): Log {
  const out = stream ?? gatherLines(destination({ dest: toStderr ? 2 : 1, sync: true }))
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redacted, censor: '[secret]' },
    },
    isPretty ? prettyLines(out) : out,
  )
}

/** For lines made of fields that hold no secret: to look for some in a line costs more than all the rest of it. */
export function unredacted(log: Log): Log {
  return log.child({}, { redact: [] })
}

/** With this pino says of what level a line is. https://github.com/pinojs/pino/blob/main/docs/api.md#metadata */
const METADATA = Symbol.for('pino.metadata')
const WARN = 40

type LineStream = DestinationStream & { lastLevel?: number }

/**
 * Lines of one turn of the event loop become one write, which is what a line costs. From `warn` on they are written at once,
 * and those that are left as the process ends: a crash loses none, `kill -9` those of one turn at most.
 */
export function gatherLines(out: DestinationStream): LineStream {
  let pending = ''
  let end: NodeJS.Immediate | undefined
  const flush = () => {
    clearImmediate(end)
    end = undefined
    const text = pending
    pending = ''
    if (text !== '') out.write(text)
  }
  process.on('exit', flush)
  const stream = {
    [METADATA]: true,
    lastLevel: WARN,
    write(line: string) {
      pending += line
      if (stream.lastLevel >= WARN) flush()
      else end ??= setImmediate(flush)
    },
  }
  return stream
}

function prettyLines(out: LineStream): LineStream {
  return {
    [METADATA]: true,
    set lastLevel(level: number) {
      out.lastLevel = level
    },
    write: (line: string) => out.write(prettyLine(line)),
  } as LineStream
}

/** A log that says nothing, for tests. */
export function silentLog(): Log {
  return pino({ level: 'silent' }, { write: () => undefined })
}

/** `12:00:01 warn  delivery failed  host=example.org`, and below it the stack of an error. */
function prettyLine(line: string): string {
  const { level, time, msg = '', err, ...rest } = JSON.parse(line)
  const fields = Object.entries(rest).map(([key, value]) => `  ${key}=${printValue(value)}`)
  const stack = err?.stack === undefined ? '' : `\n${err.stack}`
  return `${time.slice(11, 19)} ${level.padEnd(5)} ${msg}${fields.join('')}${stack}\n`
}

function printValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
