// A `<User>` of znc.conf as a person here, with her networks and what her modules keep.

import { hashPassword } from '@fuchsbau/shared/password.ts'
import type { ForeignDirectory } from '../store/foreign-directory.ts'
import { isUserName } from './names.ts'
import type { FoundPerson } from './person.ts'
import { isTrue, setting, type ZncBlock } from './znc-config.ts'
import type { ModuleFiles } from './znc-modules.ts'
import { loadedModules, readNetwork, type UserDefaults } from './znc-network.ts'
import { parseZncRegistry } from './znc-registry.ts'

const REGISTRY_BYTES = 1024 * 1024
const PEM_BYTES = 128 * 1024
const ARGON2ID = /^\$argon2id\$v=19\$m=\d{1,7},t=\d{1,2},p=\d{1,2}\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/

/** Why she cannot be taken, as a text, or what was found. */
export async function readUser(
  block: ZncBlock,
  directory: ForeignDirectory,
  now: number,
): Promise<FoundPerson | string> {
  const { name } = block
  if (!isUserName(name)) {
    return 'not taken: a user name here has at most 30 letters, digits, dots, _ and -'
  }
  const remarks: string[] = []
  const nick = setting(block, 'nick') || name
  const bindHost = setting(block, 'bindhost') || setting(block, 'vhost')
  const realname = setting(block, 'realname') || nick
  const defaults: UserDefaults = {
    user: name,
    nick,
    altNick: setting(block, 'altnick'),
    ident: setting(block, 'ident') || nick,
    realname,
    bindHost,
    modules: loadedModules(block),
  }
  const bindAddress = /^[0-9a-f.:]{2,45}$/i.test(bindHost) ? bindHost : ''
  if (bindHost !== bindAddress)
    remarks.push(`BindHost ${bindHost}: not taken, it has to be an address`)
  const networks = networkBlocks(block).flatMap((network) => {
    const files = moduleFiles(directory, name, network.name)
    return readNetwork(network, defaults, files, remarks) ?? []
  })
  return {
    record: {
      name,
      password: await readPassword(block, remarks),
      isAdmin: isTrue(setting(block, 'admin')),
      isEnabled: true,
      nick,
      realname,
      bindAddress,
      createdAt: now,
      subject: '',
    },
    networks,
    fingerprints: readFingerprints(directory, name, remarks),
    remarks: [...remarks, ...remarksOf(block)],
  }
}

/** Before ZNC 1.0 a user had one network: its servers and channels stand in the user's own block. */
export function networkBlocks(block: ZncBlock): readonly ZncBlock[] {
  const networks = block.blocks.get('network') ?? []
  if (networks.length > 0 || !block.values.has('server')) return networks
  return [{ ...block, name: 'default', values: without(block, 'loadmodule', 'bindhost', 'vhost') }]
}

function without({ values }: ZncBlock, ...names: string[]): ZncBlock['values'] {
  return new Map([...values].filter(([name]) => !names.includes(name)))
}

/** A module's files are the network's if it was loaded there, else the user's. */
function moduleFiles(directory: ForeignDirectory, user: string, network: string): ModuleFiles {
  const folders = [`users/${user}/networks/${network}/moddata`, `users/${user}/moddata`]
  const read = (path: string, bytes: number) =>
    folders
      .map((folder) => directory.text(`${folder}/${path}`, bytes))
      .find((text) => text !== undefined)
  return {
    registry: (module) => parseZncRegistry(read(`${module}/.registry`, REGISTRY_BYTES) ?? ''),
    certificate: () => read('cert/user.pem', PEM_BYTES),
  }
}

/** certauth keeps them for all users in one file: SHA-1 in older versions, which is not enough for us. */
function readFingerprints(directory: ForeignDirectory, user: string, remarks: string[]): string[] {
  const registry = parseZncRegistry(
    directory.text('moddata/certauth/.registry', REGISTRY_BYTES) ?? '',
  )
  const all = (registry.get(user) ?? '').split(/\s+/).filter((text) => text !== '')
  const hex = all.map((text) => text.replaceAll(':', '').toLowerCase())
  const taken = hex.filter((text) => /^[0-9a-f]{64}$/.test(text))
  const left = all.length - taken.length
  if (left > 0) {
    remarks.push(
      `certauth: ${left} client certificates not taken: only their SHA-1 is known; add them again (BouncerServ: certificate add)`,
    )
  }
  if (taken.length > 0)
    remarks.push(`certauth: ${taken.length} client certificates log in as before`)
  return taken
}

/** As ZNC reads it, in `<Pass>` or in a line. Hashes are kept, and replaced by ours at the next login. */
async function readPassword(block: ZncBlock, remarks: string[]): Promise<string> {
  const [pass] = block.blocks.get('pass') ?? []
  const password = pass
    ? kept(setting(pass, 'method'), setting(pass, 'hash'), setting(pass, 'salt'))
    : keptLine(setting(block, 'pass'))
  if (isTrue(setting(block, 'authonlyviamodule'))) {
    remarks.push(
      'AuthOnlyViaModule: the password of znc.conf is taken; remove it if it is not to let in',
    )
  }
  if (password === undefined) {
    remarks.push(
      'password: not taken, its form is not known; set one: fuchsbau bouncer password NAME',
    )
    return ''
  }
  return typeof password === 'string' ? password : await hashPassword(password.plain)
}

type Kept = string | { plain: string } | undefined

function kept(method: string, hash: string, salt: string): Kept {
  switch (method.toLowerCase()) {
    case 'sha256':
      return foreign('sha256', hash, salt, 64)
    case 'md5':
      return foreign('md5', hash, salt, 32)
    case 'argon2id':
      return ARGON2ID.test(hash) ? hash : undefined
    case '':
    case 'plain':
      return hash === '' ? undefined : { plain: hash }
    default:
      return
  }
}

function foreign(method: 'sha256' | 'md5', hash: string, salt: string, digits: number): Kept {
  const isHash = new RegExp(`^[0-9a-f]{${digits}}$`, 'i').test(hash)
  return isHash && !salt.includes('$') ? `znc-${method}$${salt}$${hash.toLowerCase()}` : undefined
}

/** `md5hash -`, `sha256#hash#salt#`, `plain#text` or the plain text. */
function keptLine(line: string): Kept {
  const old = /^([0-9a-f]{32})\s*-$/i.exec(line.trim())
  if (old?.[1]) return foreign('md5', old[1], '', 32)
  const [method = '', hash = '', salt = ''] = line.split('#')
  if (/^(md5|sha256)$/.test(method)) return kept(method, hash, salt)
  return kept('plain', line.replace(/^plain#/, ''), '')
}

function remarksOf(block: ZncBlock): string[] {
  const allowed = (block.values.get('allow') ?? []).filter((mask) => mask !== '*')
  return [
    ...(allowed.length > 0 ? [`Allow ${allowed.join(', ')}: not taken; use a firewall`] : []),
    ...(block.values.has('ctcpreply')
      ? [
          'CTCPReply: not taken, clients answer themselves; without one, VERSION and PING are answered',
        ]
      : []),
    ...(block.values.has('quitmsg') ? ['QuitMsg: not taken, there is one text for all'] : []),
  ]
}
