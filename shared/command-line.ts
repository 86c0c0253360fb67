// A command line as a tree of named commands: finding the one that is meant, help at every level, and
// exit codes (those of sysexits.h).
import { nearest } from './nearest.ts'

export const exitCode = { ok: 0, failed: 1, usage: 64, config: 78 } as const

/** Wrong arguments: its message is shown with a hint to `--help`, and the exit code is 64. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}

/** A command that does something. */
export type Leaf = {
  summary: string
  /** What follows the command's name. */
  usage: string
  /** Paragraphs and at least one example. */
  help: string
  /** Returns the exit code. */
  run(args: string[]): Promise<number>
}
/** A command that has others below it. */
export type Branch = { summary: string; help: string; commands: Readonly<Record<string, Command>> }
export type Command = Leaf | Branch

export type Output = {
  /** To stdout. */
  print(line: string): void
  /** To stderr. */
  warn(line: string): void
}

/** Runs the command that `args` name below `root`, which is called `name`. Never throws; returns the exit code. */
export async function runCommandLine(
  name: string,
  root: Branch,
  args: readonly string[],
  output: Output,
): Promise<number> {
  let command: Command = root
  let path = name
  const rest = [...args]
  while ('commands' in command) {
    const word = rest.shift()
    if (word === undefined || isHelp(word)) {
      const isAsked = word !== undefined
      const show = isAsked ? output.print : output.warn
      show(helpText(path, command))
      return isAsked ? exitCode.ok : exitCode.usage
    }
    const next: Command | undefined = Object.hasOwn(command.commands, word)
      ? command.commands[word]
      : undefined
    if (next === undefined) return unknown(path, word, command, output)
    command = next
    path = `${path} ${word}`
  }
  if (rest.some(isHelp)) {
    output.print(helpText(path, command))
    return exitCode.ok
  }
  return await runLeaf(path, command, rest, output)
}

/** What `--help` shows for a command that is called by `path`. */
export function helpText(path: string, command: Command): string {
  if (!('commands' in command)) {
    return `Usage: ${`${path} ${command.usage}`.trim()}\n\n${command.summary}\n\n${command.help.trim()}`
  }
  const names = Object.keys(command.commands)
  const width = Math.max(...names.map((known) => known.length)) + 2
  const lines = Object.entries(command.commands).map(
    ([known, { summary }]) => `  ${known.padEnd(width)}${summary}`,
  )
  const parts = [`Usage: ${path} COMMAND`, command.summary, lines.join('\n'), command.help.trim()]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n\nMore: ${path} COMMAND --help`
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h'
}

function unknown(path: string, word: string, branch: Branch, output: Output): number {
  const meant = nearest(word, Object.keys(branch.commands))
  const hint = meant === undefined ? `see ${path} --help` : `did you mean ${path} ${meant}?`
  output.warn(`${path} ${word}: there is no such command, ${hint}`)
  return exitCode.usage
}

async function runLeaf(path: string, leaf: Leaf, args: string[], output: Output): Promise<number> {
  try {
    return await leaf.run(args)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (!isUsage(error)) {
      output.warn(`${path}: ${message}`)
      return exitCode.failed
    }
    output.warn(`${path}: ${message}\nUsage: ${`${path} ${leaf.usage}`.trim()}`)
    return exitCode.usage
  }
}

/** Ours, and what `parseArgs` of node:util throws. */
function isUsage(error: unknown): boolean {
  if (error instanceof UsageError) return true
  return error instanceof Error && 'code' in error && /^ERR_PARSE_ARGS_/.test(String(error.code))
}
