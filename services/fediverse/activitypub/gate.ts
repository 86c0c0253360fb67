// What an inbox POST must pass before it is accepted, in order and cheapest first: content type, signature with its
// digest and date, the key and its owner, JSON, ids, blocks, seen before. Then it is on disk, and then it is answered.

import type { Counter, Metrics } from '@fuchsbau/shared/metrics.ts'
import type { Context } from '../context.ts'
import type { AcceptedActivity } from '../store/accepted.ts'
import { StoreUnavailable } from '../store/journal.ts'
import type { BlockedHosts } from './blocked-hosts.ts'
import { type Activity, hostOf, type Json, parseActivity } from './document.ts'
import { parseJson } from './json.ts'
import type { KeyCache } from './key-cache.ts'
import type { VerifyForwarded } from './proof.ts'
import { isReceived } from './receive.ts'
import {
  checkSignature,
  type ReceivedRequest,
  type ReceivedSignature,
  readSignature,
} from './signature.ts'

/** How an inbox POST is answered. 202 means: durable, or known to be of no effect. */
export interface Verdict {
  status: 202 | 400 | 401 | 403 | 503
  /** For the sender's operator. */
  message: string
  /** Set when the activity was stored and waits for its effect. */
  accepted?: AcceptedActivity
}

/** Who signed a request. */
export type Signed =
  | { ok: true; owner: string }
  | { ok: false; kind: 'wrong' | 'gone' | 'blocked'; message: string }

export interface GateParts {
  context: Context
  keys: KeyCache
  metrics: Metrics
  /** Checks a Linked Data signature or FEP-8b32 proof. */
  verifyForwarded: VerifyForwarded
  blockedHosts: BlockedHosts
  /** Told the host of whoever signed a POST rightly. Called for each one: must be cheap. */
  onLife(host: string): void
}

/** What a request forwarded without a proof may bring: its object is fetched from where it lives. */
const DEREFERENCED = new Set(['Create', 'Update', 'Delete'])

/** Bodies longer than this, in bytes, share a room while their keys are fetched: hosts that never answer must not fill our memory. */
const LARGE_BODY = 64 * 1024
const ROOM_FOR_LARGE = 64 * 1024 * 1024

const MEDIA_TYPES = /^application\/(?:activity\+json|ld\+json|json)\s*(?:;|$)/i

export interface Gate {
  /** Judges an inbox POST, and stores it when it is good. `inboxOf` is the local user, absent for the shared inbox. */
  admit(request: ReceivedRequest, inboxOf?: string): Promise<Verdict>
  /** Verifies the signature of any request. */
  verify(request: ReceivedRequest): Promise<Signed>
}

export function makeGate(parts: GateParts): Gate {
  const { context, keys, metrics, blockedHosts, onLife } = parts
  const count = makeCounter(metrics)
  let largeBytes = 0

  /** Runs what waits for a key; undefined when there is no room for the body meanwhile. */
  async function withRoom<T>({ length }: Buffer, task: () => Promise<T>): Promise<T | undefined> {
    const bytes = length > LARGE_BODY ? length : 0
    if (bytes > 0 && largeBytes + bytes > ROOM_FOR_LARGE) return
    largeBytes += bytes
    try {
      return await task()
    } finally {
      largeBytes -= bytes
    }
  }

  async function verify(request: ReceivedRequest): Promise<Signed> {
    const read = readSignature(request, {
      origin: new URL(context.urls.base).origin,
      now: context.clock.now(),
    })
    if (!read.ok) return { ok: false, kind: 'wrong', message: read.message }
    // Whom we do not hear we do not ask for a key either.
    return blockedHosts.has(read.signature.keyId) ? BLOCKED : verifyWithKey(keys, read.signature)
  }

  async function judge(request: ReceivedRequest, inboxOf?: string): Promise<Verdict> {
    if (!MEDIA_TYPES.test(request.headers['content-type'] ?? '')) {
      return { status: 400, message: 'the content type must be application/activity+json' }
    }
    const signed = await withRoom(request.body, () => verify(request))
    if (!signed) return { status: 503, message: 'too many keys are awaited; send it again later' }
    if (!signed.ok) {
      if (signed.kind === 'blocked') return { status: 403, message: signed.message }
      // The key of a deleted actor can't be had any more: nothing to delete here, if she was never known.
      const isDelete = signed.kind === 'gone' && isDeleteOfActor(context, request.body)
      return isDelete ? noEffect('gone') : { status: 401, message: signed.message }
    }
    onLife(hostOf(signed.owner))
    const json = parseJson(request.body)
    if (!json.ok) return { status: 400, message: json.message }
    const activity = parseActivity(json.value)
    if (!activity) return { status: 400, message: 'not an activity: id, type and actor are needed' }
    if (context.store.accepted.isSeen(activity.id)) return seenBefore(context)
    const authority = await findAuthority(parts, activity, signed.owner)
    if (!authority.ok) return { status: 401, message: authority.message }
    const blocked = blockOf(parts, signed.owner, activity, inboxOf)
    if (blocked) return blocked
    if (!isReceived(activity.type)) return noEffect(`${activity.type} is not understood here`)
    if (context.store.accepted.isSeen(authority.id)) return seenBefore(context)
    const accepted: AcceptedActivity = {
      id: authority.id,
      signer: authority.signer,
      receivedAt: context.clock.now(),
      document: authority.document,
      attempts: 0,
      ...(inboxOf ? { inboxOf } : {}),
    }
    await context.store.accepted.accept(accepted)
    return { status: 202, message: 'accepted', accepted }
  }

  return {
    verify,
    async admit(request, inboxOf) {
      let verdict: Verdict
      try {
        verdict = await judge(request, inboxOf)
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error
        verdict = { status: 503, message: 'no room to store it now; send it again later' }
      }
      count(verdict)
      return verdict
    },
  }
}

