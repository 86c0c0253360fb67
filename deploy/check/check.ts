// `fuchsbau deploy check`: looks at a running installation as its visitors do, from here, and says what to mend.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { exitCode, type Output, UsageError } from '@fuchsbau/shared/command-line.ts'
import { nearest } from '@fuchsbau/shared/nearest.ts'
import { given, readFile } from '../folder.ts'
import { readSettings, SETTINGS_FILE } from '../overlay.ts'
import { effective, problemOf, settingOf, settings, unknown, type Values } from '../settings.ts'
import { checkDns } from './dns.ts'
import { checkFediverse } from './fediverse.ts'
import { type Area, areas, type Finding, fail, linesOf } from './finding.ts'
import { checkHeadscale } from './headscale.ts'
import type { Checking, Installation } from './installation.ts'
import { checkInternal } from './internal.ts'
import { checkIrc } from './irc.ts'
import { checkLogin } from './login.ts'
import { isResolver, Reach, type Rule, readRule } from './reach.ts'
import { checkRedirects } from './redirect.ts'
import { checkRegistry } from './registry.ts'
import { checkTls } from './tls.ts'

export interface CheckOptions extends Output {
  args: string[]
  clock: Clock
}

const WHOLE_MS = 55_000

const checks: Readonly<Record<Area, (checking: Checking) => Promise<Finding[]>>> = {
  dns: checkDns,
  tls: checkTls,
  redirect: checkRedirects,
  fediverse: checkFediverse,
  login: checkLogin,
  irc: checkIrc,
  registry: checkRegistry,
  headscale: checkHeadscale,
  internal: checkInternal,
}

/** Returns the exit code: 1 when something failed. Takes less than a minute. */
export async function check({ args, clock, print }: CheckOptions): Promise<number> {
  const { values: flags, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      set: { type: 'string', multiple: true, default: [] },
      only: { type: 'string', multiple: true, default: [] },
      ca: { type: 'string' },
      resolve: { type: 'string', multiple: true, default: [] },
      resolver: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  if (positionals.length > 1) throw new UsageError('One directory at a time.')
  const values = readValues(positionals[0], flags.set)
  const wanted = readAreas(flags.only)
  if (flags.resolver !== undefined && !isResolver(flags.resolver)) {
    throw new UsageError(`--resolver ${flags.resolver}: write an address, such as 1.1.1.1`)
  }
  const shared = {
    rules: flags.resolve.map(ruleOf),
    resolver: flags.resolver,
    areas: new Set(wanted),
    signal: AbortSignal.timeout(WHOLE_MS),
  }
  const authorities = flags.ca === undefined ? [] : [given(`@${flags.ca}`)]
  const vault = values['VAULT_CA']
  const more = vault === undefined ? [] : [Buffer.from(vault, 'base64').toString()]
  const checking: Checking = {
    reach: new Reach({ ...shared, authorities }),
    lab: new Reach({ ...shared, authorities: [...authorities, ...more] }),
    installation: installationOf(values),
    now: clock.now(),
  }
  const running = wanted.map((area) => ({ area, findings: find(area, checking) }))
  const all: ({ area: Area } & Finding)[] = []
  for (const { area, findings } of running) {
    const found = await findings
    all.push(...found.map((finding) => ({ area, ...finding })))
    if (!flags.json) for (const line of linesOf(area, found)) print(line)
  }
  const count = (level: Finding['level']) => all.filter((each) => each.level === level).length
  if (flags.json) print(JSON.stringify({ ok: count('fail') === 0, findings: all }, null, 2))
  else print(`\n${count('fail')} failed, ${count('warn')} to look at, ${count('ok')} right`)
  return count('fail') > 0 ? exitCode.failed : exitCode.ok
}

/** Never rejects. */
async function find(area: Area, checking: Checking): Promise<Finding[]> {
  try {
    return await checks[area](checking)
  } catch (error) {
    const mend = 'That is a fault of this command: please report it'
    return [fail(area, `cannot be looked at: ${(error as Error).message}`, mend)]
  }
}

function readAreas(only: readonly string[]): Area[] {
  const names = only.flatMap((each) => each.split(',')).map((each) => each.trim())
  const wrong = names.find((name) => !areas.some((area) => area === name))
  if (wrong !== undefined) {
    const meant = nearest(wrong, areas)
    throw new UsageError(
      `--only ${wrong}: ${meant === undefined ? `choose from ${areas.join(', ')}` : `did you mean ${meant}?`}`,
    )
  }
  return areas.filter((area) => names.length === 0 || names.includes(area))
}

function ruleOf(text: string): Rule {
  const rule = readRule(text)
  if (rule) return rule
  throw new UsageError(
    `--resolve ${text}: write NAME=ADDRESS, or NAME:PORT=ADDRESS:PORT, such as *=192.0.2.1`,
  )
}

/** What the settings file and `--set` say. Without a directory, `--set` may be all there is. */
function readValues(given: string | undefined, set: readonly string[]): Values {
  const directory = given ?? 'fuchsbau'
  const text = readFile(directory, SETTINGS_FILE)
  if (text === undefined && (given !== undefined || set.length === 0)) {
    throw new UsageError(
      `${join(directory, SETTINGS_FILE)} is not there: give the directory that init has written, or --set DOMAIN=… --set SOCIAL_DOMAIN=…`,
    )
  }
  const values = { ...(text === undefined ? {} : readSettings(text)), ...readSet(set) }
  const required = ['DOMAIN', 'SOCIAL_DOMAIN'].filter((name) => values[name] === undefined)
  if (required.length > 0) {
    throw new UsageError(required.map((name) => `${name} is not set: --set ${name}=…`).join('\n'))
  }
  const problems = settings.flatMap((setting) => {
    const value = values[setting.name]
    return (value !== undefined && problemOf(setting, value)) || []
  })
  if (problems.length > 0) throw new UsageError(problems.join('\n'))
  return values
}

function installationOf(values: Values): Installation {
  return {
    domain: values['DOMAIN'] ?? '',
    social: values['SOCIAL_DOMAIN'] ?? '',
    owner: effective(values, 'OWNER') ?? '',
    external: values['EXTERNAL_ADDRESS'],
    public: values['PUBLIC_ADDRESS'],
    internal: values['INTERNAL_DOMAIN'],
    internalAddress: values['INTERNAL_ADDRESS'],
    version: values['FUCHSBAU_VERSION'],
  }
}

function readSet(words: readonly string[]): Values {
  const entries = words.map((word): [string, string] => {
    const [, name = '', text = ''] = /^([^=]+)=(.*)$/s.exec(word) ?? []
    if (name === '') throw new UsageError(`--set ${word}: write NAME=VALUE`)
    const setting = settingOf(name)
    if (!setting) throw new UsageError(unknown(name))
    const value = given(text)
    const parsed = setting.parse(value)
    return [name, parsed.ok ? parsed.value : value]
  })
  return Object.fromEntries(entries)
}
