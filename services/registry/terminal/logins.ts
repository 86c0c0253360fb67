// Where this machine keeps its logins: in auth files, or in a program that they name.
import { homedir } from 'node:os'
import type { VerbOptions } from '@fuchsbau/shared/service.ts'
import { hasAuthFile, readAuthFile, writeAuthFile } from '../store/auth-file.ts'
import {
  authFileOf,
  formatAuthFile,
  hasLogin,
  helperOf,
  parseAuthFile,
  podmanFileOf,
  secretsOf,
  withLogin,
  withoutLogin,
} from './auth-file.ts'
import { eraseByHelper, hasHelper, secretOfHelper, storeByHelper } from './credential-helper.ts'

export interface LoginPlace {
  /** Of the file. */
  path: string
  /** In words, for the person. */
  words: string
  /** The program that keeps the secrets. */
  helper: string | undefined
  /** Podman's own file, where it has an older login: it would go before. */
  shadow: string | undefined
}

/** Finds where a login is kept, and whether it can be. Rejects with what to do. */
export async function findPlace(
  { env }: Pick<VerbOptions, 'env'>,
  authfile: string | undefined,
  host: string,
): Promise<LoginPlace> {
  const home = env['HOME'] || homedir()
  const path = authFileOf({ authfile, env, home, exists: hasAuthFile })
  const helper = helperOf(read(path), host)
  if (helper !== undefined && !(await hasHelper(helper))) {
    throw new Error(
      `${path} says that docker-credential-${helper} keeps the secrets, and there is no such program. Install it, take the line "credsStore" or "credHelpers" out, or name another file by --authfile.`,
    )
  }
  const podmans = podmanFileOf({ env })
  const isNamed = authfile !== undefined || Boolean(env['REGISTRY_AUTH_FILE'])
  const isShadow = podmans !== undefined && podmans !== path && hasLogin(read(podmans), host)
  const words = helper === undefined ? path : `docker-credential-${helper}, as ${path} says`
  return { path, words, helper, shadow: isShadow && !isNamed ? podmans : undefined }
}

/** Puts a login there, in place of one that was there before. */
export async function keepLogin(
  { path, helper, shadow }: LoginPlace,
  host: string,
  login: { name: string; secret: string },
): Promise<void> {
  if (helper !== undefined) await storeByHelper(helper, host, login)
  // Read anew: minutes may have passed.
  change(path, (file) => withLogin(file, host, helper === undefined ? login : undefined))
  if (shadow !== undefined) change(shadow, (file) => withLogin(file, host, login))
}

/** Takes the login away; the secrets that were there. Undefined: there was none. */
export async function dropLogin(
  { path, helper, shadow }: LoginPlace,
  host: string,
): Promise<string[] | undefined> {
  const secrets: string[] = []
  let isFound = false
  if (helper !== undefined) {
    const secret = await secretOfHelper(helper, host)
    if (secret !== undefined) {
      isFound = true
      secrets.push(secret)
      await eraseByHelper(helper, host)
    }
  }
  for (const each of [path, ...(shadow === undefined ? [] : [shadow])]) {
    const file = read(each)
    if (!hasLogin(file, host)) continue
    isFound = true
    secrets.push(...secretsOf(file, host))
    change(each, (now) => withoutLogin(now, host))
  }
  return isFound ? [...new Set(secrets)] : undefined
}

const read = (path: string) => parseAuthFile(readAuthFile(path), path)

function change(path: string, edit: (file: ReturnType<typeof read>) => ReturnType<typeof read>) {
  writeAuthFile(path, formatAuthFile(edit(read(path))))
}
