// Bytes to a server as they are, for what no HTTP client would send.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Opens a connection to the host of a URL. Errors end it, as they do for whoever means ill. */
export async function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** All that the server says until it closes; the connection is left open on our side. */
export async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  if (!socket.destroyed) await new Promise((closed) => socket.once('close', closed))
  return Buffer.concat(chunks).toString('latin1')
}

/** Sends bytes and resolves to the status line's number; 0 when the server closed without a word. */
export async function speak(url: string, text: string | Buffer): Promise<number> {
  const socket = await openSocket(url)
  const answer = readAll(socket)
  socket.write(text, 'latin1')
  return Number(/^HTTP\/1\.1 (\d+)/.exec(await answer)?.[1] ?? 0)
}
