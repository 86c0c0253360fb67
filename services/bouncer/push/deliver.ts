// One message to one push service (RFC 8030), encrypted for the client (RFC 8291) and signed by us (RFC 8292). The address
// was named by a client: it is connected to only if it is public, no redirect is followed, and no answer is read.

import { lookup } from 'node:dns'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { isPublicAddress } from '@fuchsbau/shared/public-address.ts'
import webPush from 'web-push'
import type { PushSubscription } from '../store/subscriptions.ts'
import { parseEndpoint } from './endpoint.ts'

export interface VapidKeys {
  publicKey: string
  privateKey: string
}

export interface DeliverOptions {
  keys: VapidKeys
  /** Who we are, for the push service: an https or mailto URL. */
  subject: string
  allowPrivateAddress: boolean
  clock: Clock
  /** For so long the service may keep it for the client, ms. */
  ttlMs: number
}

/** What became of it. `gone`: the subscription is no more. */
export type Delivered =
  | { outcome: 'taken' | 'gone' }
  /** `isPassing`: it may be taken when it is tried again, not before `afterMs`. */
  | { outcome: 'failed'; isPassing: boolean; afterMs?: number }

const DEADLINE_MS = 15_000
/** Too much at once, or a time-out of theirs (RFC 9110, 15.5.9; RFC 6585, 4): not the fault of the message. */
const PASSING = new Set([408, 425, 429])

/** Never rejects. */
export async function deliver(
  { endpoint, p256dh, auth }: Pick<PushSubscription, 'endpoint' | 'p256dh' | 'auth'>,
  payload: string,
  { keys, subject, allowPrivateAddress, clock, ttlMs }: DeliverOptions,
): Promise<Delivered> {
  const url = parseEndpoint(endpoint, allowPrivateAddress)
  if (!url) return { outcome: 'gone' }
  const abort = new AbortController()
  const deadline = clock.after(DEADLINE_MS, () => abort.abort())
  try {
    const { headers, body } = webPush.generateRequestDetails(
      { endpoint, keys: { p256dh, auth } },
      payload,
      {
        vapidDetails: { subject, ...keys },
        contentEncoding: 'aes128gcm',
        urgency: 'high',
        TTL: Math.ceil(ttlMs / 1000),
      },
    )
    const options = { headers, signal: abort.signal, lookup: guarded(allowPrivateAddress) }
    const { status, retryAfter } = await post(url, options, body ?? Buffer.alloc(0))
    if (status === 404 || status === 410) return { outcome: 'gone' }
    if (status >= 200 && status < 300) return { outcome: 'taken' }
    const isPassing = status >= 500 || PASSING.has(status)
    const afterMs = isPassing ? retryAfterMs(retryAfter, clock.now()) : undefined
    return { outcome: 'failed', isPassing, ...(afterMs !== undefined && { afterMs }) }
  } catch (error) {
    return { outcome: 'failed', isPassing: !(error instanceof NotPublic) }
  } finally {
    deadline.cancel()
  }
}

interface PostOptions {
  headers: Record<string, string | number>
  signal: AbortSignal
  lookup: LookupFunction
}

/** Seconds, or a date (RFC 9110, 10.2.3); undefined when it is neither, or past. */
export function retryAfterMs(text: string | undefined, now: number): number | undefined {
  if (text === undefined || text.length > 40) return
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return ms > 0 ? ms : undefined
}

interface Answer {
  status: number
  retryAfter: string | undefined
}

function post(url: URL, options: PostOptions, body: Buffer): Promise<Answer> {
  const request = url.protocol === 'http:' ? httpRequest : httpsRequest
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...options, method: 'POST', agent: false }, (answer) => {
      resolve({ status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'] })
      answer.destroy()
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** A name that leads to where no push service may be. */
class NotPublic extends Error {}

/** Names are judged by their addresses when they are connected to, so that a changed name gains nothing. */
function guarded(allowPrivateAddress: boolean): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const allowed = (addresses ?? []).filter(
        ({ address }) => allowPrivateAddress || isPublicAddress(address),
      )
      const [first] = allowed
      if (error || !first) done(error ?? new NotPublic(`${hostname} has no public address`), '', 0)
      else if (options.all) done(null, allowed)
      else done(null, first.address, first.family)
    })
  }
}
