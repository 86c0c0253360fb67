// How a running server is doing, seen from outside: its metrics, its memory, its files.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Fuchsbau } from './fuchsbau.ts'
import { waitFor } from './wait-for.ts'

/** The value of a metric with exactly these labels, such as `fuchsbau_http_requests_total{service="x"}`. */
export async function readMetrics(server: Fuchsbau): Promise<(name: string) => number> {
  const text = await (await fetch(`${server.management}/metrics`)).text()
  const lines = text.split('\n').map((line) => line.split(/ (?=\S+$)/))
  const values = new Map(lines.map(([name = '', value]) => [name, Number(value)]))
  return (name) => values.get(name) ?? 0
}

/** Answers with a status of 500 and more since the server started. */
export async function countServerErrors(server: Fuchsbau): Promise<number> {
  const metric = await readMetrics(server)
  return metric('fuchsbau_http_requests_total{service="fediverse",class="5xx"}')
}

export async function isReady(server: Fuchsbau): Promise<boolean> {
  return (await fetch(`${server.management}/readyz`)).ok
}

/** Resolves when every activity that was accepted has had its first attempt at an effect. */
export async function settle(server: Fuchsbau): Promise<void> {
  const check = async () => {
    const metric = await readMetrics(server)
    const effects = ['done', 'ignored', 'retry', 'failed']
      .map((outcome) => metric(`fuchsbau_fediverse_effects_total{outcome="${outcome}"}`))
      .reduce((sum, count) => sum + count, 0)
    return effects >= metric('fuchsbau_fediverse_inbox_total{outcome="accepted"}')
  }
  const what = 'the effects of what was accepted'
  await waitFor(check, { what, context: server.log, timeoutMs: 30_000 })
}

/** Resident memory in MiB. */
export function residentMiB(server: Fuchsbau): number {
  const status = readFileSync(`/proc/${server.pid()}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
}

const STATE = ['objects', 'users', 'inbox', 'failed', 'queue', 'outgoing', 'index', 'keys', 'media']

/** Path and size of every file that an activity could have an effect on, below the service's data. */
export function footprint(server: Fuchsbau): string[] {
  const root = join(server.data, 'fediverse')
  return STATE.flatMap((folder) => files(root, folder))
    .filter((line) => !line.startsWith('index/seen/'))
    .sort()
}

function files(root: string, folder: string): string[] {
  let entries: ReturnType<typeof list>
  try {
    entries = list(join(root, folder))
  } catch {
    return []
  }
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    return entry.isDirectory() ? files(root, path) : [`${path} ${statSync(join(root, path)).size}`]
  })
}

const list = (directory: string) => readdirSync(directory, { withFileTypes: true })
