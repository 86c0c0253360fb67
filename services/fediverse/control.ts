// How the command line reaches the running server: a Unix socket in the data directory, mode 600, one request a line.
// When no server runs, the same verbs work on the tree itself.

import { once } from 'node:events'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

/** What a verb is asked and answers: words in, lines of text out. */
export type Control = (verb: string, args: string[]) => Promise<{ ok: boolean; lines: string[] }>

const MAX_REQUEST_BYTES = 1024 * 1024

/** Serves verbs on the socket until closed. */
export async function serveControl(
  path: string,
  control: Control,
): Promise<{ close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('data', () => {
      if (socket.bytesRead > MAX_REQUEST_BYTES) socket.destroy()
    })
    createInterface({ input: socket }).once('line', (line) => {
      void answer(line, control).then((text) => socket.end(text))
    })
  })
  server.listen({ path, readableAll: false, writableAll: false })
  await once(server, 'listening')
  return {
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function answer(line: string, control: Control): Promise<string> {
  try {
    const { verb, args } = JSON.parse(line) as { verb: string; args: string[] }
    return `${JSON.stringify(await control(verb, args))}\n`
  } catch (error) {
    return `${JSON.stringify({ ok: false, lines: [(error as Error).message] })}\n`
  }
}

/** Asks the running server. Rejects when there is none. */
export async function askControl(path: string, verb: string, args: string[]): ReturnType<Control> {
  const socket = createConnection({ path })
  await once(socket, 'connect')
  socket.write(`${JSON.stringify({ verb, args })}\n`)
  let text = ''
  for await (const chunk of socket) text += chunk
  return JSON.parse(text) as Awaited<ReturnType<Control>>
}
