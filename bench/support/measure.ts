// Measuring a process from outside: CPU time and memory as the kernel accounts them, requests over kept connections.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Agent, request as httpRequest } from 'node:http'

const tickMs = 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** User and system time of a process and the threads in it, ms. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * tickMs
}

/** Resident memory, MB. */
export function rssMb(pid: number): number {
  const match = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(match?.[1]) / 1024
}

const agent = new Agent({ keepAlive: true, maxSockets: 16 })

/**
 * One request to `origin`; resolves to its status. With `isKept` over a kept connection, else over its own: snac ends
 * every connection after its answer without saying so.
 */
export function send(
  { origin, isKept }: { origin: string; isKept: boolean },
  method: string,
  path: string,
  headers: Record<string, string | number>,
  body?: Buffer,
): Promise<number> {
  const { hostname, port } = new URL(origin)
  const options = { hostname, port, path, method, headers, agent: isKept ? agent : false }
  return new Promise((resolve, reject) => {
    const sent = httpRequest(options, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Does `task` `count` times, at most so many at a time. */
export async function repeat(
  count: number,
  task: (index: number) => Promise<unknown>,
  atOnce = 16,
): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await task(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

export interface Cost {
  /** CPU of the measured process per item, ms. */
  cpuMs: number
  /** Wall time of all items, ms. */
  wallMs: number
}

/** What `count` items cost a process, until `task` resolves. */
export async function costOf(
  pid: number,
  count: number,
  task: () => Promise<unknown>,
): Promise<Cost> {
  const cpu = cpuMs(pid)
  const start = performance.now()
  await task()
  return { cpuMs: (cpuMs(pid) - cpu) / count, wallMs: performance.now() - start }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
