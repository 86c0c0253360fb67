// The PROXY protocol, versions 1 and 2: what a proxy says first on a connection, so that we know whose it is.
// https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt
import type { Socket } from 'node:net'
import type { Clock } from '@fuchsbau/shared/clock.ts'

/** What the first bytes are. `length`: of the header; `address`: of the client, undefined when the proxy speaks for itself. */
export type ProxyHeader =
  | { is: 'whole'; length: number; address: string | undefined }
  | { is: 'incomplete' }
  | { is: 'wrong' }

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** Of an IPv4 address in IPv6 (RFC 4291, 2.5.5.2). */
const MAPPED_BYTES = Buffer.from('00000000000000000000ffff', 'hex')
/** Of version 1, with CR LF (2.1). */
const MAX_LINE = 107
/** Of version 2 behind its first 16 bytes: the addresses, and as many extensions as a proxy has use for. */
const MAX_REST = 2_048
const DEADLINE_MS = 5_000

/** Reads the header at the beginning of these bytes. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  const beginning = bytes.subarray(0, SIGNATURE.length)
  if (beginning.equals(SIGNATURE.subarray(0, beginning.length))) return parseBinary(bytes)
  const word = bytes.subarray(0, 6).toString('latin1')
  return 'PROXY '.startsWith(word) ? parseLine(bytes) : { is: 'wrong' }
}

function parseLine(bytes: Buffer): ProxyHeader {
  const text = bytes.subarray(0, MAX_LINE).toString('latin1')
  const end = text.indexOf('\r\n')
  if (end < 0) return { is: text.length < MAX_LINE ? 'incomplete' : 'wrong' }
  const length = end + 2
  const [, family = '', source = '', ...rest] = text.slice(0, end).split(' ')
  if (family === 'UNKNOWN') return { is: 'whole', length, address: undefined }
  const isWhole = rest.length === 3 && rest.slice(1).every((port) => /^\d{1,5}$/.test(port))
  const address = addressOf(family, source)
  return address !== undefined && isWhole ? { is: 'whole', length, address } : { is: 'wrong' }
}

/** An IPv4 address in IPv6 is one of IPv4: what it did is counted by it. */
function addressOf(family: string, source: string): string | undefined {
  const mapped = family === 'TCP6' ? MAPPED.exec(source)?.[1] : undefined
  if (family === 'TCP4' || mapped !== undefined) {
    const address = mapped ?? source
    return V4.test(address) ? address : undefined
  }
  return family === 'TCP6' && V6.test(source) ? source : undefined
}

const MAPPED = /^::ffff:(\d.*\..*)$/i

const V4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/
const V6 = /^(?=.{2,39}$)[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}$/i

function parseBinary(bytes: Buffer): ProxyHeader {
  if (bytes.length < 16) return { is: 'incomplete' }
  const [version = 0, family = 0] = bytes.subarray(12)
  const rest = bytes.readUInt16BE(14)
  const length = 16 + rest
  if (version >> 4 !== 2 || (version & 15) > 1 || rest > MAX_REST) return { is: 'wrong' }
  if (bytes.length < length) return { is: 'incomplete' }
  const isLocal = (version & 15) === 0
  if (isLocal || family === 0) return { is: 'whole', length, address: undefined }
  if (family === 0x11 && rest >= 12) {
    return { is: 'whole', length, address: bytes.subarray(16, 20).join('.') }
  }
  if (family === 0x21 && rest >= 36) {
    const source = bytes.subarray(16, 32)
    if (source.subarray(0, 12).equals(MAPPED_BYTES)) {
      return { is: 'whole', length, address: source.subarray(12).join('.') }
    }
    const groups = Array.from({ length: 8 }, (_, at) => source.readUInt16BE(2 * at).toString(16))
    return { is: 'whole', length, address: groups.join(':') }
  }
  return { is: 'wrong' }
}

/**
 * Reads the header from a socket that nothing was read from. `onEnd` gets the client's address (the proxy's own, when it
 * speaks for itself), and what follows the header is left in the socket; undefined: no header came in time, or a wrong one.
 */
export function readProxyHeader(
  socket: Socket,
  clock: Clock,
  onEnd: (address: string | undefined) => void,
): void {
  let bytes = Buffer.alloc(0)
  const end = (address: string | undefined) => {
    timer.cancel()
    socket.removeListener('data', read)
    socket.removeListener('close', gone)
    socket.pause()
    onEnd(address)
  }
  const gone = () => end(undefined)
  const read = (part: Buffer) => {
    bytes = Buffer.concat([bytes, part])
    const header = parseProxyHeader(bytes)
    if (header.is === 'wrong') end(undefined)
    if (header.is !== 'whole') return
    const left = bytes.subarray(header.length)
    const address = header.address ?? socket.remoteAddress ?? ''
    socket.pause()
    if (left.length > 0) socket.unshift(left)
    end(address)
  }
  const timer = clock.after(DEADLINE_MS, gone)
  socket.on('data', read)
  socket.once('close', gone)
}
