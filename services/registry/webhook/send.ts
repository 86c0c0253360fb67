// One try to tell a webhook: signed, with a deadline, no redirect followed, the answer not read but for its status.
import { createHmac, type KeyObject } from 'node:crypto'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { lookUpDialable, NotDialable } from './address.ts'
import { EVENTS_TYPE } from './event.ts'

export interface Message {
  /** The same each time that it is sent. */
  id: string
  body: string
}

export interface SendOptions {
  url: URL
  secret: KeyObject
  clock: Clock
  /** We are closing. */
  signal: AbortSignal
}

/** `error` in words, for the operator: it holds neither the secret nor the path of the URL. */
export type Sent = { ok: true; status: number } | { ok: false; error: string }

const DEADLINE_MS = 10_000
/** What is read of an answer, at most, before the connection is ended. */
const MAX_ANSWER_BYTES = 16 * 1024
const MAX_HEADER_BYTES = 16 * 1024

/** Never rejects. */
export async function send(message: Message, options: SendOptions): Promise<Sent> {
  const { clock, signal } = options
  const abort = new AbortController()
  const deadline = clock.after(DEADLINE_MS, () => abort.abort())
  const signals = AbortSignal.any([abort.signal, signal])
  try {
    const status = await post(message, options, signals)
    return status >= 200 && status < 300
      ? { ok: true, status }
      : { ok: false, error: wordsOfStatus(status) }
  } catch (error) {
    if (!abort.signal.aborted) return { ok: false, error: wordsOfError(error) }
    return { ok: false, error: `it did not answer within ${DEADLINE_MS / 1000} s` }
  } finally {
    deadline.cancel()
  }
}

/**
 * `x-signature` is what Flux's receivers of the type `generic-hmac` verify, and covers the body. The other three are those
 * of Standard Webhooks: their signature covers id and time as well, so that a receiver can refuse what is old or repeated.
 * https://fluxcd.io/flux/components/notification/receivers/#generic-hmac-receiver · https://www.standardwebhooks.com
 */
export function headersOf(
  { id, body }: Message,
  secret: KeyObject,
  now: number,
): Record<string, string> {
  const seconds = String(Math.floor(now / 1000))
  const hmac = (text: string) => createHmac('sha256', secret).update(text)
  return {
    'content-type': EVENTS_TYPE,
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': 'fuchsbau-registry',
    'x-signature': `sha256=${hmac(body).digest('hex')}`,
    'webhook-id': id,
    'webhook-timestamp': seconds,
    'webhook-signature': `v1,${hmac(`${id}.${seconds}.${body}`).digest('base64')}`,
  }
}

function post(
  message: Message,
  { url, secret, clock }: SendOptions,
  signal: AbortSignal,
): Promise<number> {
  const request = url.protocol === 'http:' ? httpRequest : httpsRequest
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = request(
      url,
      {
        method: 'POST',
        headers: headersOf(message, secret, clock.now()),
        agent: false,
        lookup: lookUpDialable,
        maxHeaderSize: MAX_HEADER_BYTES,
        signal,
      },
      (answer) => {
        const { statusCode = 0 } = answer
        readOut(answer, () => resolve(statusCode))
      },
    )
    sent.on('error', reject)
    sent.end(message.body)
  })
}

/** A short answer is heard to its end, so that the receiver sees no broken connection. What it says counts for nothing. */
function readOut(answer: IncomingMessage, done: () => void): void {
  let bytes = 0
  answer.on('data', (part: Buffer) => {
    bytes += part.length
    if (bytes > MAX_ANSWER_BYTES) answer.destroy()
  })
  answer.on('error', done)
  answer.on('close', done)
}

function wordsOfStatus(status: number): string {
  return status >= 300 && status < 400
    ? `it answered ${status}: redirects are not followed, give the address that it leads to`
    : `it answered ${status}`
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it refuses connections',
  ECONNRESET: 'it ended the connection',
  EHOSTUNREACH: 'it cannot be reached',
  ENETUNREACH: 'it cannot be reached',
  ENOTFOUND: 'its name is unknown',
  EAI_AGAIN: 'its name cannot be looked up now',
  ETIMEDOUT: 'it does not answer',
}

function wordsOfError(error: unknown): string {
  if (error instanceof NotDialable) return "its name leads to an address that is no receiver's"
  const { code = '', message = '' } = error as NodeJS.ErrnoException
  if (code in WORDS) return WORDS[code] ?? ''
  if (/CERT|TLS|SSL|ALTNAME/.test(code)) return `its certificate cannot be trusted (${code})`
  return code === '' ? message : `the connection failed (${code})`
}
