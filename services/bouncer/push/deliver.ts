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
}

/** `gone`: the subscription is no more. */
export type Delivered = 'taken' | 'gone' | 'failed'

const DEADLINE_MS = 15_000
/** A message that could not be delivered for so long is old news, seconds. */
const TTL_SECONDS = 24 * 3600

/** Never rejects. */
export async function deliver(
  { endpoint, p256dh, auth }: Pick<PushSubscription, 'endpoint' | 'p256dh' | 'auth'>,
  payload: string,
  { keys, subject, allowPrivateAddress, clock }: DeliverOptions,
): Promise<Delivered> {
  const url = parseEndpoint(endpoint, allowPrivateAddress)
  if (!url) return 'gone'
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
        TTL: TTL_SECONDS,
      },
    )
    const options = { headers, signal: abort.signal, lookup: guarded(allowPrivateAddress) }
    const status = await post(url, options, body ?? Buffer.alloc(0))
    if (status === 404 || status === 410) return 'gone'
    return status >= 200 && status < 300 ? 'taken' : 'failed'
  } catch {
    return 'failed'
  } finally {
    deadline.cancel()
  }
}

interface PostOptions {
  headers: Record<string, string | number>
  signal: AbortSignal
  lookup: LookupFunction
}

function post(url: URL, options: PostOptions, body: Buffer): Promise<number> {
  const request = url.protocol === 'http:' ? httpRequest : httpsRequest
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...options, method: 'POST', agent: false }, (answer) => {
      resolve(answer.statusCode ?? 0)
      answer.destroy()
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Names are judged by their addresses when they are connected to, so that a changed name gains nothing. */
function guarded(allowPrivateAddress: boolean): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const allowed = (addresses ?? []).filter(
        ({ address }) => allowPrivateAddress || isPublicAddress(address),
      )
      const [first] = allowed
      if (error || !first) done(error ?? new Error(`${hostname} has no public address`), '', 0)
      else if (options.all) done(null, allowed)
      else done(null, first.address, first.family)
    })
  }
}
