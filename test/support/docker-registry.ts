// Real registries for tests, on private directories: Debian's docker-registry 2.8.2 and the one in crane. Plain HTTP.
import {
  type Daemon,
  freePorts,
  isListening,
  makePeerHome,
  type PeerHome,
  programInside,
  startDaemon,
} from './daemon.ts'
import { makeRegistryHome } from './registry-home.ts'

/** How docker-registry knows who may do what. */
export type DockerRegistryAuth =
  | { kind: 'none' }
  /** Basic, for `dockerRegistryUser` alone. */
  | { kind: 'basic' }
  /** Tokens of another server; the keys are those of its own `auth.token`. */
  | { kind: 'token'; realm: string; service: string; issuer: string; certificate: string }

/** A running registry. */
export interface TestRegistry extends Daemon {
  /** Such as `127.0.0.1:5000`. */
  host: string
  /** Such as `http://127.0.0.1:5000`. */
  url: string
  /** What it stores, as this process sees it. */
  directory: string
}

/** The one person that `basic` lets in. */
export const dockerRegistryUser = { user: 'fox', password: 'den-den' } as const
const htpasswd = 'fox:$2b$04$1uvbP6ryiI6SQPFbqRqwxOWkwvISa22WJ5PQxVvc0.GRfpqK4/oOS\n'

/** Starts a docker-registry; resolves when it answers. */
export async function startDockerRegistry({
  auth = { kind: 'none' },
}: {
  auth?: DockerRegistryAuth
} = {}): Promise<TestRegistry> {
  const home = makePeerHome('docker-registry')
  const [port = 0] = await freePorts(1)
  const storage = home.mkdir('storage')
  const settings = {
    version: 0.1,
    log: { level: 'info' },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}`, secret: 'tests' },
    ...authSettings(auth, home),
  }
  const daemon = await startDaemon({
    name: 'docker-registry',
    home,
    program: programInside('docker-registry'),
    // JSON is YAML.
    args: ['serve', home.write('config.yml', JSON.stringify(settings))],
    isReady: () => isListening(port),
  })
  return Object.assign(daemon, placesOf(port, storage))
}

/** Starts crane's registry: no authentication, no referrers; a restart keeps blobs but no manifests. */
export async function startCraneRegistry(): Promise<TestRegistry> {
  const home = makeRegistryHome()
  const [port = 0] = await freePorts(1)
  home.mkdir('storage')
  const daemon = await startDaemon({
    name: 'crane registry serve',
    home: home.asPeerHome('crane'),
    program: 'crane',
    args: ['registry', 'serve', '--address', `127.0.0.1:${port}`, '--disk', 'storage'],
    isReady: () => isListening(port),
  })
  return Object.assign(daemon, placesOf(port, `${home.directory}/storage`))
}

const placesOf = (port: number, directory: string) => ({
  host: `127.0.0.1:${port}`,
  url: `http://127.0.0.1:${port}`,
  directory,
})

/** https://distribution.github.io/distribution/about/configuration/#auth */
function authSettings(auth: DockerRegistryAuth, home: PeerHome): object {
  if (auth.kind === 'none') return {}
  if (auth.kind === 'basic') {
    return { auth: { htpasswd: { realm: 'tests', path: home.write('htpasswd', htpasswd) } } }
  }
  const { realm, service, issuer, certificate } = auth
  const rootcertbundle = home.write('token.pem', certificate)
  return { auth: { token: { realm, service, issuer, rootcertbundle } } }
}
