// Opens the socket to a network: TLS verified against the authorities or a pinned certificate, through SOCKS5 where asked
// for. Everything within a deadline. https://datatracker.ietf.org/doc/html/rfc1928
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { SocksClient } from 'socks'
import type { NetworkRecord } from '../store/records.ts'
import { ConnectionRefused } from './ending.ts'

const CONNECT_MS = 30_000

export type SocketOptions = Pick<
  NetworkRecord,
  'host' | 'port' | 'transport' | 'fingerprint' | 'socks' | 'certificate' | 'privateKey'
> & {
  /** Address that the connection comes from; empty: the system chooses. */
  bindAddress: string
  /** Never TLS's silence: whether a plain connection must be TLS after all (STS). */
  isTlsForced?: boolean
}

/** A certificate is refused: it is told as it is, with the fingerprint that would pin it. */
const refused = (reason: string) => new ConnectionRefused(reason, 'certificate')

/** Opens one socket for these options; rejects with a reason for a person. */
export function socketOpener(options: SocketOptions): (signal: AbortSignal) => Promise<Socket> {
  return async (signal) => {
    const socket = await openSocket(options, signal)
    socket.setNoDelay(true)
    return socket
  }
}

async function openSocket(options: SocketOptions, signal: AbortSignal): Promise<Socket> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)])
  const isTls = options.transport === 'tls' || options.isTlsForced === true
  const plain = options.socks ? await throughSocks(options, deadline) : undefined
  if (!isTls) return plain ?? ready(connectTcp(addressOf(options)), 'connect', deadline)
  const socket = connectTls({
    ...addressOf(options),
    ...(plain && { socket: plain }),
    ...(isIP(options.host) === 0 && { servername: options.host }),
    // A pinned certificate is looked at below, whoever signed it.
    rejectUnauthorized: options.fingerprint === '',
    ...(options.certificate && { cert: options.certificate, key: options.privateKey }),
    minVersion: 'TLSv1.2',
  })
  await ready(socket, 'secureConnect', deadline)
  checkPin(socket, options.fingerprint)
  return socket
}

function addressOf({ host, port, bindAddress }: SocketOptions) {
  const family = isIP(bindAddress)
  return { host, port, ...(family > 0 && { localAddress: bindAddress, family }) }
}

/** Resolves at the event; rejects, and leaves nothing behind, when there is an error or the signal comes before. */
function ready<S extends Socket>(socket: S, event: string, signal: AbortSignal): Promise<S> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      socket.destroy()
      reject(signal.aborted ? new Error('the server did not answer in time') : explain(error))
    }
    const aborted = () => failed(new Error('aborted'))
    signal.addEventListener('abort', aborted, { once: true })
    socket.once('error', failed)
    socket.once(event, () => {
      signal.removeEventListener('abort', aborted)
      socket.off('error', failed)
      resolve(socket)
    })
    if (signal.aborted) aborted()
  })
}

function checkPin(socket: TLSSocket, pinned: string): void {
  if (pinned === '') return
  const { fingerprint256 = '', fingerprint512 = '' } = socket.getPeerCertificate()
  const shown = hex(fingerprint256)
  if ([shown, hex(fingerprint512)].includes(hex(pinned))) return
  socket.destroy()
  throw refused(
    `the server's certificate is not the pinned one; it shows ${shown}: pin that only if you know why it changed`,
  )
}

const hex = (fingerprint: string) => fingerprint.replaceAll(':', '').toLowerCase()

/** What a person can do about it. */
function explain(error: NodeJS.ErrnoException): Error {
  const { code = '', message } = error
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code)) {
    return refused(
      `the server's certificate is not trusted (${message}): pin its fingerprint if it is right`,
    )
  }
  const words = REASONS[code]
  return words ? new Error(words, { cause: error }) : error
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'this machine does not have the outgoing address that is configured',
  EAI_AGAIN: 'the host name cannot be looked up now',
  ECONNREFUSED: 'the server refuses connections',
  ECONNRESET: 'the server reset the connection',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network of the host cannot be reached',
  ENOTFOUND: 'there is no host of this name',
  EPROTO: 'the server does not speak TLS on this port',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS on this port',
  ETIMEDOUT: 'the server did not answer in time',
}

async function throughSocks(options: SocketOptions, signal: AbortSignal): Promise<Socket> {
  const proxy = new URL(`socks5://${options.socks}`)
  const { socket } = await SocksClient.createConnection({
    proxy: {
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: Number(proxy.port || 1080),
      type: 5,
      ...(proxy.username && { userId: decodeURIComponent(proxy.username) }),
      ...(proxy.password && { password: decodeURIComponent(proxy.password) }),
    },
    command: 'connect',
    destination: { host: options.host, port: options.port },
    timeout: CONNECT_MS,
  })
  if (signal.aborted) {
    socket.destroy()
    throw new Error('the server did not answer in time')
  }
  return socket
}
