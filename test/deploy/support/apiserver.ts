// A real kube-apiserver with etcd, on ports of this machine: objects are sent to it as Flux does, by server-side apply with
// strict validation, without being kept.
import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type Certificate, createCa } from '../../support/ca.ts'
import { freePorts, isListening, makePeerHome, startDaemon } from '../../support/daemon.ts'
import { definitionsDirectory, programOf } from '../../support/peers.ts'
import { waitFor } from '../../support/wait-for.ts'
import { type KubeObject, objectsOf } from './bundle.ts'

/** What the API server says of an object. */
export interface Answer {
  status: number
  /** Of a refusal. */
  message: string
}

export interface ApiServer extends AsyncDisposable {
  /** For programs that talk to it: a kubeconfig, with all rights. */
  readonly kubeconfig: string
  /** Keeps an object. Throws what the server says against it. */
  create(object: KubeObject): Promise<void>
  /** Sets the status of an object that is kept, as a controller does. */
  setStatus(object: KubeObject): Promise<void>
  /** Server-side apply, strict, without keeping anything. */
  dryRun(object: KubeObject): Promise<Answer>
  /** Likewise, as a new object: what only a POST is asked, such as Pod Security. */
  dryCreate(object: KubeObject): Promise<Answer>
  /** Asks for a debug container in a pod that is kept, as `kubectl debug` does. */
  debug(pod: KubeObject, container: object): Promise<Answer>
  /** Installs the definitions of these kinds, and waits until they can be used. Throws for a kind that none defines. */
  define(kinds: readonly Pick<KubeObject, 'apiVersion' | 'kind'>[]): Promise<void>
  /** The definition of a kind that was installed; undefined for a kind of Kubernetes. */
  definitionOf(object: KubeObject): KubeObject | undefined
}

