// The registry's real clients for tests: what a person has at one terminal, or a job in CI. Each set of tools has its own
// logins, keys and settings; plain HTTP is allowed for loopback registries that are named, and for nothing else.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Ca } from './ca.ts'
import { makeRegistryHome, type RunOptions } from './registry-home.ts'

/** What to make. */
export interface RegistryToolsOptions {
  /** Registries such as `127.0.0.1:5000` that are spoken to by plain HTTP; only loopback ones. */
  http?: readonly string[]
  /** Trusted by all tools. */
  ca?: Ca
}

/** Runs a tool; resolves to its stdout, rejects with all it wrote. Relative paths start in `directory`. */
export type Run = (args: readonly string[], options?: RunOptions) => Promise<string>

/** A tool that can log in. */
export type LoginTool = keyof typeof logins

/** Which cosign: 3.1 of the Go proxy or 2.5 of Debian. */
export type CosignVersion = 3 | 2

/** What to sign or to verify. */
export interface CosignOptions {
  /** 3 when absent. */
  version?: CosignVersion
  /** The name that `cosignKeys` was given. */
  key: string
  /** With the digest: cosign warns of tags. */
  ref: string
}

/** A set of tools. */
export interface RegistryTools extends AsyncDisposable {
  /** Of the tools: images, keys, auth files. */
  directory: string
  /** Writes a file that the tools may read. */
  write(path: string, text: string | Buffer): void
  crane: Run
  oras: Run
  regctl: Run
  skopeo: Run
  /** Runs as root, with storage of its own; images are built from `scratch`, without RUN. */
  buildah: Run
  docker: Run
  cosign(version: CosignVersion, args: readonly string[], options?: RunOptions): Promise<string>
  /** Keeps the digest: all platforms, nothing converted. */
  skopeoCopy(from: string, to: string): Promise<void>
  /** The password goes by stdin. crane and cosign only write it down; the others ask the registry. */
  login(tool: LoginTool, registry: string, user: string, password: string): Promise<string>
  logout(tool: LoginTool, registry: string): Promise<string>
  dockerLogin(registry: string, user: string, password: string): Promise<string>
  /** Makes `NAME.key` and `NAME.pub`, without a password; resolves to the public key. Both versions read them. */
  cosignKeys(name: string, version?: CosignVersion): Promise<string>
  /** Offline: no transparency log. Version 3 writes a bundle as a referrer, or by `legacy` the `.sig` tag of version 2. */
  cosignSign(options: CosignOptions & { legacy?: boolean }): Promise<string>
  /** Resolves to the payloads that were verified; rejects when there is none. */
  cosignVerify(options: CosignOptions): Promise<SignedPayload[]>
  /** Deletes everything. */
  close(): Promise<void>
}

/** Of a signature: what it speaks of. */
export interface SignedPayload {
  critical: { image: { 'docker-manifest-digest': string }; type: string }
}

const logins = {
  crane: { login: ['auth', 'login'], logout: ['auth', 'logout'] },
  oras: { login: ['login'], logout: ['logout'] },
  regctl: { login: ['registry', 'login'], logout: ['registry', 'logout'] },
  skopeo: { login: ['login'], logout: ['logout'] },
  buildah: { login: ['login'], logout: ['logout'] },
  docker: { login: ['login'], logout: ['logout'] },
} as const

const loopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):\d+$/

/** Makes a set; the tools must be there (`requirePeer`) when they are used, not before. */
export function makeRegistryTools({ http = [], ca }: RegistryToolsOptions = {}): RegistryTools {
  const far = http.find((registry) => !loopback.test(registry))
  if (far !== undefined) throw new Error(`plain HTTP is for loopback only, not for ${far}`)
  const home = makeRegistryHome(ca)
  const { directory } = home
  writeSettings(home.write, http)

  const plain = (argument: string) =>
    http.some((registry) => argument === registry || argument.startsWith(`${registry}/`))
  const oras: Run = (args, options) => {
    const isPlain = args.some(plain) && args[0] !== 'logout'
    const flag = args[0] === 'copy' ? '--from-plain-http' : '--plain-http'
    return home.run('oras', isPlain ? [...args, flag] : args, options)
  }
  const buildah: Run = (args, options) =>
    home.run('buildah', ['--storage-driver', 'vfs', ...storage(directory), ...args], options)
  const runs: Record<LoginTool, Run> = {
    crane: (args, options) => home.run('crane', args, options),
    oras,
    regctl: (args, options) => home.run('regctl', args, options),
    skopeo: (args, options) => home.run('skopeo', args, options),
    buildah,
    docker: (args, options) => home.run('docker', args, options),
  }

  const cosign: RegistryTools['cosign'] = (version, args, options = {}) =>
    home.run(version === 3 ? 'cosign' : 'cosign2', args, {
      ...options,
      env: { COSIGN_PASSWORD: '', ...options.env },
    })
  const login: RegistryTools['login'] = (tool, registry, user, password) => {
    const stdin = tool === 'regctl' ? '--pass-stdin' : '--password-stdin'
    return runs[tool]([...logins[tool].login, '-u', user, stdin, registry], { input: password })
  }
  const close = async () => home.remove()
  return {
    directory,
    write: home.write,
    ...runs,
    cosign,
    async skopeoCopy(from, to) {
      await runs.skopeo(['copy', '--all', '--preserve-digests', from, to])
    },
    login,
    logout: (tool, registry) => runs[tool]([...logins[tool].logout, registry]),
    dockerLogin: (registry, user, password) => login('docker', registry, user, password),
    async cosignKeys(name, version = 3) {
      await cosign(version, ['generate-key-pair', '--output-key-prefix', name])
      return readFileSync(join(directory, `${name}.pub`), 'utf8')
    },
    cosignSign({ version = 3, key, ref, legacy = false }) {
      const form = legacy ? ['--new-bundle-format=false'] : []
      const offline = version === 3 ? ['--use-signing-config=false', ...form] : []
      const flags = ['--yes', '--tlog-upload=false', '--allow-http-registry', ...offline]
      return cosign(version, ['sign', ...flags, '--key', `${key}.key`, ref])
    },
    async cosignVerify({ version = 3, key, ref }) {
      const flags = ['--insecure-ignore-tlog=true', '--allow-http-registry', '--output', 'json']
      return JSON.parse(await cosign(version, ['verify', ...flags, '--key', `${key}.pub`, ref]))
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

const storage = (directory: string) => [
  '--root',
  join(directory, 'buildah', 'storage'),
  '--runroot',
  join(directory, 'buildah', 'run'),
]

/** crane, cosign and docker use HTTP for loopback by themselves; oras gets a flag; the others read files. */
function writeSettings(write: RegistryTools['write'], http: readonly string[]): void {
  const insecure = http.map(
    (registry) => `[[registry]]\nlocation = "${registry}"\ninsecure = true\n`,
  )
  const policy = JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] })
  for (const user of ['.', 'buildah']) {
    write(join(user, '.config/containers/registries.conf'), insecure.join('\n'))
    write(join(user, '.config/containers/policy.json'), policy)
    // With DOCKER_CONFIG set, skopeo and buildah fail when it is not there.
    write(join(user, '.docker/config.json'), '{}')
  }
  const hosts = http.map((hostname) => [hostname, { tls: 'disabled', hostname }] as const)
  write('.regctl/config.json', JSON.stringify({ hosts: Object.fromEntries(hosts) }))
}
