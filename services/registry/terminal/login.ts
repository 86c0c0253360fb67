// `fuchsbau registry login` and `logout`, on any machine: no server of ours runs there, and nothing of it is needed.
import { hostname } from 'node:os'
import { parseArgs } from 'node:util'
import { exitCode, UsageError } from '@fuchsbau/shared/command-line.ts'
import type { VerbOptions } from '@fuchsbau/shared/service.ts'
import { isSecret } from '../token/secret.ts'
import { type BegunLogin, begin, type ClientOptions, discover, revoke, wait } from './client.ts'
import { parseHost, type RegistryHost } from './host.ts'
import { dropLogin, findPlace, keepLogin } from './logins.ts'

type Options = Pick<VerbOptions, 'args' | 'env' | 'clock' | 'print' | 'warn'>

/** As shells have it for a program that Control-C ended. */
const CANCELLED = 130
const DAY_SECONDS = 86_400
const TELL_MS = 60_000
const MAX_NAME = 45

/** Returns the exit code. */
export async function login(options: Options): Promise<number> {
  const { args, env, clock, print, warn } = options
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      authfile: { type: 'string' },
      label: { type: 'string', default: `terminal ${hostname().slice(0, MAX_NAME)}` },
      repository: { type: 'string', multiple: true, default: ['**'] },
      allow: { type: 'string', default: 'pull,push,overwrite' },
      days: { type: 'string' },
    },
  })
  const host = onlyHost(positionals)
  const days = values.days === undefined ? undefined : Number(values.days)
  if (days !== undefined && !(days > 0)) throw new UsageError('--days is a number of days.')
  const place = await findPlace({ env }, values.authfile, host.name)
  return await untilCancelled(warn, async (signal) => {
    const client = { host, clock, signal }
    const endpoints = await discover(client)
    const begun = await begin(client, endpoints, {
      scope: values.repository.map((each) => `repository:${each}:${values.allow}`).join(' '),
      label: values.label,
      lifetimeSeconds: days && Math.round(days * DAY_SECONDS),
    })
    for (const line of instructions(begun, clock.now())) print(line)
    const giveUp = () => revoke(host, endpoints, begun.deviceCode)
    const given = await waitFor(client, endpoints, begun, warn).catch(async (error: unknown) => {
      await giveUp()
      throw error
    })
    try {
      await keepLogin(place, host.name, given)
    } catch (error) {
      await revoke(host, endpoints, given.secret)
      throw error
    }
    const until = new Date(given.expiresAt).toISOString().slice(0, 10)
    print(`Logged in to ${host.name} as ${given.name}, until ${until}.`)
    print(`Kept in ${place.words}.`)
    return exitCode.ok
  })
}

/** Returns the exit code. */
export async function logout(options: Options): Promise<number> {
  const { args, env, clock, print, warn } = options
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { authfile: { type: 'string' } },
  })
  const host = onlyHost(positionals)
  const place = await findPlace({ env }, values.authfile, host.name)
  const secrets = await dropLogin(place, host.name)
  if (!secrets) {
    warn(`There is no login for ${host.name} in ${place.words}.`)
    return exitCode.ok
  }
  print(`Logged out of ${host.name}.`)
  return await untilCancelled(warn, async (signal) => {
    if (await revokeAll({ host, clock, signal }, secrets)) print('Its token is revoked.')
    else warn(`Its token could not be revoked: do that at ${host.url}/tokens.`)
    return exitCode.ok
  })
}

/** Only ours: a password that was kept by another program is sent nowhere. */
async function revokeAll(client: ClientOptions, secrets: readonly string[]): Promise<boolean> {
  const ours = secrets.filter((secret) => isSecret('fbr', secret) || isSecret('fbrr', secret))
  if (ours.length === 0) return false
  try {
    const endpoints = await discover(client)
    const done = await Promise.all(ours.map((each) => revoke(client.host, endpoints, each)))
    return done.every(Boolean)
  } catch {
    return false
  }
}

function onlyHost([text, ...more]: readonly string[]): RegistryHost {
  if (more.length > 0) throw new UsageError('One registry at a time.')
  return parseHost(text)
}

function instructions({ page, pageWithCode, userCode, expiresAt }: BegunLogin, now: number) {
  return [
    `Open in a browser:   ${page}`,
    `and type the code:   ${userCode}`,
    ...(pageWithCode === '' ? [] : [`or both at once:     ${pageWithCode}`]),
    '',
    `Waiting until it is approved, for ${minutes(expiresAt - now)} at most. Control-C ends this.`,
  ]
}

/** Tells once a minute that it still waits. */
async function waitFor(
  client: ClientOptions,
  endpoints: Awaited<ReturnType<typeof discover>>,
  begun: BegunLogin,
  warn: Options['warn'],
) {
  const { clock } = client
  let toldAt = clock.now()
  return await wait(client, endpoints, begun, () => {
    if (clock.now() - toldAt < TELL_MS) return
    toldAt = clock.now()
    warn(`Still waiting: ${minutes(begun.expiresAt - toldAt)} left.`)
  })
}

function minutes(ms: number): string {
  const count = Math.max(1, Math.round(ms / 60_000))
  return count === 1 ? '1 minute' : `${count} minutes`
}

/** Control-C ends what goes on, and leaves nothing behind. Under npm it comes twice. */
async function untilCancelled(
  warn: Options['warn'],
  act: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const controller = new AbortController()
  const cancel = () => controller.abort()
  process.on('SIGINT', cancel)
  process.on('SIGTERM', cancel)
  try {
    return await act(controller.signal)
  } catch (error) {
    if (!controller.signal.aborted) throw error
    warn('Cancelled: nothing was changed.')
    return CANCELLED
  } finally {
    process.off('SIGINT', cancel)
    process.off('SIGTERM', cancel)
  }
}
