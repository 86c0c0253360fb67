// The body of a request on its way to the upstream.
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
  const onData = (part: Buffer) => {
    if (isChunked) socket.write(`${part.length.toString(16)}\r\n`, 'latin1')
    let canTakeMore = socket.write(part)
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
