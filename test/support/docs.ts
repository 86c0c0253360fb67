// What the documents say about the code, made from the code: tables between `<!-- NAME -->` and `<!-- end -->`.
// Run by `npm run docs`, this writes them; docs.test.ts compares.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { service as bouncer } from '@fuchsbau/bouncer/main.ts'
import { service as fediverse } from '@fuchsbau/fediverse/main.ts'
import { service as registry } from '@fuchsbau/registry/main.ts'
import { systemClock } from '@fuchsbau/shared/clock.ts'
import { readConfig } from '@fuchsbau/shared/config.ts'
import { settingsTable } from '@fuchsbau/shared/config-print.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import type { Service } from '@fuchsbau/shared/service.ts'
import { serviceConfig, sharedSettings } from '@fuchsbau/shared/settings.ts'
import { settingsTable as bundleTable } from '../../deploy/settings.ts'
import { LAYOUT as BOUNCER_LAYOUT } from '../../services/bouncer/store/layout.ts'
import { LAYOUT as FEDIVERSE_LAYOUT } from '../../services/fediverse/store/layout.ts'
import { LAYOUT as REGISTRY_LAYOUT } from '../../services/registry/store/layout.ts'
import { makeTempData, removeTempData } from './temp-data.ts'

export const root = join(import.meta.dirname, '../..')

type Route = { method: string | string[]; url: string }
type Server = { addHook(name: 'onRoute', hook: (route: Route) => void): void }

export type Document = { file: string; blocks: Record<string, string> }

/** The services whose README is held to the code. */
export const services: Service[] = [fediverse, bouncer, registry]

const layouts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  bouncer: BOUNCER_LAYOUT,
  fediverse: FEDIVERSE_LAYOUT,
  registry: REGISTRY_LAYOUT,
}

/** Every document with tables made from code, and those tables. */
export const documents: Document[] = [
  { file: 'README.md', blocks: { settings: settingsTable(sharedSettings) } },
  { file: 'deploy/README.md', blocks: { settings: bundleTable() } },
  ...services.map((service) => ({
    file: `services/${service.name}/README.md`,
    blocks: {
      settings: settingsTable({ [service.name]: service.settings }),
      commands: commandsTable(service),
      layout: layoutTable(layouts[service.name] ?? {}),
    },
  })),
]

export function readDocument(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

/** What stands in a document between the marks of a block, without the blank lines around it. */
export function blockOf(text: string, name: string): string | undefined {
  return new RegExp(`<!-- ${name} -->\n([^]*?)<!-- end -->`).exec(text)?.[1]?.trim()
}

/** The first column of a table, without its head and without backquotes. */
export function firstColumn(table: string): string[] {
  const rows = table.split('\n').slice(2)
  return rows.map((row) => row.split('|')[1]?.trim().replaceAll('`', '') ?? '')
}

/** `METHOD /path` of every route that a service serves, from a run of it on nothing. */
export async function routesOf(service: Service): Promise<string[]> {
  const routes = new Set<string>()
  const collect = (message: unknown) => {
    const { fastify } = message as { fastify: Server }
    fastify.addHook('onRoute', ({ method, url }) => {
      for (const each of [method].flat()) if (each !== 'HEAD') routes.add(`${each} ${url}`)
    })
  }
  const data = makeTempData('docs')
  const name = service.name.toUpperCase()
  const listens = Object.entries(service.settings)
    .filter(([, { kind, isOptional }]) => kind === 'host:port' && !isOptional)
    .map(([key]) => key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase())
  const free = listens.map((key) => [`FUCHSBAU_${name}_${key}`, '127.0.0.1:0'])
  const env = { FUCHSBAU_DATA: data, ...Object.fromEntries(free) }
  const table = { ...sharedSettings, [service.name]: service.settings }
  const result = readConfig(table, { env })
  if (!result.ok) throw new Error(result.errors.join('\n'))
  subscribe('fastify.initialization', collect)
  try {
    const serving = await service.serve({
      config: serviceConfig(service.name, result.config),
      log: silentLog(),
      clock: systemClock(),
      metrics: createMetrics(),
      say: () => undefined,
      ownerPassword: () => ({ password: 'of the documents', isMade: false }),
    })
    await serving.close()
  } finally {
    unsubscribe('fastify.initialization', collect)
    removeTempData(data)
  }
  return [...routes]
}

function commandsTable({ name, verbs }: Service): string {
  const rows = Object.entries(verbs).map(
    ([verb, { usage, summary }]) =>
      `| \`${`fuchsbau ${name} ${verb} ${usage}`.trim().replaceAll('|', '\\|')}\` | ${summary} |`,
  )
  return ['| Command | What it does |', '|---|---|', ...rows].join('\n')
}

function layoutTable(layout: Readonly<Record<string, string>>): string {
  const rows = Object.entries(layout).map(([name, what]) => `| \`${name}\` | ${what} |`)
  return ['| Name | What it holds |', '|---|---|', ...rows].join('\n')
}

if (import.meta.main) {
  for (const { file, blocks } of documents) {
    let text = readDocument(file)
    for (const [name, table] of Object.entries(blocks)) {
      text = text.replace(
        new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- end -->)`),
        (_, start, end) => `${start}\n${table}\n\n${end}`,
      )
    }
    writeFileSync(join(root, file), text)
  }
}
