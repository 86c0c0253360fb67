// How the command line reaches a running server: a Unix socket in its data directory, mode 600, one request a connection.
// When no server runs, the same verbs work on the data itself.

import { once } from 'node:events'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { controlSocket, makePrivate } from './control-socket.ts'

/** Whether it was done, and text for the person, which may be long. */
export type ControlAnswer = { ok: boolean; lines: Iterable<string> }

/** What a verb is asked and answers: words in, lines of text out. */
export type Control = (verb: string, args: string[]) => Promise<ControlAnswer>

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
      void answer(line, control).then((answered) => send(socket, answered))
    })
  })
  server.listen({ path, readableAll: false, writableAll: false })
  await once(server, 'listening')
  makePrivate(path)
  return {
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function answer(line: string, control: Control): Promise<ControlAnswer> {
  try {
    const { verb, args } = JSON.parse(line) as { verb: string; args: string[] }
    return await control(verb, args)
  } catch (error) {
    return { ok: false, lines: [(error as Error).message] }
  }
}

/** Whether it was done, each line, and null for the end, as JSON. Waits for a reader that is slow. */
async function send(socket: Socket, { ok, lines }: ControlAnswer): Promise<void> {
  try {
    socket.write(`${JSON.stringify(ok)}\n`)
    for (const line of lines) {
      if (socket.destroyed) return
      if (!socket.write(`${JSON.stringify(line)}\n`)) await once(socket, 'drain')
    }
    socket.end('null\n')
  } catch {
    socket.destroy() // the other side sees that the answer has no end
  }
}

/** What is asked of the running server of a data directory, by the path of its socket; undefined when none runs. */
export async function askRunning<T>(
  directory: string,
  ask: (path: string) => Promise<T>,
): Promise<T | undefined> {
  const socket = controlSocket(directory)
  try {
    return await ask(socket.path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return
    throw error
  } finally {
    socket.close()
  }
}

/** Asks the running server. Rejects when there is none. */
export async function askControl(
  path: string,
  verb: string,
  args: string[],
): Promise<{ ok: boolean; lines: string[] }> {
  const lines: string[] = []
  const ok = await streamControl(path, { verb, args }, (line) => lines.push(line))
  return { ok, lines }
}

/** Asks the running server, and gives each line away as it comes. Rejects when there is none, or it ends too early. */
export async function streamControl(
  path: string,
  request: { verb: string; args: string[] },
  onLine: (line: string, ok: boolean) => void,
): Promise<boolean> {
  const socket = createConnection({ path })
  await once(socket, 'connect')
  socket.once('error', () => socket.destroy()) // then the answer has no end
  socket.write(`${JSON.stringify(request)}\n`)
  let ok: boolean | undefined
  let isWhole = false
  for await (const text of createInterface({ input: socket })) {
    const value = JSON.parse(text) as boolean | string | null
    if (typeof value === 'boolean') ok = value
    else if (value === null) isWhole = true
    else onLine(value, ok === true)
  }
  if (ok === undefined || !isWhole) throw new Error('the server ended within its answer')
  return ok
}
