// A `<Network>` of znc.conf as a network here. https://wiki.znc.in/Configuration

import { NETWORK_DEFAULTS } from '../store/records.ts'
import { isKey, isTargetName, networkName } from './names.ts'
import type { FoundNetwork } from './person.ts'
import { isTrue, setting, type ZncBlock } from './znc-config.ts'
import { type LoadedModule, type ModuleFiles, readModules } from './znc-modules.ts'

/** What the network has from its user where it says nothing. */
export interface UserDefaults {
  user: string
  nick: string
  altNick: string
  ident: string
  realname: string
  bindHost: string
  modules: readonly LoadedModule[]
}

const MOST_CHANNELS = 5_000

/** Undefined when it has no server that can be taken: the remarks say why. */
export function readNetwork(
  block: ZncBlock,
  defaults: UserDefaults,
  files: ModuleFiles,
  remarks: string[],
): FoundNetwork | undefined {
  const own: string[] = []
  const servers = (block.values.get('server') ?? []).flatMap((line) => parseServer(line) ?? [])
  const [server, ...others] = servers
  if (!server) {
    remarks.push(`network ${block.name}: not taken, it has no server with a host name`)
    return
  }
  if (others.length > 0) {
    const names = others.map(({ host, port }) => `${host}:${port}`).join(', ')
    own.push(`only the first server is taken; the others: ${names}`)
  }
  const nick = setting(block, 'nick') || defaults.nick
  const altNick = setting(block, 'altnick') || defaults.altNick
  const username = setting(block, 'ident') || defaults.ident
  const names = {
    nick,
    user: defaults.user,
    network: block.name,
    ident: username,
    altnick: altNick,
  }
  const modules = [...loadedModules(block), ...defaults.modules]
  const name = networkName(block.name)
  if (name !== block.name) own.push(`it is called ${name} here, because of the signs in its name`)
  remark(block, defaults, server, own)
  return {
    record: {
      ...NETWORK_DEFAULTS,
      name,
      isEnabled: !/^(false|off|no|0)$/i.test(setting(block, 'ircconnectenabled')),
      ...server,
      fingerprint: readFingerprint(block, server.transport, own),
      nick,
      alternateNicks: altNick && altNick !== nick ? [altNick] : [],
      username,
      realname: setting(block, 'realname') || defaults.realname,
      encoding: readEncoding(block),
      ...readModules(modules, files, names, own),
    },
    channels: readChannels(block, own),
    remarks: own,
  }
}

export function loadedModules({ values }: ZncBlock): LoadedModule[] {
  return (values.get('loadmodule') ?? []).map((line) => {
    const [name = '', ...words] = line.trim().split(' ')
    return { name: name.toLowerCase(), argument: words.join(' ').trim() }
  })
}

/** `host [+]port [password]`; 6667 when there is no port. Sockets of the file system are not taken. */
function parseServer(line: string) {
  const [host = '', given = '', ...words] = line.trim().split(/\s+/)
  const isHost = /^[^\s/:@]{1,253}$/u.test(host) || /^[0-9a-f:.]{2,45}$/i.test(host)
  const port = Number(/^\+?(\d{1,5})$/.exec(given)?.[1] ?? '6667')
  if (!isHost || host.startsWith('unix:') || port < 1 || port > 65_535) return
  const transport: 'tls' | 'plain' = given.startsWith('+') ? 'tls' : 'plain'
  return { host, port, transport, serverPassword: words.join(' ') }
}

function readChannels(block: ZncBlock, remarks: string[]): FoundNetwork['channels'] {
  const blocks = (block.blocks.get('chan') ?? []).map((chan) => ({ name: chan.name, chan }))
  const old = (block.values.get('chan') ?? []).map((name) => ({
    name: name.trim(),
    chan: undefined,
  }))
  const all = [...blocks, ...old].filter(({ name }) => isTargetName(name))
  const wanted = all.filter(({ chan }) => !chan || !isTrue(setting(chan, 'disabled')))
  if (wanted.length < all.length) {
    remarks.push(`${all.length - wanted.length} disabled channels are not taken`)
  }
  if (wanted.length > MOST_CHANNELS)
    remarks.push(`only the first ${MOST_CHANNELS} channels are taken`)
  return wanted.slice(0, MOST_CHANNELS).map(({ name, chan }) => {
    const key = chan ? setting(chan, 'key') : ''
    return {
      name,
      key: isKey(key) ? key : '',
      isDetached: chan ? isTrue(setting(chan, 'detached')) : false,
      reattachOn: 'none',
      relayDetached: 'none',
      detachAfterMs: 0,
    }
  })
}

/** `^ISO-8859-15` and `*UTF-8` say how strictly; here UTF-8 is always tried first. */
function readEncoding(block: ZncBlock): string {
  const encoding = setting(block, 'encoding')
    .replace(/^[\^*]/, '')
    .toLowerCase()
  return /^[a-z0-9_-]{1,30}$/.test(encoding) ? encoding : 'utf-8'
}

/** A certificate that ZNC was told to trust is the one that is expected from now on. */
function readFingerprint(block: ZncBlock, transport: 'tls' | 'plain', remarks: string[]): string {
  const trusted = (block.values.get('trustedserverfingerprint') ?? [])
    .map((text) => text.replaceAll(':', '').trim().toLowerCase())
    .filter((text) => /^[0-9a-f]{64}$/.test(text))
  const last = trusted.at(-1)
  if (transport !== 'tls' || last === undefined) return ''
  const others = trusted.length > 1 ? `, the last of ${trusted.length}` : ''
  remarks.push(
    `the server's certificate is pinned to the trusted fingerprint ${last.slice(0, 16)}…${others}`,
  )
  return last
}

function remark(
  block: ZncBlock,
  { bindHost }: UserDefaults,
  { transport }: { transport: 'tls' | 'plain' },
  remarks: string[],
): void {
  const isTrusting = isTrue(setting(block, 'trustallcerts'))
  if (isTrusting && transport === 'tls') {
    remarks.push(
      'TrustAllCerts: not taken; a certificate that no authority signed has to be pinned by its fingerprint',
    )
  }
  if (transport === 'plain') remarks.push('the connection is not encrypted, as it was with ZNC')
  const own = setting(block, 'bindhost') || setting(block, 'vhost')
  if (own !== '' && own !== bindHost)
    remarks.push(`BindHost ${own}: not taken, there is one address for a user`)
  if (setting(block, 'quitmsg') !== '')
    remarks.push('QuitMsg: not taken, there is one text for all')
}
