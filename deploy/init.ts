// `fuchsbau deploy init`: from some twenty answers to an overlay. What is there already is kept, also when it is interrupted.
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { parseArgs } from 'node:util'
import { exitCode, type Output, UsageError } from '@fuchsbau/shared/command-line.ts'
import { type Asking, type Question, startAsking } from './ask.ts'
import { conflictsOf } from './conflicts.ts'
import { given, readFile, writeFile } from './folder.ts'
import { images } from './images.ts'
import { nextSteps } from './next-steps.ts'
import {
  filesOf,
  type Overlay,
  readSettings,
  readSource,
  SETTINGS_FILE,
  SOURCE_FILE,
  settingsFile,
  sourceProblem,
} from './overlay.ts'
import { lookUp, missingLines, undigested } from './pin.ts'
import {
  type BundleSetting,
  effective,
  problemOf,
  settingOf,
  settings,
  unknown,
  type Values,
} from './settings.ts'

export interface InitOptions extends Output {
  args: string[]
  /** Of this command: what is proposed to be run. */
  version: string
  input: Readable
  /** Where questions are asked. */
  output: Writable
}

type Changing = Record<string, string>
type Before = { values: Values; source: string | undefined }

/** As shells have it for a program that Control-C ended. */
const CANCELLED = 130

/** Returns the exit code. */
export async function init(options: InitOptions): Promise<number> {
  const { args, print, warn, version } = options
  const { values: flags, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      set: { type: 'string', multiple: true, default: [] },
      source: { type: 'string' },
      yes: { type: 'boolean', default: false },
      offline: { type: 'boolean', default: false },
      upgrade: { type: 'boolean', default: false },
      force: { type: 'boolean', default: false },
    },
  })
  if (positionals.length > 1) throw new UsageError('One directory at a time.')
  const [directory = 'fuchsbau'] = positionals
  const before = readBefore(directory)
  const set = readFlags(flags.set)
  const values: Changing = { ...before.values }
  if (flags.upgrade) takeVersions(values, version)
  for (const [name, value] of Object.entries(set)) values[name] = value
  followVersions(values, before.values, set)
  const source = flags.source ?? before.source
  const problem = source === undefined ? undefined : sourceProblem(source)
  if (problem !== undefined) throw new UsageError(`${problem}.`)
  for (const { message } of problemsOf(values)) warn(`${message}.`)

  const answered = flags.yes
    ? takeProposals(values, source, version)
    : await askForMissing(options, { values, source, directory })
  if (answered === undefined) {
    writeFile(directory, SETTINGS_FILE, settingsFile(values))
    warn(
      `\nNot finished. What you answered is in ${join(directory, SETTINGS_FILE)}: the same command goes on from there.`,
    )
    return CANCELLED
  }
  if (answered.startsWith('oci://')) values['SOURCE_KIND'] = 'OCIRepository'
  else delete values['SOURCE_KIND']
  const missing = flags.offline ? undigested(values) : await lookUp(values, print)
  writeOverlay(directory, { values, source: answered }, before, flags.force, print)
  for (const line of missingLines(missing, directory)) print(line)
  print('')
  for (const line of nextSteps(values, directory)) print(line)
  return exitCode.ok
}

function readBefore(directory: string): Before {
  const text = readFile(directory, SETTINGS_FILE)
  const source = readSource(readFile(directory, SOURCE_FILE) ?? '')
  if (text === undefined) return { values: {}, source }
  try {
    return { values: readSettings(text), source }
  } catch (error) {
    throw new Error(`${join(directory, SETTINGS_FILE)} ${(error as Error).message}`)
  }
}

/** The values of `--set`. Throws UsageError with everything that is wrong. */
function readFlags(words: readonly string[]): Values {
  const values: Changing = {}
  const problems: string[] = []
  for (const each of words) {
    const [, name = '', text = ''] = /^([^=]*)=(.*)$/s.exec(each) ?? []
    const setting = settingOf(name)
    if (!setting) {
      problems.push(name === '' ? `--set ${each}: write NAME=VALUE` : unknown(name))
      continue
    }
    const result = readValue(setting, text)
    if (result.ok) values[name] = result.value
    else problems.push(result.problem)
  }
  if (problems.length > 0) throw new UsageError(problems.join('\n'))
  return values
}

function readValue(setting: BundleSetting, text: string): ReturnType<Question['read']> {
  try {
    const value = given(text)
    const problem = problemOf(setting, value)
    if (problem !== undefined) return { ok: false, problem }
    const parsed = setting.parse(value)
    return parsed.ok ? { ok: true, value: parsed.value } : { ok: false, problem: parsed.expected }
  } catch (error) {
    return { ok: false, problem: (error as Error).message }
  }
}

/** The versions that this command knows; digests of others are none of theirs. */
function takeVersions(values: Changing, version: string): void {
  for (const { version: name } of images) {
    values[name] = name === 'FUCHSBAU_VERSION' ? version : (settingOf(name)?.fallback ?? '')
  }
}

/** Where a version is another than before, its digest and the registry's image are looked up anew. */
function followVersions(values: Changing, before: Values, set: Values): void {
  for (const { version, digest } of images) {
    const isOther = effective(values, version) !== effective(before, version)
    if (isOther && set[digest] === undefined) delete values[digest]
  }
  const [old, now, image] = [
    before['FUCHSBAU_VERSION'],
    values['FUCHSBAU_VERSION'],
    values['REGISTRY_IMAGE'],
  ]
  const isMoved = old !== undefined && now !== undefined && old !== now
  if (!isMoved || image === undefined || set['REGISTRY_IMAGE'] !== undefined) return
  const [name = ''] = image.split('@')
  if (name.endsWith(`:${old}`)) values['REGISTRY_IMAGE'] = `${name.slice(0, -old.length)}${now}`
}

