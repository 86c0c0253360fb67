// The registry as a real process on a temp directory and a free port: its people, robots and tokens are written to the
// store before it starts; its policy is a file that tests may change; it can be killed, and started again on the same data.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemClock } from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { hashPassword } from '@fuchsbau/shared/password.ts'
import type { PersonRecord } from '../../services/registry/store/records.ts'
import { openStore, type Store } from '../../services/registry/store/store.ts'
import { freePorts } from './daemon.ts'
import { launcher, PASSWORD, serviceProcess } from './service-process.ts'
import { makeTempData, removeTempData } from './temp-data.ts'

export interface RegistryProcessOptions {
  /** Text of the policy's file; the default policy otherwise. */
  policy?: string
  /** Writes to the store before the first start. The owner `you` is there already. */
  seed?(store: Store): void
  /** The command to run; `fuchsbau.js` unless told otherwise. */
  program?: string
  /** Options of Node, such as `--cpu-prof`. */
  nodeOptions?: readonly string[]
  env?: Record<string, string>
  /** Any free one when absent; an identity provider has to know it before. */
  port?: number
}

/** A name and a secret, as `docker login` has them; none: anonymous. */
export type Login = { name: string; secret: string } | undefined

/** A running registry, or a stopped one that can be started again. */
export interface RegistryProcess extends AsyncDisposable {
  readonly url: string
  readonly data: string
  /** Directory of the store. */
  readonly directory: string
  readonly management: string
  /** Of the owner. */
  readonly owner: NonNullable<Login>
  pid(): number
  log(): string
  /** Runs a verb of the service; resolves to its lines, rejects with what it said when it fails. */
  cli(...args: string[]): Promise<string[]>
  writePolicy(text: string): void
  start(): Promise<void>
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>
  /** A request below the address; with a token (Bearer), a login (Basic), or nothing. */
  request(path: string, options?: RegistryRequest): Promise<Response>
  /** What the token endpoint says to a login that asks for these scopes. */
  askToken(login: Login, ...scopes: string[]): Promise<Response>
  /** A short token. */
  token(login: Login, ...scopes: string[]): Promise<string>
}

export interface RegistryRequest {
  method?: string
  as?: Login | string
  headers?: Record<string, string>
  body?: string | Buffer
}

/** Writes the data and starts it; resolves when it listens. */
export async function startRegistry(
  options: RegistryProcessOptions = {},
): Promise<RegistryProcess> {
  const data = makeTempData('registry')
  const directory = join(data, 'registry')
  const policyFile = join(data, 'policy.yaml')
  const writePolicy = (text: string) => writeFileSync(policyFile, text)
  if (options.policy !== undefined) writePolicy(options.policy)
  await seed(directory, options.seed)
  const { port = (await freePorts(1))[0] ?? 0 } = options
  const url = `http://127.0.0.1:${port}`
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    FUCHSBAU_DATA: data,
    FUCHSBAU_REGISTRY_LISTEN: `127.0.0.1:${port}`,
    FUCHSBAU_REGISTRY_URL: url,
    ...(options.policy !== undefined && { FUCHSBAU_REGISTRY_POLICY: policyFile }),
    FUCHSBAU_MANAGEMENT_LISTEN: '127.0.0.1:0',
    FUCHSBAU_OWNER_PASSWORD: PASSWORD,
    ...options.env,
  }
  const { program = launcher, nodeOptions = [] } = options
  const words = [...nodeOptions, program, 'registry', 'serve']
  const child = serviceProcess([process.execPath, words], { env, readyMs: 30_000 })
  let management = ''
  const server: RegistryProcess = {
    url,
    data,
    directory,
    get management() {
      return management
    },
    owner: { name: 'you', secret: PASSWORD },
    pid: child.pid,
    log: child.log,
    async cli(...args) {
      const command = [launcher, 'registry', ...args]
      try {
        const { stdout } = await promisify(execFile)(process.execPath, command, {
          env: { ...env, NODE_OPTIONS: '' },
        })
        return stdout.trimEnd().split('\n')
      } catch (error) {
        const { stdout, stderr } = error as { stdout: string; stderr: string }
        throw new Error(`fuchsbau registry ${args.join(' ')}: ${stdout}${stderr}`)
      }
    },
    writePolicy,
    async start() {
      management = (await child.start()).management
    },
    stop: () => child.end('SIGTERM'),
    kill: () => child.end('SIGKILL'),
    async request(path, { method = 'GET', as, headers, body } = {}) {
      const authorization = typeof as === 'string' ? `Bearer ${as}` : as && basic(as)
      return await fetch(`${url}${path}`, {
        method,
        headers: { ...headers, ...(authorization !== undefined && { authorization }) },
        ...(body !== undefined && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
      })
    },
    async askToken(login, ...scopes) {
      const query = scopes.map((scope) => `&scope=${encodeURIComponent(scope)}`).join('')
      return await server.request(`/token?service=x${query}`, { as: login })
    },
    async token(login, ...scopes) {
      const { token } = (await (await server.askToken(login, ...scopes)).json()) as {
        token: string
      }
      return token
    },
    async [Symbol.asyncDispose]() {
      await child.end('SIGKILL')
      removeTempData(data)
    },
  }
  await server.start()
  return server
}

export function basic({ name, secret }: NonNullable<Login>): string {
  return `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`
}

/** Opens the store of a registry that is stopped. Close it. */
export function openRegistryStore({ directory }: Pick<RegistryProcess, 'directory'>): Store {
  return openStore({ directory, clock: systemClock(), log: silentLog() })
}

/** Somebody who has logged in with the identity provider once, and has no password here. */
export function person(name: string, groups: string[] = []): Omit<PersonRecord, 'id'> {
  const at = Date.now()
  return {
    name,
    issuer: 'https://id.test',
    sub: `sub of ${name}`,
    groups,
    isOwner: false,
    isEnabled: true,
    isGone: false,
    password: '',
    refreshToken: '',
    createdAt: at,
    checkedAt: at,
  }
}

async function seed(directory: string, fill: RegistryProcessOptions['seed']): Promise<void> {
  if (!fill) return
  const store = openRegistryStore({ directory })
  const password = await hashPassword(PASSWORD)
  store.people.add({ ...person('you'), issuer: '', sub: '', isOwner: true, password })
  fill(store)
  store.close()
}
