// Runs the real Envoy with the configuration that Envoy Gateway made for one Gateway: what comes from its control plane
// is written into the file, its ports and the addresses of Services become ports of this machine. Nothing else is changed.
import { readFileSync } from 'node:fs'
import type { Ca } from '../../support/ca.ts'
import { freePorts, makePeerHome, startDaemon } from '../../support/daemon.ts'
import { ask } from '../../support/http-post.ts'
import { programOf } from '../../support/peers.ts'
import type { KubeObject } from './bundle.ts'
import type { EnvoyConfiguration, EnvoyJson } from './edge.ts'

export interface Envoy extends AsyncDisposable {
  /** The port of this machine for one of the Gateway, such as 443. */
  port(ofGateway: number): number
  log(): string
  /** A line of JSON for each request, some of them later than their answer. */
  accessLog(): string
}

/** Where a Service is, as `namespace/name:port`. */
export type Backends = Readonly<Record<string, number>>

interface Options {
  /** The objects that were translated: Secrets and addresses of Services are looked up in them. */
  objects: readonly KubeObject[]
  backends: Backends
  /** What stands for the system's authorities. */
  ca: Ca
}

// Nothing shared with other runs on this machine; one worker; the log at once.
const usual =
  '--disable-hot-restart --concurrency 1 --log-level warning --file-flush-interval-msec 50'.split(
    ' ',
  )

/** Starts it; resolves when all its listeners do. */
export async function startEnvoy(given: EnvoyConfiguration, options: Options): Promise<Envoy> {
  const configuration = structuredClone(given)
  const listeners = configuration.listeners.filter(({ name }) => !name.includes('proxy-ready'))
  const [admin = 0, ...ports] = await freePorts(listeners.length + 1)
  const portOf = new Map<number, number>()
  for (const [index, listener] of listeners.entries()) {
    const { socketAddress } = listener.address
    portOf.set(socketAddress.portValue, ports[index] ?? 0)
    listener.address = local(ports[index] ?? 0)
    delete listener['@type']
    inlineRoutes(listener, configuration.routeConfigs)
    inlineSecrets(listener, options)
  }
  for (const cluster of configuration.clusters) {
    cluster.loadAssignment = endpointsOf(cluster, configuration, options)
    cluster.type = 'STATIC'
    delete cluster.edsClusterConfig
    delete cluster['@type']
    inlineSecrets(cluster, options)
  }
  const home = makePeerHome('envoy')
  const accessLog = home.write('access.log', '')
  const file = home.write(
    'envoy.json',
    JSON.stringify({
      admin: { address: local(admin) },
      staticResources: { listeners, clusters: configuration.clusters },
      // Its standard output is a pipe of root's, which an unprivileged user cannot open again.
    }).replaceAll('/dev/stdout', accessLog),
  )
  const daemon = await startDaemon({
    name: 'Envoy',
    home,
    program: programOf('envoy'),
    args: [...usual, '--config-path', file],
    isReady: () => isLive(admin),
  })
  return {
    port(ofGateway) {
      // Envoy Gateway adds 10000 to what only root may open.
      const port = portOf.get(ofGateway < 1024 ? ofGateway + 10_000 : ofGateway)
      if (port === undefined) throw new Error(`the Gateway does not listen on ${ofGateway}`)
      return port
    },
    log: daemon.log,
    accessLog: () => readFileSync(accessLog, 'utf8'),
    [Symbol.asyncDispose]: () => daemon.close(),
  }
}

const local = (port: number) => ({ socketAddress: { address: '127.0.0.1', portValue: port } })

async function isLive(admin: number): Promise<boolean> {
  const { status, body } = await ask(`http://127.0.0.1:${admin}/ready`)
  return status === 200 && body.startsWith('LIVE')
}

/** Each part of the tree that has such a key. */
function* partsWith(tree: EnvoyJson, key: string): Generator<EnvoyJson> {
  if (typeof tree !== 'object' || tree === null) return
  if (Object.hasOwn(tree, key)) yield tree
  for (const value of Object.values(tree)) yield* partsWith(value, key)
}

function inlineRoutes(listener: EnvoyJson, routeConfigs: EnvoyJson[]): void {
  for (const manager of partsWith(listener, 'rds')) {
    const { routeConfigName } = manager.rds
    manager.routeConfig = routeConfigs.find(({ name }) => name === routeConfigName)
    delete manager.routeConfig?.['@type']
    delete manager.rds
  }
}

function inlineSecrets(tree: EnvoyJson, { objects, ca }: Options): void {
  for (const context of partsWith(tree, 'tlsCertificateSdsSecretConfigs')) {
    context.tlsCertificates = context.tlsCertificateSdsSecretConfigs.map(
      ({ name }: { name: string }) => {
        const [namespace, secretName] = name.split('/')
        const secret = objects.find(
          ({ kind, metadata }) =>
            kind === 'Secret' && metadata.name === secretName && metadata.namespace === namespace,
        )
        return {
          certificateChain: { inlineBytes: secret?.data?.['tls.crt'] },
          privateKey: { inlineBytes: secret?.data?.['tls.key'] },
        }
      },
    )
    delete context.tlsCertificateSdsSecretConfigs
  }
  for (const context of partsWith(tree, 'combinedValidationContext')) {
    const { defaultValidationContext } = context.combinedValidationContext
    delete context.combinedValidationContext
    context.validationContext = { ...defaultValidationContext, trustedCa: { inlineString: ca.pem } }
  }
}

function endpointsOf(
  { name }: EnvoyJson,
  { endpoints }: EnvoyConfiguration,
  { objects, backends }: Options,
): EnvoyJson {
  const found = endpoints.find(({ clusterName }) => clusterName === name)
  for (const endpoint of partsWith(found, 'socketAddress')) {
    const { address, portValue } = endpoint.socketAddress
    const service = objects.find(
      ({ kind, spec }) => kind === 'Service' && spec.clusterIP === address,
    )
    const { namespace, name: serviceName } = service?.metadata ?? {}
    // Nobody listens on port 1: what the test has not named is down.
    Object.assign(endpoint, local(backends[`${namespace}/${serviceName}:${portValue}`] ?? 1))
  }
  delete found?.['@type']
  return found
}
