// The files of ZNC's log module into the history, in the order of their days. How far a conversation was taken is noted as
// day, file and bytes, so that a second run goes on where the first one ended.

import { casemappingOf, fold } from '../irc/casemapping.ts'
import type { ForeignDirectory } from '../store/foreign-directory.ts'
import { textOf } from '../store/foreign-directory.ts'
import type { NetworkRecord } from '../store/records.ts'
import type { HistoryImport } from './history.ts'
import type { LocalTime } from './local-time.ts'
import type { LogFile } from './znc-log-files.ts'
import { parseZncLogLine, type ZncLogLine } from './znc-log-line.ts'

export interface LogCounts {
  files: number
  /** Taken by an earlier run. */
  before: number
  unreadable: number
  /** Dated in the future: taking them would say that all before them was taken. */
  future: number
}

/** Takes a network's files; `names` are those of its channels as they are written. */
export async function importLogs(
  directory: ForeignDirectory,
  files: readonly LogFile[],
  history: HistoryImport,
  context: { network: NetworkRecord; channels: readonly string[]; zone: LocalTime },
): Promise<LogCounts> {
  const counts: LogCounts = { files: 0, before: 0, unreadable: 0, future: 0 }
  for (const file of inOrder(files, history, directory)) {
    const from = startOf(file, history)
    if ((file.day ?? 0) > history.latest) counts.future += 1
    else if (from === undefined || from >= directory.size(file.path)) counts.before += 1
    else if (await importFile(directory, file, history, { ...context, from })) counts.files += 1
    else counts.unreadable += 1
  }
  return counts
}

interface FileContext {
  network: NetworkRecord
  channels: readonly string[]
  zone: LocalTime
  from: number
}

async function importFile(
  directory: ForeignDirectory,
  file: LogFile,
  history: HistoryImport,
  { network, channels, zone, from }: FileContext,
): Promise<boolean> {
  const window = new LogWindow(file, network, channels)
  let last = -Infinity
  try {
    for await (const lines of directory.lines(file.path, from)) {
      for (const { bytes } of lines) {
        const line = bytes ? parseZncLogLine(textOf(bytes), file.day) : 'damaged'
        if (line === 'damaged') history.counts.damaged += 1
        if (typeof line === 'string') continue
        last = zone.toUtc(line.wall, last)
        history.append({ ...window.read(line), time: last })
      }
      await history.note(keyOf(file), markOf(file, lines.at(-1)?.end ?? from))
    }
    return true
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return false
    throw error
  }
}

/** Of two files with the same conversation's day (two modules wrote the same) the one begun before, or the longer one. */
function inOrder(
  files: readonly LogFile[],
  history: HistoryImport,
  directory: ForeignDirectory,
): LogFile[] {
  const chosen = new Map<string, LogFile>()
  for (const file of files) {
    const key = `${file.day ?? file.path} ${keyOf(file)}`
    const other = chosen.get(key)
    const isBegun = history.mark(keyOf(file))?.endsWith(` ${file.path}`) === true
    const isBetter = !other || isBegun || directory.size(file.path) > directory.size(other.path)
    const isKept = other && history.mark(keyOf(file))?.endsWith(` ${other.path}`) === true
    if (isBetter && !isKept) chosen.set(key, file)
  }
  return [...chosen.values()].sort(
    (a, b) => (a.day ?? 0) - (b.day ?? 0) || (a.path < b.path ? -1 : 1),
  )
}

const keyOf = ({ window, day, path }: LogFile) =>
  day === undefined ? `log ${path}` : `log ${window}`
const markOf = ({ day = 0, path }: LogFile, bytes: number) => `${day} ${bytes} ${path}`

/** Where to begin; undefined: all of it was taken. */
function startOf(file: LogFile, history: HistoryImport): number | undefined {
  const [, day, bytes, path] = /^(\d+) (\d+) (.*)$/s.exec(history.mark(keyOf(file)) ?? '') ?? []
  if (day === undefined || Number(day) < (file.day ?? 0)) return 0
  return Number(day) === (file.day ?? 0) && path === file.path ? Number(bytes) : undefined
}

/** A conversation: how it is called, and who in it is the person herself. */
class LogWindow {
  readonly #isChannel: boolean
  readonly #own: Set<string>
  readonly #fold: (name: string) => string
  readonly #window: string
  #target: string

  constructor(
    { window }: LogFile,
    { nick, alternateNicks, casemapping }: NetworkRecord,
    channels: readonly string[],
  ) {
    this.#fold = (name) => fold(name, casemappingOf(casemapping))
    this.#isChannel = /^[#&+!]/.test(window)
    const asWindow = (name: string) => name.replace(/[/\\]/g, '-').toLowerCase()
    this.#window = this.#fold(window)
    this.#target = channels.find((name) => asWindow(name) === window.toLowerCase()) ?? window
    this.#own = new Set([nick, ...alternateNicks].map(this.#fold))
  }

  read({ kind, source, text }: ZncLogLine) {
    const [nick = ''] = source.split('!', 1)
    const folded = this.#fold(nick)
    // In a private conversation whoever is not the other one is the person.
    const isOther = this.#isChannel ? !this.#own.has(folded) : folded === this.#window
    if (isOther && !this.#isChannel) this.#target = nick
    if (kind === 'NICK' && !isOther && this.#isChannel) {
      this.#own.add(this.#fold(text))
    }
    return { kind, source, text, target: this.#target, isOwn: !isOther }
  }
}
