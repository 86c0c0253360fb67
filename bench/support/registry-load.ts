// All clients of the registry's benchmark, in one process of their own.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { type Answer, headOf, Wire } from './registry-wire.ts'
import { serve, startWorker } from './worker.ts'

export type RegistryLoad = ReturnType<typeof methods>

/** Starts the process. */
export const startLoad = () => startWorker<RegistryLoad>(import.meta.filename)

/** Where to, and by which token. */
export interface Target {
  port: number
  token: string
}

const MIB = 1024 * 1024
/** What bodies are made of, again and again. */
const BLOCK = randomBytes(16 * MIB)
const ACCEPT = 'application/vnd.oci.image.manifest.v1+json'

/** What a blob begins with, so that each is another one. */
interface Blob {
  bytes: number
  mark: Buffer
  digest: string
}

function methods() {
  const idle: Wire[] = []
  return {
    /** GETs of one path by so many clients at once, for some time; how many were answered, and in how many seconds. */
    async gets(
      target: Target,
      { path, clients, ms }: { path: string; clients: number; ms: number },
    ): Promise<{ count: number; seconds: number }> {
      const wires = await openAll(target.port, clients)
      const head = headOf({ ...target, method: 'GET', path, headers: { accept: ACCEPT } })
      const began = performance.now()
      const counts = await Promise.all(wires.map((wire) => askUntil(wire, head, began + ms)))
      const seconds = (performance.now() - began) / 1000
      for (const wire of wires) wire.close()
      return { count: counts.reduce((sum, each) => sum + each, 0), seconds }
    },
    /** Seconds of one GET of a large body. `pauseMs`: how long it waits after each read. */
    async pull(target: Target, path: string, { pauseMs = 0 } = {}): Promise<number> {
      const wire = await new Wire(target.port, { pauseMs }).open()
      const began = performance.now()
      expectStatus(await wire.ask(headOf({ ...target, method: 'GET', path })), 200)
      const seconds = (performance.now() - began) / 1000
      wire.close()
      return seconds
    },
    /** Pushes a new blob, as containerd does: POST, and PUT with all of it. `pauseMs`: how long it waits after each MiB. */
    async push(
      target: Target,
      repository: string,
      { bytes, pauseMs = 0 }: { bytes: number; pauseMs?: number },
    ): Promise<{ seconds: number; digest: string }> {
      const blob = makeBlob(bytes)
      const wire = await new Wire(target.port).open()
      const began = performance.now()
      const begin = { method: 'POST', path: `/v2/${repository}/blobs/uploads/` }
      const headers = { 'content-length': '0' }
      const begun = await wire.ask(headOf({ ...target, ...begin, headers }))
      expectStatus(begun, 202)
      const location = /\r\nlocation: *(\S+)/i.exec(begun.head)?.[1] ?? ''
      const url = new URL(location, 'http://localhost')
      url.searchParams.set('digest', blob.digest)
      const put = {
        method: 'PUT',
        path: `${url.pathname}${url.search}`,
        headers: { 'content-length': String(bytes), 'content-type': 'application/octet-stream' },
      }
      const answered = wire.ask(headOf({ ...target, ...put }))
      await Promise.race([send(wire, blob, pauseMs), answered])
      expectStatus(await answered, 201)
      const seconds = (performance.now() - began) / 1000
      wire.close()
      return { seconds, digest: blob.digest }
    },
    /** So many clients that have asked once, and stay. */
    async stay(target: Target, path: string, clients: number): Promise<void> {
      const head = headOf({ ...target, method: 'GET', path, headers: { accept: ACCEPT } })
      const wires = await openAll(target.port, clients)
      idle.push(...wires)
      for (const wire of wires) expectStatus(await wire.ask(head), 200)
    },
    leave(): void {
      for (const wire of idle.splice(0)) wire.close()
    },
  }
}

const openAll = (port: number, count: number) =>
  Promise.all(Array.from({ length: count }, () => new Wire(port).open()))

/** Asks the same again and again; on a new connection where the one before is over. */
async function askUntil(wire: Wire, head: Buffer, end: number): Promise<number> {
  const first = await wire.ask(head)
  expectStatus(first, 200)
  let count = 1
  while (performance.now() < end) {
    if (!wire.isKept) await wire.reopen()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onAnswer = ({ status, bytes }: Answer) => {
      if (status !== 200 || bytes !== first.bytes) return reject(new Error(`${status}, ${bytes}`))
      count += 1
      if (wire.isKept && performance.now() < end) wire.askAgain(head, onAnswer)
      else resolve()
    }
    wire.onFailed = reject
    wire.askAgain(head, onAnswer)
    await promise
  }
  return count
}

function expectStatus({ status, head }: Answer, expected: number): void {
  if (status !== expected) throw new Error(`expected ${expected}: ${head}`)
}

function makeBlob(bytes: number): Blob {
  const mark = randomBytes(64)
  const hash = createHash('sha256')
  for (const part of partsOf(bytes, mark)) hash.update(part)
  return { bytes, mark, digest: `sha256:${hash.digest('hex')}` }
}

function* partsOf(bytes: number, mark: Buffer): Generator<Buffer> {
  yield mark
  let at = mark.length
  while (at < bytes) {
    const from = at % BLOCK.length
    const part = BLOCK.subarray(from, Math.min(from + MIB, BLOCK.length, from + bytes - at))
    yield part
    at += part.length
  }
}

async function send(wire: Wire, { bytes, mark }: Blob, pauseMs: number): Promise<void> {
  for (const part of partsOf(bytes, mark)) {
    if (!wire.socket.write(part)) await once(wire.socket, 'drain')
    if (pauseMs > 0) await pause(pauseMs)
  }
}

serve(import.meta.filename, () => methods())
