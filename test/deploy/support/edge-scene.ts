// The edge with all around it: rendered, translated, and services behind it that answer with what they got.
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { settings } from '../../../deploy/settings.ts'
import { type Ca, createCa } from '../../support/ca.ts'
import { requirePeer } from '../../support/peers.ts'
import { copyBundle, exampleValues, type KubeObject } from './bundle.ts'
import { type Echo, type EchoBackend, startEchoBackend } from './echo-backend.ts'
import { edgeOf, type Translation, translate } from './edge.ts'
import { type Envoy, startEnvoy } from './envoy.ts'

/** Whether all programs are here; throws where they must be. */
export function hasEdgePeers(): boolean {
  return [requirePeer('egctl'), requirePeer('flux'), requirePeer('envoy')].every(Boolean)
}

/** The values that are put in. */
export const values: Readonly<Record<string, string>> = Object.fromEntries(
  settings.map(({ name, example }) => [name, example]),
)

/** The Gateway that the internet comes by. */
export const external = 'shared-gateway-external'

const services = [
  'fediverse/fediverse:80',
  'bouncer/bouncer:80',
  'pocket-id/pocket-id:80',
  'registry/registry:80',
  'headscale/headscale:80',
  'headscale/headscale-ui:80',
]

export interface EdgeScene extends AsyncDisposable {
  ca: Ca
  /** All that is shipped; of it the edge, and what becomes of that. */
  everything: KubeObject[]
  objects: KubeObject[]
  translation: Translation
  /** Runs the Envoy of a Gateway; `more`: ports of further services, as `namespace/name:port`. */
  start(gateway: string, more?: Record<string, number>): Promise<Envoy>
}

/** Makes it. `components`: added to Kustomizations of that name, as an overlay does it. */
export async function makeEdge(components: Record<string, string> = {}): Promise<EdgeScene> {
  const ca = await createCa()
  const everything = await rendered(components)
  const objects = await edgeOf(everything, ca)
  const translation = await translate(objects)
  const echoes: EchoBackend[] = []
  const ports: Record<string, number> = {}
  for (const service of services) {
    const backend = await startEchoBackend(service.replace(/^.*\/|:.*$/g, ''))
    echoes.push(backend)
    ports[service] = backend.port
  }
  return {
    ca,
    everything,
    objects,
    translation,
    async start(gateway, more) {
      const configuration = translation.envoys[gateway]
      if (!configuration) throw new Error(`there is no ${gateway}`)
      return startEnvoy(configuration, { objects, backends: { ...ports, ...more }, ca })
    },
    async [Symbol.asyncDispose]() {
      for (const backend of echoes) await backend[Symbol.asyncDispose]()
      await ca.close()
    },
  }
}

async function rendered(components: Record<string, string>): Promise<KubeObject[]> {
  using copy = copyBundle(await exampleValues())
  for (const [name, component] of Object.entries(components)) {
    const file = join(copy.directory, 'flux', `${name}.yaml`)
    const flux = parse(readFileSync(file, 'utf8'))
    flux.spec.components = [...(flux.spec.components ?? []), `../../components/${component}`]
    writeFileSync(file, stringify(flux))
  }
  const parts = await copy.parts()
  return parts.flatMap(({ objects }) => objects)
}

/** What to ask, besides the path. */
export interface Asked {
  method?: string
  headers?: Record<string, string>
  body?: Buffer
}

/** Asks as a client by HTTPS that has resolved the name; `echo` is for what a service of the scene answers. */
export function clientOf({ ca }: EdgeScene, envoy: Envoy) {
  async function ask(host: string, path: string, { body, ...options }: Asked = {}) {
    const outgoing = request({
      host: '127.0.0.1',
      port: envoy.port(443),
      servername: host,
      ca: ca.pem,
      path,
      agent: false,
      ...options,
      headers: { host, ...options.headers },
    })
    outgoing.end(body)
    const [incoming] = await once(outgoing, 'response')
    let text = ''
    for await (const chunk of incoming) text += chunk
    return { status: incoming.statusCode, headers: incoming.headers, text }
  }
  async function echo(host: string, path: string, asked?: Asked): Promise<Echo> {
    const { status, text } = await ask(host, path, asked)
    if (status !== 200) throw new Error(`${host}${path} answers ${status}`)
    return JSON.parse(text)
  }
  return { ask, echo }
}