/** What is wrong with the values that are there; the wrong ones are taken out, to be asked for. */
function problemsOf(values: Changing): { name: string; message: string }[] {
  const problems = settings.flatMap((setting) => {
    const text = values[setting.name]
    const message = text === undefined ? undefined : problemOf(setting, text)
    return message === undefined ? [] : [{ name: setting.name, message }]
  })
  for (const { name } of problems) delete values[name]
  const conflicts = conflictsOf(values)
  for (const { name } of conflicts) delete values[name]
  return [...problems, ...conflicts]
}

function proposalOf(setting: BundleSetting, values: Values, version: string): string | undefined {
  if (setting.name === 'FUCHSBAU_VERSION') return version
  const proposal = setting.propose?.(values)
  const isGood =
    proposal !== undefined &&
    setting.parse(proposal).ok &&
    !conflictsOf({ ...values, [setting.name]: proposal }).some(({ name }) => name === setting.name)
  return isGood ? proposal : setting.fallback
}

const sourceProposal = ({ OWNER = 'you' }: Values) => `https://github.com/${OWNER}/fuchsbau`

/** Without questions: as if each were answered by Enter. Returns the source; throws UsageError with all that has no default. */
function takeProposals(values: Changing, source: string | undefined, version: string): string {
  const without: BundleSetting[] = []
  for (const setting of settings) {
    if (!setting.isAsked || values[setting.name] !== undefined) continue
    const proposal = proposalOf(setting, values, version)
    if (proposal === undefined) without.push(setting)
    else values[setting.name] = proposal
  }
  // Others follow from these.
  const first = without.filter(({ propose }) => propose === undefined)
  const missing = (first.length > 0 ? first : without).map(
    ({ name, example, about }) => `--set ${name}=${example}  ${about}`,
  )
  const conflicts = conflictsOf(values)
  if (missing.length > 0) throw new UsageError(['these have no default:', ...missing].join('\n  '))
  if (conflicts.length > 0) throw new UsageError(conflicts.map(({ message }) => message).join('\n'))
  return source ?? sourceProposal(values)
}

type Begun = { values: Changing; source: string | undefined; directory: string }

/**
 * Fills in the values, and writes each answer down, for whatever ends us. Returns the source; undefined when who was asked
 * has gone.
 */
async function askForMissing(
  { input, output, version }: InitOptions,
  { values, source, directory }: Begun,
): Promise<string | undefined> {
  const missing = () =>
    settings.filter(({ name, isAsked }) => isAsked && values[name] === undefined)
  const count = missing().length + (source === undefined ? 1 : 0)
  if (count === 0) return source
  using asking = startAsking({ input, output })
  output.write(
    `${count === 1 ? 'One question' : `${count} questions`}. Enter takes what stands in brackets; Control-C keeps what you have answered.\n`,
  )
  // A later answer may not go with an earlier one, which is asked for again then.
  for (let open = missing(); open.length > 0; open = missing()) {
    for (const setting of open) {
      const value = await asking.ask(questionOf(setting, values, version))
      if (value === undefined) return
      values[setting.name] = value
      writeFile(directory, SETTINGS_FILE, settingsFile(values))
    }
    for (const { message } of problemsOf(values)) output.write(`\n${message}.\n`)
  }
  return source ?? (await askForSource(asking, values))
}

function questionOf(setting: BundleSetting, values: Values, version: string): Question {
  const { name, about, example } = setting
  const proposal = proposalOf(setting, values, version)
  return {
    name,
    about,
    example,
    proposal,
    read(answer) {
      const result = readValue(setting, answer)
      if (!result.ok) return result
      const conflict = conflictsOf({ ...values, [name]: result.value }).find(
        (each) => each.name === name,
      )
      return conflict ? { ok: false, problem: conflict.message } : result
    },
  }
}

async function askForSource(asking: Asking, values: Values): Promise<string | undefined> {
  const proposal = sourceProposal(values)
  return await asking.ask({
    name: 'SOURCE',
    about:
      'Where Flux takes the bundle from: your copy of its repository, or oci://… where CI pushes it.',
    proposal,
    example: proposal,
    read(answer) {
      const problem = sourceProblem(answer)
      return problem === undefined ? { ok: true, value: answer } : { ok: false, problem }
    },
  })
}

/** A file that somebody has changed is left alone, unless `isForced`. */
function writeOverlay(
  directory: string,
  overlay: Overlay,
  before: Before,
  isForced: boolean,
  print: Output['print'],
): void {
  const old = filesOf({ values: before.values, source: before.source ?? overlay.source })
  print('')
  for (const [name, text] of Object.entries(filesOf(overlay))) {
    const there = readFile(directory, name)
    const isOurs = name === SETTINGS_FILE || there === undefined || there === old[name]
    const path = join(directory, name)
    if (there === text) print(`${path} is as it should be.`)
    else if (!isOurs && !isForced) {
      print(`${path} was changed by somebody: left alone. With --force it is written anew.`)
    } else {
      writeFile(directory, name, text)
      print(`${path} is written.`)
    }
  }
}
