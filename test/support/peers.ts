// Which real programs the interop tests need, and where they are after test/interop/setup. Those that no registry serves are
// built by hand, and named by a variable of the environment.
import { accessSync, constants } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

// Keep the names in step with the table in test/interop/setup.
const peers = {
  snac: { where: 'trixie', program: 'usr/bin/snac' },
  restic: { where: 'host', program: 'restic' },
  restic18: { where: 'trixie', program: 'usr/bin/restic' },
  xfs: { where: 'host', program: 'mkfs.xfs' },
  inspircd3: { where: 'host', program: 'inspircd' },
  inspircd4: { where: 'trixie', program: 'usr/sbin/inspircd' },
  atheme: { where: 'host', program: 'atheme-services' },
  ngircd: { where: 'host', program: 'ngircd' },
  znc18: { where: 'host', program: 'znc' },
  znc: { where: 'trixie', program: 'usr/bin/znc' },
  soju: { where: 'trixie', program: 'usr/bin/soju' },
  irssi: { where: 'host', program: 'irssi' },
  weechat3: { where: 'host', program: 'weechat' },
  weechat: { where: 'trixie', program: 'usr/bin/weechat' },
  senpai: { where: 'trixie', program: 'usr/bin/senpai' },
  tmux: { where: 'host', program: 'tmux' },
  skopeo: { where: 'host', program: 'skopeo' },
  buildah: { where: 'host', program: 'buildah' },
  'docker-registry': { where: 'host', program: 'docker-registry' },
  docker: { where: 'trixie', program: 'usr/bin/docker' },
  cosign2: { where: 'trixie', program: 'usr/bin/cosign' },
  crane: { where: 'go', program: 'crane' },
  oras: { where: 'go', program: 'oras' },
  regctl: { where: 'go', program: 'regctl' },
  'oci-conformance': { where: 'go', program: 'oci-conformance' },
  cosign: { where: 'go', program: 'cosign' },
  chromium: { where: 'host', program: 'chromium' },
  nginx: { where: 'host', program: 'nginx' },
  caddy: { where: 'host', program: 'caddy' },
  etcd: { where: 'host', program: 'etcd' },
  kubectl: { where: 'trixie', program: 'usr/bin/kubectl' },
  frr: { where: 'trixie', program: 'usr/lib/frr/bgpd' },
  promtool: { where: 'trixie', program: 'usr/bin/promtool' },
  arm64: { where: 'host', program: 'qemu-aarch64-static' },
  gobgpd: { where: 'go', program: 'gobgpd' },
  gobgp: { where: 'go', program: 'gobgp' },
  'kube-apiserver': { where: 'go', program: 'kube-apiserver' },
  flux: { where: 'go', program: 'flux' },
  egctl: { where: 'go', program: 'egctl' },
  kyverno: { where: 'go', program: 'kyverno' },
  envoy: { where: 'wheel', program: 'envoy/envoy/_bin/envoy' },
  ergo: { where: 'hand', program: 'FUCHSBAU_ERGO' },
  pocketId: { where: 'hand', program: 'FUCHSBAU_POCKET_ID' },
  zot: { where: 'hand', program: 'FUCHSBAU_ZOT' },
  headscale: { where: 'hand', program: 'FUCHSBAU_HEADSCALE' },
  externalDns: { where: 'hand', program: 'FUCHSBAU_EXTERNAL_DNS' },
} as const

/** The name of a peer, as `test/interop/setup` takes it. */
export type Peer = keyof typeof peers

function cache(): string {
  const { FUCHSBAU_CACHE, XDG_CACHE_HOME } = process.env
  return FUCHSBAU_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'fuchsbau')
}

/** The Debian trixie tree that setup builds; it is shared between runs and never written to. */
export function trixieTree(): string {
  return join(cache(), 'trixie')
}

/** Where setup puts the definitions of custom resources, a folder a project. */
export function definitionsDirectory(): string {
  return join(cache(), 'crds')
}

/**
 * Whether a peer can be used: throws a sentence that says what to do when it cannot, or, with
 * INTEROP_OPTIONAL=1, prints it and returns false: `describe.skipIf(!requirePeer('snac'))`. One that is built by hand
 * is always optional.
 */
export function requirePeer(peer: Peer): boolean {
  const reason = whyMissing(peer)
  if (reason === undefined) return true
  if (peers[peer].where !== 'hand' && process.env.INTEROP_OPTIONAL !== '1') throw new Error(reason)
  console.log(`skipped: ${reason}`)
  return false
}

/** Whether a peer is of this machine (also when it was built by hand), of the trixie tree, built by Go, or of a wheel. */
export function whereIs(peer: Peer): 'host' | 'trixie' | 'go' | 'wheel' {
  const { where } = peers[peer]
  return where === 'hand' ? 'host' : where
}

/** The program of a peer that is there. */
export function programOf(peer: Peer): string {
  const { where, program } = peers[peer]
  if (where === 'hand') return process.env[program] ?? ''
  const candidates = directoriesOf(where).map((directory) => join(directory, program))
  return candidates.find(isExecutable) ?? ''
}

function directoriesOf(where: ReturnType<typeof whereIs>): string[] {
  if (where === 'trixie') return [trixieTree()]
  if (where === 'go') return [join(cache(), 'go', 'bin')]
  if (where === 'wheel') return [join(cache(), 'wheels')]
  // Daemons lie where only root's PATH leads.
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
}

function whyMissing(peer: Peer): string | undefined {
  const { where, program } = peers[peer]
  if (where === 'hand') {
    if (isExecutable(programOf(peer))) return undefined
    return `The peer ${peer} is built by hand: ${program} is to name its program.`
  }
  if (programOf(peer) === '') {
    return `The peer ${peer} is not installed. Run test/interop/setup ${peer} as root.`
  }
  if (where === 'trixie' && process.getuid?.() !== 0) {
    return `The peer ${peer} runs by chroot in a tree of its own. Run its tests as root.`
  }
  return undefined
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