/** Starts it; needs the peers etcd and kube-apiserver. */
export async function startApiServer(): Promise<ApiServer> {
  await using started = new AsyncDisposableStack()
  const [client = 0, peer = 0, port = 0] = await freePorts(3)
  const etcdHome = makePeerHome('etcd')
  const etcdUrl = `http://127.0.0.1:${client}`
  const etcd = await startDaemon({
    name: 'etcd',
    home: etcdHome,
    program: programOf('etcd'),
    args: [
      ...['--data-dir', join(etcdHome.inside, 'data'), '--unsafe-no-fsync'],
      ...['--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl],
      ...['--listen-peer-urls', `http://127.0.0.1:${peer}`],
    ],
    isReady: () => isListening(client),
  })
  started.use(etcd)
  const ca = await createCa()
  started.use(ca)
  const server = await ca.issue('127.0.0.1')
  const admin = await ca.issue('admin')
  const home = makePeerHome('kube-apiserver')
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const file = (name: string, text: string | Buffer) => home.write(name, text)
  const caFile = file('ca.pem', ca.pem)
  const accounts = file('accounts.key', keys.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const agent = new Agent({ ca: ca.pem, cert: admin.cert, key: admin.key, keepAlive: true })
  started.defer(() => agent.destroy())
  const api = new Api(port, agent)
  const apiserver = await startDaemon({
    name: 'kube-apiserver',
    home,
    program: programOf('kube-apiserver'),
    args: [
      `--etcd-servers=${etcdUrl}`,
      ...['--bind-address=127.0.0.1', `--secure-port=${port}`],
      `--tls-cert-file=${file('tls.crt', server.cert)}`,
      `--tls-private-key-file=${file('tls.key', server.key)}`,
      `--client-ca-file=${caFile}`,
      // Everybody with a certificate of the tests may do everything.
      '--authorization-mode=AlwaysAllow',
      '--anonymous-auth=false',
      `--service-account-key-file=${accounts}`,
      `--service-account-signing-key-file=${accounts}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      '--service-cluster-ip-range=10.96.0.0/12',
      '--endpoint-reconciler-type=none',
      // It would wait for a controller that makes accounts.
      '--disable-admission-plugins=ServiceAccount',
    ],
    isReady: async () => (await api.ask('GET', '/readyz')).status === 200,
  })
  started.use(apiserver)
  const all = started.move()
  return Object.assign(api, {
    kubeconfig: kubeconfigOf(port, ca.pem, admin),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  })
}

/** The resource of a kind, as discovery tells it. */
interface Resource {
  path: string
  isNamespaced: boolean
}

class Api implements Omit<ApiServer, typeof Symbol.asyncDispose | 'kubeconfig'> {
  readonly #port: number
  readonly #agent: Agent
  readonly #resources = new Map<string, Resource>()
  readonly #definitions = new Map<string, KubeObject>()

  constructor(port: number, agent: Agent) {
    this.#port = port
    this.#agent = agent
  }

  async create(object: KubeObject): Promise<void> {
    const { collection } = await this.#placeOf(object)
    const { status, message } = await this.ask('POST', collection, object)
    if (status !== 201) throw new Error(`${object.kind} ${object.metadata.name}: ${message}`)
  }

  async setStatus({ apiVersion, kind, metadata, status }: KubeObject): Promise<void> {
    const { name, namespace } = metadata
    const object = { apiVersion, kind, metadata: { name, ...(namespace && { namespace }) }, status }
    const { collection } = await this.#placeOf(object)
    const query = 'fieldManager=status&fieldValidation=Strict&force=true'
    const answer = await this.ask('PATCH', `${collection}/${name}/status?${query}`, object)
    if (answer.status >= 300) throw new Error(`${kind} ${name}: ${answer.message}`)
  }

  async dryRun(object: KubeObject): Promise<Answer> {
    const { collection } = await this.#placeOf(object)
    const query = 'dryRun=All&fieldManager=flux&fieldValidation=Strict&force=true'
    return await this.ask('PATCH', `${collection}/${object.metadata.name}?${query}`, object)
  }

  async dryCreate(object: KubeObject): Promise<Answer> {
    const { collection } = await this.#placeOf(object)
    return await this.ask('POST', `${collection}?dryRun=All&fieldValidation=Strict`, object)
  }

  async debug(pod: KubeObject, container: object): Promise<Answer> {
    const { collection } = await this.#placeOf(pod)
    const { apiVersion, kind, metadata } = pod
    const path = `${collection}/${metadata.name}/ephemeralcontainers?fieldManager=debug&force=true`
    const spec = { ephemeralContainers: [container] }
    return await this.ask('PATCH', path, {
      apiVersion,
      kind,
      metadata: { name: metadata.name },
      spec,
    })
  }

  async define(kinds: readonly Pick<KubeObject, 'apiVersion' | 'kind'>[]): Promise<void> {
    const wanted = new Set(
      kinds
        .filter(
          ({ apiVersion }) => apiVersion.split('/')[0]?.includes('.') && !isBuiltIn(apiVersion),
        )
        .map(({ apiVersion, kind }) => `${apiVersion.split('/')[0]} ${kind}`),
    )
    for (const definition of allDefinitions()) {
      const { group, names } = definition.spec
      const key = `${group} ${names.kind}`
      if (!wanted.delete(key)) continue
      this.#definitions.set(key, definition)
      await this.create(definition)
    }
    if (wanted.size > 0) throw new Error(`no definition of ${[...wanted].join(', ')}`)
    for (const { apiVersion, kind } of kinds) {
      await waitFor(() => this.#resourceOf(apiVersion, kind), { what: `${apiVersion} ${kind}` })
    }
  }

  definitionOf({ apiVersion, kind }: KubeObject): KubeObject | undefined {
    return this.#definitions.get(`${apiVersion.split('/')[0]} ${kind}`)
  }

  async #placeOf(object: KubeObject): Promise<{ collection: string }> {
    const { apiVersion, kind, metadata } = object
    const resource = await this.#resourceOf(apiVersion, kind)
    if (!resource) throw new Error(`the API server has no ${apiVersion} ${kind}`)
    const { namespace = 'default' } = metadata
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
    const within = resource.isNamespaced ? `/namespaces/${namespace}` : ''
    return { collection: `${base}${within}/${resource.path}` }
  }

  async #resourceOf(apiVersion: string, kind: string): Promise<Resource | undefined> {
    const key = `${apiVersion} ${kind}`
    const known = this.#resources.get(key)
    if (known) return known
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
    const { status, body } = await this.ask('GET', base)
    const { resources = [] } = (status === 200 ? JSON.parse(body) : {}) as {
      resources?: { name: string; kind: string; namespaced: boolean }[]
    }
    const found = resources.find((each) => each.kind === kind && !each.name.includes('/'))
    if (!found) return
    const resource = { path: found.name, isNamespaced: found.namespaced }
    this.#resources.set(key, resource)
    return resource
  }

  ask(method: string, path: string, object?: KubeObject): Promise<Answer & { body: string }> {
    const type = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json'
    return new Promise((resolve, reject) => {
      const asking = request(
        {
          ...{ host: '127.0.0.1', port: this.#port, agent: this.#agent, method, path },
          headers: object ? { 'content-type': type } : {},
          timeout: 30_000,
        },
        (response) => {
          answerOf(response).then(resolve, reject)
        },
      )
      asking.on('error', reject)
      asking.on('timeout', () => asking.destroy(new Error(`${method} ${path}: no answer`)))
      asking.end(object && JSON.stringify(object))
    })
  }
}

function kubeconfigOf(port: number, ca: string, { cert, key }: Pick<Certificate, 'cert' | 'key'>) {
  const data = (pem: string) => Buffer.from(pem).toString('base64')
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    'certificate-authority-data': data(ca),
  }
  const user = { 'client-certificate-data': data(cert), 'client-key-data': data(key) }
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  })
}

/** Groups of Kubernetes itself end like this, others' have a domain of their own. */
function isBuiltIn(apiVersion: string): boolean {
  return (
    /^(?:apps|batch|policy|autoscaling|[a-z.]+\.k8s\.io)\/v\d/.test(apiVersion) &&
    !/^(?:gateway\.networking|snapshot\.storage)\.k8s\.io\//.test(apiVersion)
  )
}

function* allDefinitions(): Generator<KubeObject> {
  const folders = readdirSync(definitionsDirectory()).map((name) =>
    join(definitionsDirectory(), name),
  )
  for (const folder of [...folders, join(import.meta.dirname, '../fixtures/crds')]) {
    for (const name of readdirSync(folder))
      yield* objectsOf(readFileSync(join(folder, name), 'utf8'))
  }
}

async function answerOf(response: IncomingMessage): Promise<Answer & { body: string }> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const { statusCode: status = 0 } = response
  const body = Buffer.concat(chunks).toString()
  return { status, body, message: status < 300 ? '' : messageOf(body) }
}

function messageOf(body: string): string {
  try {
    return String((JSON.parse(body) as { message?: unknown }).message ?? body)
  } catch {
    return body
  }
}
