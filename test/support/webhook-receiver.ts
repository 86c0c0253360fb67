// A receiver of webhooks: a real HTTP server that checks each signature as receivers do, remembers what came, and answers as
// a test says.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { waitFor } from './wait-for.ts'

export interface Told {
  path: string
  headers: IncomingHttpHeaders
  body: string
  event: ToldEvent
}

/** https://distribution.github.io/distribution/about/notifications/#events and our own field. */
export interface ToldEvent {
  id: string
  timestamp: string
  action: string
  target: Record<string, unknown>
  request: Record<string, unknown>
  actor: Record<string, unknown>
  source: Record<string, unknown>
  fuchsbau: Record<string, unknown>
}

type Answer = (response: ServerResponse) => void

export interface WebhookReceiver extends AsyncDisposable {
  readonly url: string
  /** All that came, whatever it was answered, in order. */
  readonly told: Told[]
  /** Requests whose signature was not right. */
  readonly forged: Told[]
  /** How it answers from now on: a status, or anything. */
  answer: number | Answer
  /** Resolves when so many have come. */
  came(count: number): Promise<void>
  /** Refuses connections from now on. */
  close(): Promise<void>
  /** Listens again, on the same port. */
  open(): Promise<void>
}

export async function startWebhookReceiver(secret: string): Promise<WebhookReceiver> {
  let server: Server | undefined
  let port = 0
  const receiver: WebhookReceiver = {
    get url() {
      return `http://127.0.0.1:${port}`
    },
    told: [],
    forged: [],
    answer: 204,
    async came(count) {
      await waitFor(() => receiver.told.length >= count, { what: `${count} calls of the webhook` })
    },
    async close() {
      const closing = server
      server = undefined
      closing?.closeAllConnections()
      if (closing) await once(closing.close(), 'close')
    },
    async open() {
      server = createServer((request, response) => {
        const parts: Buffer[] = []
        request.on('data', (part: Buffer) => parts.push(part))
        request.on('end', () => {
          const body = Buffer.concat(parts)
          const { url: path = '', headers } = request
          void take({ path, headers, body }, response)
        })
      })
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      port = (server.address() as AddressInfo).port
    },
    [Symbol.asyncDispose]: () => receiver.close(),
  }
  async function take(
    { path, headers, body }: { path: string; headers: IncomingHttpHeaders; body: Buffer },
    response: ServerResponse,
  ) {
    const text = body.toString('utf8')
    const { events } = JSON.parse(text) as { events: [ToldEvent] }
    const told = { path, headers, body: text, event: events[0] }
    const isRight =
      (await isSignedForFlux(headers, body, secret)) && (await isStandard(headers, body, secret))
    receiver.told.push(told)
    if (!isRight) {
      receiver.forged.push(told)
      response.writeHead(400).end()
    } else if (typeof receiver.answer === 'number') response.writeHead(receiver.answer).end()
    else receiver.answer(response)
  }
  await receiver.open()
  return receiver
}

/**
 * As the notification-controller of Flux checks it for `generic-hmac`: `X-Signature: ALGORITHM=HEX`, over the body, by the
 * `token` of its Secret, byte for byte. https://fluxcd.io/flux/components/notification/receivers/#generic-hmac-receiver
 */
async function isSignedForFlux(headers: IncomingHttpHeaders, body: Buffer, secret: string) {
  const [algorithm, hex = ''] = String(headers['x-signature']).split('=', 2)
  return algorithm === 'sha256' && (await isHmac(Buffer.from(hex, 'hex'), body, secret))
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#verifying-webhook-authenticity */
async function isStandard(headers: IncomingHttpHeaders, body: Buffer, secret: string) {
  const { 'webhook-id': id, 'webhook-timestamp': seconds } = headers
  const isFresh = Math.abs(Date.now() / 1000 - Number(seconds)) < 300
  const [version, signature = ''] = String(headers['webhook-signature']).split(',', 2)
  const signed = Buffer.concat([Buffer.from(`${String(id)}.${String(seconds)}.`), body])
  const mac = Buffer.from(signature, 'base64')
  return isFresh && version === 'v1' && (await isHmac(mac, signed, secret))
}

/** By Web Crypto, which the service does not use for this. */
async function isHmac(mac: Buffer, bytes: Buffer, secret: string): Promise<boolean> {
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', Buffer.from(secret), hmac, false, ['verify'])
  return await crypto.subtle.verify('HMAC', key, new Uint8Array(mac), new Uint8Array(bytes))
}
