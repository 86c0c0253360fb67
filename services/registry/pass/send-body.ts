// The body of a request on its way to the upstream. What Node's HTTP server hands over are copies of at most 64 KiB, each in
// memory of its own: it is given back as soon as it is written, so that the next one has the same, which the processor still has
// in its cache, and nothing waits for a collection of garbage.
import { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { Connection } from './connection.ts'
import { ClientGone } from './failure.ts'

/** Sends a body as fast as the upstream takes it. When it breaks off, so does the connection. */
export function sendBody(
  connection: Connection,
  { stream, length }: { stream: Readable; length: number | undefined },
): void {
  const { socket } = connection
  const isChunked = length === undefined
  connection.isSending = true
  const onDrain = () => stream.resume()
  const isOurs = stream instanceof IncomingMessage
  const onData = (part: Buffer) => {
    if (isChunked) socket.write(`${part.length.toString(16)}\r\n`, 'latin1')
    let canTakeMore = socket.write(part, isOurs ? () => giveBack(part) : undefined)
    if (isChunked) canTakeMore = socket.write('\r\n', 'latin1')
    if (!canTakeMore) stream.pause()
  }
  const stop = () => {
    socket.off('drain', onDrain)
    socket.off('close', stop)
    stream.off('data', onData)
    // What the client still sends is read and dropped, so that it gets to our answer.
    stream.resume()
  }
  socket.on('drain', onDrain)
  socket.once('close', stop)
  stream.on('data', onData)
  stream.once('end', () => {
    stop()
    connection.isSending = false
    if (isChunked) socket.write('0\r\n\r\n', 'latin1')
  })
  for (const event of ['error', 'aborted', 'close'] as const) {
    stream.once(event, () => {
      if (!stream.readableEnded) socket.destroy(new ClientGone())
    })
  }
  if (stream.destroyed) socket.destroy(new ClientGone())
}

const LEAST_GIVEN_BACK = 4_096

/** Only memory that holds this part alone: small parts may share theirs. */
function giveBack({ buffer, byteLength }: Buffer): void {
  if (byteLength < LEAST_GIVEN_BACK || buffer.byteLength !== byteLength) return
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}