const BLOCKED = { ok: false, kind: 'blocked', message: 'this host is blocked here' } as const

const noEffect = (message: string): Verdict => ({ status: 202, message })

/** A sender who did not wait for the first answer may have the second one only when the first would be true. */
async function seenBefore({ store }: Context): Promise<Verdict> {
  await store.tree.journal.flush()
  return noEffect('seen before')
}

/** A failed check is repeated once with the key fetched anew: its owner may have a new one. */
async function verifyWithKey(keys: KeyCache, signature: ReceivedSignature): Promise<Signed> {
  const found = await keys.find(signature.keyId)
  if (!found.ok) {
    return { ok: false, kind: found.kind === 'gone' ? 'gone' : 'wrong', message: found.message }
  }
  if (checkSignature(signature, found.key)) return { ok: true, owner: found.owner }
  const fresh = await keys.refetch(signature.keyId)
  if (fresh?.ok && checkSignature(signature, fresh.key)) return { ok: true, owner: fresh.owner }
  return { ok: false, kind: 'wrong', message: 'the signature does not match the key' }
}

interface Authority {
  ok: true
  signer: string
  /** Under which the activity is remembered. */
  id: string
  document: Json
}

/** Under whose name, and under which id, an activity counts. */
async function findAuthority(
  { verifyForwarded }: GateParts,
  activity: Activity,
  signer: string,
): Promise<Authority | { ok: false; message: string }> {
  const { document } = activity
  if (activity.actor === signer) {
    if (hasOwnId(activity)) return { ok: true, signer, id: activity.id, document }
    return { ok: false, message: 'the id of the activity is not on the host of its actor' }
  }
  const proof = await verifyForwarded(document)
  const proven = proof.ok ? parseActivity(proof.document) : undefined
  if (proof.ok && proven?.actor === proof.signer && hasOwnId(proven)) {
    return { ok: true, signer: proof.signer, id: proven.id, document: proof.document }
  }
  if (DEREFERENCED.has(activity.type)) {
    // Remembered under the forwarder's name too: she must not be able to spend somebody else's id.
    return { ok: true, signer, id: `${activity.id} via ${signer}`, document }
  }
  const message = 'the signer is not the actor, and the activity carries no proof of its own'
  return { ok: false, message }
}

const hasOwnId = ({ id, actor }: Activity) => hostOf(id) === hostOf(actor)

function blockOf(
  { context, blockedHosts }: GateParts,
  signer: string,
  activity: Activity,
  inboxOf?: string,
): Verdict | undefined {
  if ([signer, activity.actor].some((id) => blockedHosts.has(id)))
    return { status: 403, message: BLOCKED.message }
  if (inboxOf && context.store.relations.get(inboxOf, 'blocks', activity.actor)) {
    return { status: 403, message: 'blocked' }
  }
  return
}

/** Whether the body is a Delete of its own actor, who is not known here. */
function isDeleteOfActor({ store }: Context, body: Buffer): boolean {
  const json = parseJson(body)
  const activity = json.ok ? parseActivity(json.value) : undefined
  if (activity?.type !== 'Delete' || activity.object.id !== activity.actor) return false
  return !store.users
    .names()
    .some((user) =>
      (['followers', 'following'] as const).some((kind) =>
        store.relations.get(user, kind, activity.actor),
      ),
    )
}

function makeCounter(metrics: Metrics): (verdict: Verdict) => void {
  const counters = new Map<string, Counter>()
  for (const outcome of ['accepted', 'no-effect', '400', '401', '403', '503']) {
    const help = 'Inbox POSTs by outcome.'
    counters.set(outcome, metrics.counter('fuchsbau_fediverse_inbox_total', help, { outcome }))
  }
  return ({ status, accepted }) =>
    counters.get(status === 202 ? (accepted ? 'accepted' : 'no-effect') : String(status))?.inc()
}
