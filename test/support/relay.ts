// A TCP relay between a client and a server: the test cuts what goes through it, and holds it closed.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface Relay extends AsyncDisposable {
  readonly port: number
  /** Ends every connection; new ones are ended at once until `open`. */
  cut(): void
  open(): void
}

/** Listens on a free port of 127.0.0.1, and leads to another there. */
export async function startRelay(to: number): Promise<Relay> {
  const sockets = new Set<Socket>()
  let isOpen = true
  const add = (socket: Socket, other: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      other.destroy()
    })
    socket.pipe(other)
  }
  const server = createServer((client) => {
    if (!isOpen) {
      client.destroy()
      return
    }
    const onward = connect(to, '127.0.0.1')
    add(client, onward)
    add(onward, client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const cut = () => {
    isOpen = false
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    cut,
    open() {
      isOpen = true
    },
    async [Symbol.asyncDispose]() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
