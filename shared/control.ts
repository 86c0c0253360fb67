// How the command line reaches a running server: a Unix socket in its data directory, mode 600, one request a connection.
// When no server runs, the same verbs work on the data itself.

import { once } from 'node:events'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { exitCode } from './command-line.ts'
import { controlSocket, makePrivate, removeStaleSocket } from './control-socket.ts'

/** Whether it was done, and text for the person, which may be long. */
export type ControlAnswer = { ok: boolean; lines: Iterable<string> }

/** What a verb is asked and answers: words in, lines of text out. */
export type Control = (verb: string, args: string[]) => Promise<ControlAnswer>

const MAX_REQUEST_BYTES = 1024 * 1024

/** Serves verbs on the socket of a data directory, whose lock the process holds; returns how to end that. */
export async function openControl(
  directory: string,
  control: Control,
): Promise<() => Promise<void>> {
  removeStaleSocket(directory)
  const socket = controlSocket(directory)
  const close = await serveControl(socket.path, control)
  return async () => {
    await close()
    socket.close()
  }
}

async function serveControl(path: string, control: Control): Promise<() => Promise<void>> {
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
  return async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
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

type Request = { verb: string; args: readonly string[] }
type OnLine = (line: string, ok: boolean) => void

/** A verb as it was typed, and where its lines are shown. */
type Typed = Request & {
  /** A line of what was done. */
  print(line: string): void
  /** A line of why it was not. */
  warn(line: string): void
}

/**
 * Runs a verb on the server of a data directory, or, when none runs, by `here`, which shows what came of it before it lets go
 * of the data. Returns the exit code.
 */
export async function runVerb(
  directory: string,
  { verb, args, print, warn }: Typed,
  here: (show: (answer: ControlAnswer) => number) => Promise<number>,
): Promise<number> {
  const codeOf = (ok: boolean) => (ok ? exitCode.ok : exitCode.failed)
  const show = (line: string, ok: boolean) => (ok ? print : warn)(line)
  const asked = await askRunning(directory, { verb, args }, show)
  if (asked !== undefined) return codeOf(asked)
  return await here(({ ok, lines }) => {
    for (const line of lines) show(line, ok)
    return codeOf(ok)
  })
}

/** Whether the running server of a data directory did it; undefined when none runs. */
async function askRunning(
  directory: string,
  request: Request,
  onLine: OnLine,
): Promise<boolean | undefined> {
  const socket = controlSocket(directory)
  try {
    return await streamControl(socket.path, request, onLine)
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
async function streamControl(path: string, request: Request, onLine: OnLine): Promise<boolean> {
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
