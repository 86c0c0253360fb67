// The three services as real processes with some traffic behind them, and a real Prometheus that scrapes them each second.
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type BouncerProcess, startBouncer } from '../../support/bouncer-process.ts'
import { freePorts, makePeerHome, programInside, startDaemon } from '../../support/daemon.ts'
import { startFakeIrc } from '../../support/fake-irc-server.ts'
import { startFuchsbau } from '../../support/fuchsbau.ts'
import { connect } from '../../support/irc-client.ts'
import { startPeer } from '../../support/peer.ts'
import { manifest, pushBlob, pushManifest } from '../../support/registry-image.ts'
import { type RegistryProcess, startRegistry } from '../../support/registry-process.ts'
import { makeTempData, removeTempData } from '../../support/temp-data.ts'
import { waitFor } from '../../support/wait-for.ts'
import { othersText } from './observation-others.ts'

/** The one of the bundle. */
const POLICY = '../../../deploy/base/registry/policy.yaml'

/** What runs, and what each says to `/metrics`. */
export interface Scene extends AsyncDisposable {
  /** `http://HOST:PORT` of each management port, by service. */
  management: Record<string, string>
  /** All of their metrics. */
  scrape(): Promise<string>
  /** A request to a page of each. */
  visit(): Promise<void>
}

/** Where a service is watched, and where people come. */
interface Started {
  management: string
  page: string
}

/** Starts the services, and makes some of everything that they count. */
export async function startScene(): Promise<Scene> {
  const stack = new AsyncDisposableStack()
  try {
    const fediverse = await fediverseWithTraffic(stack)
    const bouncer = await bouncerWithTraffic(stack)
    const registry = await registryWithTraffic(stack)
    const services = { fediverse, bouncer, registry }
    const entries = Object.entries(services).map(([name, each]) => [name, each.management])
    const management: Record<string, string> = Object.fromEntries(entries)
    return {
      management,
      async visit() {
        for (const { page } of Object.values(services)) await (await fetch(page)).text()
      },
      async scrape() {
        const texts = Object.values(management).map(async (url) =>
          (await fetch(`${url}/metrics`)).text(),
        )
        return (await Promise.all(texts)).join('')
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

/** Somebody follows, and gets a post. */
async function fediverseWithTraffic(stack: AsyncDisposableStack): Promise<Started> {
  const server = stack.use(await startFuchsbau())
  const peer = stack.use(await startPeer())
  const us = `${server.url}/you`
  const vera = peer.actor('vera')
  await vera.post(`${us}/inbox`, vera.activity('Follow', us))
  const arrival = (text: string) =>
    waitFor(() => peer.posted.some(({ body }) => body.includes(text)), { what: text })
  await arrival('"Accept"')
  await server.cli('note', 'for whoever watches')
  await arrival('for whoever watches')
  return { management: server.management, page: server.url }
}

/** A client of a network, and one with a wrong password. */
async function bouncerWithTraffic(stack: AsyncDisposableStack): Promise<Started> {
  const irc = stack.use(await startFakeIrc())
  const bouncer: BouncerProcess = stack.use(
    await startBouncer({ people: [{ name: 'ann', port: irc.port, channels: ['#den'] }] }),
  )
  const client = stack.use(await bouncer.client('ann'))
  await client.sync()
  const stranger = stack.use(await connect({ port: bouncer.port }))
  const wrong = { ...bouncer.login('ann'), pass: 'guessed', nick: 'ann' }
  await stranger.register(wrong).catch(() => 'refused')
  const [, page = ''] = /"web":"(http:[^"]+)"/.exec(bouncer.log()) ?? []
  return { management: bouncer.management, page }
}

/** An image is pushed and pulled, and somebody has a wrong password. One webhook is there. */
async function registryWithTraffic(stack: AsyncDisposableStack): Promise<Started> {
  const directory = stack.adopt(makeTempData('webhooks'), removeTempData)
  const file = join(directory, 'webhooks.yaml')
  const policy = readFileSync(join(import.meta.dirname, POLICY), 'utf8')
  writeFileSync(join(directory, 'secret'), 'only the two of them know it\n')
  const hook = '{name: flux, url: "http://127.0.0.1:9/hook", secret_file: secret}'
  writeFileSync(file, `webhooks:\n  - ${hook}\n`)
  const registry: RegistryProcess = stack.use(
    await startRegistry({ policy, env: { FUCHSBAU_REGISTRY_WEBHOOKS: file } }),
  )
  await pushBlob(registry, registry.owner, 'team/app')
  await pushManifest(registry, registry.owner, 'team/app', '1', manifest('one'))
  await registry.request('/v2/team/app/manifests/1', { as: registry.owner })
  await registry.askToken({ name: 'you', secret: 'guessed' })
  return { management: registry.management, page: registry.url }
}

/** A running Prometheus. */
export interface Prometheus extends AsyncDisposable {
  /** The data of an answer of its API; throws what it says when it refuses. */
  // biome-ignore lint/suspicious/noExplicitAny: each path has an answer of its own.
  api(path: string, parameters?: Record<string, string>): Promise<any>
}

/** Starts one with these groups of rules; resolves when it has scraped everything several times. */
export async function startPrometheus(scene: Scene, groups: unknown[]): Promise<Prometheus> {
  const stack = new AsyncDisposableStack()
  const others = createServer((_request, response) => response.end(othersText))
  others.listen(0, '127.0.0.1')
  await once(others, 'listening')
  stack.defer(() => void others.close())
  const home = makePeerHome('promtool')
  const targets = {
    ...scene.management,
    others: `http://127.0.0.1:${(others.address() as AddressInfo).port}`,
  }
  const rules = home.write('rules.yaml', stringify({ groups }))
  const file = home.write(
    'prometheus.yaml',
    stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [rules],
      scrape_configs: Object.entries(targets).map(([name, url]) => ({
        job_name: name,
        honor_labels: name === 'others',
        static_configs: [{ targets: [new URL(url).host] }],
      })),
    }),
  )
  const [port = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const api: Prometheus['api'] = async (path, parameters = {}) => {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`)
    const { data, error } = (await response.json()) as { data?: unknown; error?: string }
    if (error !== undefined) throw new Error(`${parameters['query'] ?? path}: ${error}`)
    return data
  }
  const program = programInside('promtool').replace(/promtool$/, 'prometheus')
  const daemon = await startDaemon({
    name: 'prometheus',
    home,
    program,
    args: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${home.mkdir('tsdb')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    isReady: async () => (await fetch(`${url}/-/ready`)).ok,
  })
  stack.use(daemon)
  const isScraped = async () => {
    await scene.visit()
    const { result } = await api('query', { query: 'count_over_time(up[1m]) > 4' })
    return result.length === Object.keys(targets).length
  }
  await waitFor(isScraped, {
    what: 'five scrapes of each',
    timeoutMs: 60_000,
    everyMs: 200,
    context: daemon.log,
  })
  return { api, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}
