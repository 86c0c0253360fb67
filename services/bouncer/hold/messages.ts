// What the bouncer and the holder say to each other in control frames. One Unix connection is one connection to a network;
// a first `open` or `resume` says which. What comes is checked here, at the edge.
import type { EndingKind } from '../upstream/ending.ts'
import type { SocketOptions } from '../upstream/socket.ts'
import { frame } from './frames.ts'

/** Said with the first request: a holder outlives upgrades of the bouncer. */
export const PROTOCOL = 1

/** Longest time that a connection may be kept, ms. */
export const MOST_KEPT_MS = 3_600_000

/** Of the bouncer. */
export type Request =
  /** Connect. What was kept under this key is left. */
  | { do: 'open'; v: number; key: string; options: SocketOptions }
  /** Give back what is kept under this key. */
  | { do: 'resume'; v: number; key: string }
  /** Leave all that is kept for this bouncer but under these keys. */
  | { do: 'sweep'; v: number; bouncer: string; keys: string[]; message: string }
  /** Say no more of what the network says, until `continue`. */
  | { do: 'pause' }
  | { do: 'continue' }
  /** Keep the connection, with the state that came before, for so long; then QUIT with the message. `partial`: of a line. */
  | { do: 'keep'; ms: number; message: string; partial: string }
  /** Say QUIT, and end. */
  | { do: 'quit'; message: string }
  /** End behind what was written. */
  | { do: 'end' }
  /** End now. */
  | { do: 'destroy' }

/** Of the holder. */
export type Reply =
  | { is: 'open' }
  | { is: 'refused'; reason: string; kind?: EndingKind }
  /** Nothing is kept under this key. */
  | { is: 'unknown' }
  /** The state came before; held bytes follow, then `live`. */
  | { is: 'resumed' }
  | { is: 'live' }
  | { is: 'swept'; left: number }
  | { is: 'paused' }
  | { is: 'kept' }
  | { is: 'not-kept'; reason: string }
  /** The connection to the network has ended. */
  | { is: 'closed'; reason?: string }

/** A request or reply as a frame. */
export function control(message: Request | Reply): Buffer {
  return frame('control', Buffer.from(JSON.stringify(message)))
}

/** A request as it came; undefined when it is none. */
export function readRequest(payload: Buffer): Request | undefined {
  const value = parse(payload)
  return isRequest(value) ? value : undefined
}

/** A reply as it came; undefined when it is none. */
export function readReply(payload: Buffer): Reply | undefined {
  const value = parse(payload)
  return isReply(value) ? value : undefined
}

function parse(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString())
  } catch {
    return
  }
}

type Fields = Record<string, unknown>

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const isText = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => Number.isFinite(value)
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText)

const OPTION_TEXTS = [
  'host',
  'transport',
  'fingerprint',
  'socks',
  'certificate',
  'privateKey',
  'bindAddress',
] as const satisfies readonly (keyof SocketOptions)[]

function isOptions(value: unknown): boolean {
  if (!isFields(value) || !OPTION_TEXTS.every((name) => isText(value[name]))) return false
  const { port, transport } = value
  const isPort = isNumber(port) && Number.isInteger(port) && port > 0 && port < 65_536
  return isPort && (transport === 'tls' || transport === 'plain')
}

function isRequest(value: unknown): value is Request {
  if (!isFields(value)) return false
  switch (value['do']) {
    case 'open':
      return isNumber(value['v']) && isText(value['key']) && isOptions(value['options'])
    case 'resume':
      return isNumber(value['v']) && isText(value['key'])
    case 'sweep':
      return (
        isNumber(value['v']) &&
        isText(value['bouncer']) &&
        isTexts(value['keys']) &&
        isText(value['message'])
      )
    case 'keep':
      return isNumber(value['ms']) && isText(value['message']) && isText(value['partial'])
    case 'quit':
      return isText(value['message'])
    case 'pause':
    case 'continue':
    case 'end':
    case 'destroy':
      return true
    default:
      return false
  }
}

const REPLIES: ReadonlySet<unknown> = new Set([
  'open',
  'refused',
  'unknown',
  'resumed',
  'live',
  'swept',
  'paused',
  'kept',
  'not-kept',
  'closed',
])

function isReply(value: unknown): value is Reply {
  if (!isFields(value) || !REPLIES.has(value['is'])) return false
  const { is, reason } = value
  const needsReason = is === 'refused' || is === 'not-kept'
  return isText(reason) || (reason === undefined && !needsReason)
}
