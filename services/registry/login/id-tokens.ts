// ID tokens of CI jobs: whether one is what it says, and which entry of the policy it is for. Every check is of now: a token
// that was good is asked about again.
import { KEY_PAIR_ALGORITHMS } from '@fuchsbau/shared/login/algorithms.ts'
import { type JWTPayload, errors as joseErrors, jwtVerify } from 'jose'
import { type Claims, type ExchangeEntry, mismatchOf } from '../policy/exchange.ts'
import type { Registry } from '../registry.ts'
import { IssuerAway } from './issuer-keys.ts'

/** For the client: what to mend; for the audit: what exactly it was. */
export interface Refusal {
  ok: false
  isAway: boolean
  why: string
  reason: string
  /** Whose job it is, where that was verified. */
  about?: string
}

export type Matched = { ok: true; claims: JWTPayload; entry: ExchangeEntry } | Refusal

/** Those of CI have 1 to 3 KB. */
export const MAX_ID_TOKEN = 8 * 1024
/** Of a clock that goes a little wrong. */
const TOLERANCE_SECONDS = 30
/** A token that lives longer is not one of a job. */
const LONGEST_SECONDS = 86_400

/** Whether a text has the form of one; a password has not. */
export function looksLikeIdToken(text: string): boolean {
  return text.length <= MAX_ID_TOKEN && /^eyJ[\w-]*\.eyJ[\w-]*\.[\w-]*$/.test(text)
}

/** `robot`: the only one that it may be for; undefined: that of the first entry that fits. */
export async function matchIdToken(
  registry: Registry,
  token: string,
  robot: string | undefined,
): Promise<Matched> {
  const said = saidBy(token)
  if (!said) return refusal('The subject token is no JWT.', 'malformed')
  const trusted = entriesOf(registry, said.iss)
  if (trusted.length === 0) {
    return refusal(
      `The registry's policy trusts no issuer that calls itself ${shown(said.iss)}.`,
      `untrusted issuer ${shown(said.iss)}`,
    )
  }
  const audiences = [said.aud].flat()
  if (!trusted.some((entry) => audiences.some((each) => entry.audiences.includes(String(each))))) {
    return refusal(
      `The ID token is for ${shown(said.aud)}: ask the CI for one with the audience that the registry's policy names.`,
      `wrong audience ${shown(said.aud)}`,
    )
  }
  const verified = await verify(registry, token, String(said.iss))
  if (!verified.ok) return verified
  const matched = matchClaims(registry, verified.claims, robot)
  return matched.ok ? matched : { ...matched, about: jobOf(verified.claims) }
}

/** For the audit. */
export function jobOf({ sub, iss }: JWTPayload): string {
  return `${sub} of ${iss}`.slice(0, 300)
}

/** The first entry of now that these claims fit; else why none does. */
export function matchClaims(
  registry: Pick<Registry, 'policy'>,
  claims: Claims,
  robot: string | undefined,
): { ok: true; claims: JWTPayload; entry: ExchangeEntry } | Refusal {
  const isWanted = (entry: ExchangeEntry) => robot === undefined || entry.robot === robot
  const entries = entriesOf(registry, claims['iss']).filter(isWanted)
  const why = `No entry of the registry's policy is for this job: its sub is ${shown(claims['sub'])}.`
  if (entries.length === 0) return refusal(why, `no entry for robot ${shown(robot)}`)
  const failures: string[] = []
  for (const entry of entries) {
    const failure = mismatchOf(entry, claims)
    if (failure === undefined) return { ok: true, claims: { ...claims }, entry }
    failures.push(`line ${entry.line}: ${failure}`)
  }
  return refusal(why, failures.slice(0, 5).join('; '))
}

/** Of the policy now, in its order. */
export function entriesOf({ policy }: Pick<Registry, 'policy'>, issuer: unknown): ExchangeEntry[] {
  return policy.current.exchange.filter((entry) => entry.issuer === issuer)
}

/** What it says, of which nothing is believed yet. */
function saidBy(token: string): JWTPayload | undefined {
  if (!looksLikeIdToken(token)) return
  try {
    const payload: unknown = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
    )
    return typeof payload === 'object' && payload !== null ? { ...payload } : undefined
  } catch {
    return
  }
}

type Verified = { ok: true; claims: JWTPayload } | Refusal

async function verify(
  { idTokens: { keys }, clock }: Registry,
  token: string,
  issuer: string,
): Promise<Verified> {
  const check = async (getKey: Awaited<ReturnType<typeof keys.of>>): Promise<Verified> => {
    const { payload, protectedHeader } = await jwtVerify(token, getKey, {
      issuer,
      algorithms: KEY_PAIR_ALGORITHMS,
      requiredClaims: ['exp', 'iat', 'sub', 'aud'],
      clockTolerance: TOLERANCE_SECONDS,
      currentDate: new Date(clock.now()),
    })
    return isIdToken(protectedHeader.typ, payload, clock.now() / 1000)
      ? { ok: true, claims: payload }
      : refusal('The subject token is no ID token of a job.', 'not an ID token')
  }
  try {
    try {
      return await check(await keys.of(issuer))
    } catch (error) {
      const newer = error instanceof joseErrors.JWKSNoMatchingKey && (await keys.newer(issuer))
      if (!newer) throw error
      return await check(newer)
    }
  } catch (error) {
    if (error instanceof IssuerAway) return away(issuer)
    if (error instanceof joseErrors.JWTExpired) {
      return refusal('The ID token has expired: ask the CI for a new one.', 'expired')
    }
    const code = error instanceof joseErrors.JOSEError ? error.code : 'the key cannot be used'
    const why = 'The ID token could not be verified with the keys of its issuer.'
    return refusal(why, `not verified: ${code} ${claimOf(error)}`.trim())
  }
}

/** An access token of the same issuer is meant for something else (RFC 9068, 2.1). */
function isIdToken(typ: unknown, { iat = 0, exp = 0 }: JWTPayload, now: number): boolean {
  const isTyped = typ === undefined || /^(?:application\/)?jwt$/i.test(String(typ))
  return isTyped && iat <= now + TOLERANCE_SECONDS && exp - iat <= LONGEST_SECONDS
}

/** Which claim was wrong with a token that was signed right. */
function claimOf(error: unknown): string {
  return error instanceof joseErrors.JWTClaimValidationFailed ? error.claim : ''
}

function refusal(why: string, reason: string): Refusal {
  return { ok: false, isAway: false, why, reason }
}

function away(issuer: string): Refusal {
  const why = 'The keys of the issuer cannot be read now. Try again in a minute.'
  return { ok: false, isAway: true, why, reason: `issuer ${issuer} is away` }
}

/** What came from outside, as it may stand in answers and in the audit. */
function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'missing').replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 200)
}
