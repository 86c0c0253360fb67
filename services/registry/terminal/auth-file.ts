// The file where docker, podman, skopeo and others keep their logins: where it is, and what stands in it.
// https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
import { join } from 'node:path'

export interface AuthPlace {
  /** Of `--authfile`. */
  authfile: string | undefined
  env: Readonly<Record<string, string | undefined>>
  home: string
  exists(path: string): boolean
}

/**
 * Where a login is written: what is named by hand; else docker's file, which podman and skopeo read, too; else podman's, where
 * only that is there.
 */
export function authFileOf({ authfile, env, home, exists }: AuthPlace): string {
  const named = authfile ?? (env['REGISTRY_AUTH_FILE'] || undefined)
  if (named !== undefined) return named
  if (env['DOCKER_CONFIG']) return join(env['DOCKER_CONFIG'], 'config.json')
  const dockers = join(home, '.docker', 'config.json')
  const podmans = podmanFileOf({ env })
  return podmans !== undefined && exists(podmans) && !exists(dockers) ? podmans : dockers
}

/** Podman looks there before it looks into docker's. */
export function podmanFileOf({ env }: Pick<AuthPlace, 'env'>): string | undefined {
  const runtime = env['XDG_RUNTIME_DIR']
  return runtime ? join(runtime, 'containers', 'auth.json') : undefined
}

type Fields = Readonly<Record<string, unknown>>

/** The content of such a file; `undefined` is a file that is not there. Throws when it is none. */
export function parseAuthFile(text: string | undefined, path: string): Fields {
  if (text === undefined || text.trim() === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error(`${path} is no JSON: mend it first, or name another file by --authfile.`)
  }
  if (!isObject(value) || !isObject(value['auths'] ?? {})) {
    throw new Error(`${path} is no auth file: mend it first, or name another by --authfile.`)
  }
  return value
}

/** The program that keeps this registry's secrets instead of the file, `docker-credential-NAME`. */
export function helperOf(file: Fields, host: string): string | undefined {
  const helpers = isObject(file['credHelpers']) ? file['credHelpers'] : {}
  const name = Object.hasOwn(helpers, host) ? helpers[host] : file['credsStore']
  if (name === undefined || name === '') return
  if (typeof name === 'string' && /^[\w.-]{1,100}$/.test(name)) return name
  throw new Error('The auth file names a credential helper that is no name.')
}

/** The file with this login; all else stays. Without `login` as docker leaves it when a helper keeps the secret. */
export function withLogin(
  file: Fields,
  host: string,
  login: { name: string; secret: string } | undefined,
): Fields {
  const auth = login && Buffer.from(`${login.name}:${login.secret}`).toString('base64')
  return { ...file, auths: { ...without(file, host), [host]: auth ? { auth } : {} } }
}

export function withoutLogin(file: Fields, host: string): Fields {
  return { ...file, auths: without(file, host) }
}

export function hasLogin(file: Fields, host: string): boolean {
  return keysOf(host).some((key) => Object.hasOwn(authsOf(file), key))
}

/** The secrets that are kept for this host: passwords, and refresh tokens. */
export function secretsOf(file: Fields, host: string): string[] {
  return keysOf(host).flatMap((key) => {
    const entry = authsOf(file)[key]
    if (!isObject(entry)) return []
    const { auth, identitytoken } = entry
    const text = typeof auth === 'string' ? Buffer.from(auth, 'base64').toString() : ''
    const password = text.slice(text.indexOf(':') + 1)
    return [password, identitytoken].filter(
      (secret): secret is string => typeof secret === 'string' && secret !== '',
    )
  })
}

/** As docker writes it. */
export function formatAuthFile(file: Fields): string {
  return `${JSON.stringify(file, undefined, '\t')}\n`
}

const authsOf = (file: Fields): Fields => (isObject(file['auths']) ? file['auths'] : {})

/** Older programs wrote addresses. */
const keysOf = (host: string) => [host, `https://${host}`, `http://${host}`]

function without(file: Fields, host: string): Fields {
  const names = keysOf(host)
  return Object.fromEntries(Object.entries(authsOf(file)).filter(([key]) => !names.includes(key)))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
