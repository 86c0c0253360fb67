// What a terminal says to a registry of ours: finds its endpoints, asks for a login, waits for it, gives a token back.
// https://www.rfc-editor.org/rfc/rfc8628 https://www.rfc-editor.org/rfc/rfc7009
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { readJson } from '@fuchsbau/shared/read-json.ts'
import { DEVICE_GRANT } from '../login/oauth.ts'
import type { RegistryHost } from './host.ts'

/** Anybody's name: what is approved is not the program, but the person's own doing. */
const CLIENT = 'fuchsbau'
const TIMEOUT_MS = 15_000
const MAX_BYTES = 64 * 1024
const LONGEST_PAUSE_MS = 30_000
/** The registry is told that nobody waits any more, if it listens at once. */
const REVOKE_MS = 3_000

interface Endpoints {
  token: string
  device: string
  revocation: string
}

export interface BegunLogin {
  deviceCode: string
  userCode: string
  page: string
  pageWithCode: string
  expiresAt: number
  intervalMs: number
}

export interface GivenToken {
  name: string
  secret: string
  expiresAt: number
}

export interface ClientOptions {
  host: RegistryHost
  clock: Clock
  /** Ends what is going on. */
  signal: AbortSignal
}

type Answer = { status: number; fields: Record<string, unknown> }

/** The endpoints of a registry. Rejects when there is none, or it is none of ours. */
export async function discover({ host, signal }: ClientOptions): Promise<Endpoints> {
  const { name, url } = host
  const address = `${url}/.well-known/oauth-authorization-server`
  const { status, fields } = await ask(host, signal, address).catch((error: unknown) => {
    if (error instanceof Unreachable || signal.aborted) throw error
    return { status: 0, fields: {} as Record<string, unknown> }
  })
  const { issuer } = fields
  const endpoints = {
    token: fields['token_endpoint'],
    device: fields['device_authorization_endpoint'],
    revocation: fields['revocation_endpoint'],
  }
  if (status !== 200 || typeof issuer !== 'string' || typeof endpoints.device !== 'string') {
    throw new Error(
      `${name} has no login for terminals: is it a registry of Fuchsbau? Others take "docker login".`,
    )
  }
  // https://www.rfc-editor.org/rfc/rfc8414#section-3.3
  if (issuer !== url) throw new Error(`${name} calls itself ${issuer}: log in under that name.`)
  const isOwn = Object.values(endpoints).every((each) => String(each).startsWith(`${url}/`))
  if (!isOwn) throw new Error(`${name} names endpoints that are not its own.`)
  return endpoints as Endpoints
}

export interface WantedLogin {
  scope: string
  label: string
  lifetimeSeconds: number | undefined
}

/** Asks for a login. Rejects when the registry wants none like this, with its words. */
export async function begin(
  { host, clock, signal }: ClientOptions,
  { device }: Endpoints,
  { scope, label, lifetimeSeconds }: WantedLogin,
): Promise<BegunLogin> {
  const lifetime = lifetimeSeconds === undefined ? {} : { lifetime: String(lifetimeSeconds) }
  const form = { client_id: CLIENT, scope, label, ...lifetime }
  const { status, fields } = await ask(host, signal, device, form)
  if (status !== 200) throw new Error(wordsOf(host, status, fields))
  const seconds = Number(fields['expires_in'])
  const begun = {
    deviceCode: textOf(fields['device_code']),
    userCode: textOf(fields['user_code']),
    page: textOf(fields['verification_uri']),
    pageWithCode: textOf(fields['verification_uri_complete']),
    expiresAt: clock.now() + seconds * 1000,
    intervalMs: Math.max(1, Number(fields['interval'] ?? 5)) * 1000,
  }
  if (!(seconds > 0) || !begun.deviceCode || !begun.userCode || !begun.page) {
    throw new Error(`${host.name} gave an answer that makes no sense.`)
  }
  return begun
}

/** Waits until somebody has approved. Rejects when it was denied, or the code is over. `onWait`: before each question. */
export async function wait(
  { host, clock, signal }: ClientOptions,
  { token }: Endpoints,
  { deviceCode, expiresAt, intervalMs }: BegunLogin,
  onWait: () => void,
): Promise<GivenToken> {
  const form = { grant_type: DEVICE_GRANT, client_id: CLIENT, device_code: deviceCode }
  let pauseMs = intervalMs
  while (clock.now() < expiresAt) {
    await pause(pauseMs, undefined, { signal })
    onWait()
    const answer = await ask(host, signal, token, form).catch((error: unknown) => {
      if (!(error instanceof Unreachable)) throw error
      return undefined
    })
    const error = answer?.fields['error']
    if (!answer || answer.status >= 500) pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    else if (answer.status === 200) return givenBy(host, clock, answer.fields)
    else if (error === 'slow_down') pauseMs += 5_000
    else if (error === 'expired_token') break
    else if (error !== 'authorization_pending') {
      throw new Error(wordsOf(host, answer.status, answer.fields))
    }
  }
  throw new Error('The code has expired before anybody approved it. Begin again.')
}

/** Gives a token, or the code of a login, back. False: it could not be done. */
export async function revoke(
  host: RegistryHost,
  { revocation }: Pick<Endpoints, 'revocation'>,
  token: string,
): Promise<boolean> {
  try {
    const { status } = await ask(host, AbortSignal.timeout(REVOKE_MS), revocation, { token })
    return status === 200
  } catch {
    return false
  }
}

/** Nobody answers there, or not now. */
class Unreachable extends Error {
  override name = 'Unreachable'
}

/** A redirect would carry codes and tokens elsewhere: none is followed. */
async function ask(
  { name }: RegistryHost,
  signal: AbortSignal,
  url: string,
  form?: Record<string, string>,
): Promise<Answer> {
  let response: Response
  try {
    response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      headers: { accept: 'application/json' },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
  } catch (error) {
    if (signal.aborted) throw error
    const { code } = ((error as Error).cause ?? {}) as { code?: unknown }
    throw new Unreachable(
      `${name} cannot be reached: ${typeof code === 'string' ? code : 'no answer'}.`,
    )
  }
  const { status } = response
  // What stands before the registry may answer with a page.
  const fields = await readJson(response, { maxBytes: MAX_BYTES }).catch((error: unknown) => {
    if (status < 400) throw error
    return {} as Record<string, unknown>
  })
  return { status, fields }
}

function givenBy(
  host: RegistryHost,
  clock: Clock,
  { access_token: secret, username: name, expires_in: seconds }: Record<string, unknown>,
): GivenToken {
  const isToken = typeof secret === 'string' && /^[\x21-\x7e]{8,4096}$/.test(secret)
  const isName = typeof name === 'string' && /^[\w.@+-]{1,100}$/.test(name)
  if (!isToken || !isName) throw new Error(`${host.name} gave an answer that makes no sense.`)
  return { name, secret, expiresAt: clock.now() + Number(seconds) * 1000 }
}

function wordsOf(
  { name }: RegistryHost,
  status: number,
  { error, error_description: description }: Record<string, unknown>,
): string {
  return textOf(description) || `${name} says ${textOf(error) || status}.`
}

/** What a server says goes to a terminal: visible characters only. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value.replaceAll(/\p{C}/gu, '?').slice(0, 500) : ''
}
