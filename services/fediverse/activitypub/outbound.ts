// One attempt at a delivery: the user's key, the stored bytes, and what the answer means.

import { createPrivateKey } from 'node:crypto'
import type { Delivery, OutgoingBody } from '../store/queue.ts'
import type { Store } from '../store/store.ts'
import type { Urls } from '../urls.ts'
import type { BlockedHosts } from './blocked-hosts.ts'
import type { Outcome } from './delivery-outcome.ts'
import type { Failure } from './exchange.ts'
import type { Remote } from './remote.ts'
import type { Signer } from './signature.ts'

/** Finds the signers of local users, each read and parsed once. */
export function makeSigners(store: Store, urls: Urls): (user: string) => Signer | undefined {
  const signers = new Map<string, Signer>()
  return (user) => {
    const known = signers.get(user)
    if (known) return known
    const keys = store.users.keys(user)
    if (!keys) return
    const signer = { keyId: urls.keyId(user), privateKey: createPrivateKey(keys.rsaPrivate) }
    signers.set(user, signer)
    return signer
  }
}

/** Makes the function that the delivery engine calls for each attempt. */
export function makePost(
  remote: Remote,
  signerOf: (user: string) => Signer | undefined,
  blockedHosts: BlockedHosts,
): (delivery: Delivery, body: OutgoingBody, signal: AbortSignal) => Promise<Outcome> {
  return async ({ user, inbox }, { text, digest }, signal) => {
    const signer = signerOf(user)
    if (!signer) return { kind: 'refused', status: 0, message: `the keys of ${user} are missing` }
    if (blockedHosts.has(inbox)) {
      return { kind: 'refused', status: 0, message: 'this host is blocked here' }
    }
    const activity = { body: Buffer.from(text), digest, signer }
    const posted = await remote.postActivity(inbox, activity, signal)
    return posted.ok ? { kind: 'delivered' } : outcomeOf(posted)
  }
}

/** Statuses that ask to come again later, although they are 4xx. */
const TEMPORARY = new Set([408, 425, 429])

/** What a failure means for the delivery. */
export function outcomeOf({ kind, message, status, retryAfterMs }: Failure): Outcome {
  if (kind === 'gone' || kind === 'not-found') return { kind: 'gone' }
  const isRefused = status !== undefined && status < 500 && !TEMPORARY.has(status)
  const isHopeless = kind === 'bad-url' || kind === 'private-address'
  if (isRefused || isHopeless) return { kind: 'refused', status: status ?? 0, message }
  return {
    kind: 'failed',
    message,
    ...(status === undefined ? {} : { status }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}
