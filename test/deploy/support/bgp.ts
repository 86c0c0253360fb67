// A router with FRR, as the UDM-SE runs it, and nodes with GoBGP, which is what Cilium's BGP control plane is made of; each
// in a network namespace of its own, on one network.
import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Daemon, makePeerHome, type PeerHome, startDaemon } from '../../support/daemon.ts'
import { programOf, trixieTree } from '../../support/peers.ts'
import { waitFor } from '../../support/wait-for.ts'
import type { KubeObject } from './bundle.ts'

const run = promisify(execFile)
const ip = (...words: string[]) => execFileSync('ip', words, { encoding: 'utf8' })

export interface Lan extends Disposable {
  /** The namespace of the router. */
  router: string
  /** The address of a node, and its namespace. */
  nodes: { address: string; netns: string }[]
}

/** A network in which the router has `address`; the nodes come ten after it. */
export function makeLan(address: string, nodes: number): Lan {
  const own = `fuchsbau-${process.pid}`
  const router = `${own}-router`
  const prefix = address.replace(/\d+$/, '')
  const made: string[] = []
  const add = (netns: string) => {
    ip('netns', 'add', netns)
    made.push(netns)
    ip('-n', netns, 'link', 'set', 'lo', 'up')
  }
  const lan: Lan = {
    router,
    nodes: [],
    [Symbol.dispose]() {
      for (const netns of made) ip('netns', 'del', netns)
    },
  }
  try {
    add(router)
    ip('-n', router, 'link', 'add', 'lan', 'type', 'bridge')
    ip('-n', router, 'address', 'add', `${address}/24`, 'dev', 'lan')
    ip('-n', router, 'link', 'set', 'lan', 'up')
    for (let index = 1; index <= nodes; index += 1) {
      const node = { address: `${prefix}${10 + index}`, netns: `${own}-node-${index}` }
      add(node.netns)
      const ends = ['name', `node-${index}`, 'type', 'veth', 'peer', 'name', 'eth0']
      ip('-n', router, 'link', 'add', ...ends, 'netns', node.netns)
      ip('-n', router, 'link', 'set', `node-${index}`, 'master', 'lan', 'up')
      ip('-n', node.netns, 'address', 'add', `${node.address}/24`, 'dev', 'eth0')
      ip('-n', node.netns, 'link', 'set', 'eth0', 'up')
      lan.nodes.push(node)
    }
    return lan
  } catch (error) {
    lan[Symbol.dispose]()
    throw error
  }
}

/** Takes a node's cable out, or puts it back. */
export function cut({ netns }: Lan['nodes'][number], state: 'down' | 'up'): void {
  ip('-n', netns, 'link', 'set', 'eth0', state)
}

// Arguments: tree, directory of the run, and the program.
const enter = `
tree=$1 srv=$2
shift 2
chown -R root:root "$srv"
for each in tmp run var/tmp; do mount -t tmpfs tmpfs "$tree/$each"; done
mount --bind "$srv" "$tree/srv"
mkdir "$tree/run/frr"
sed 's/^frrvty:.*/&,root/' "$tree/etc/group" >"$tree/tmp/group"
mount --bind "$tree/tmp/group" "$tree/etc/group"
mount --bind "$srv/run" "$tree/run/frr"
exec setpriv --pdeathsig KILL -- chroot "$tree" "$@"`

/**
 * A home of FRR. It runs as root, since it sets the routes of its namespace; hence a member of its
 * group; it gives up the right to what others own. */
export function makeFrrHome(netns?: string): PeerHome {
  const home = makePeerHome('frr')
  home.mkdir('run')
  const inTree = withCommand(home, (program, ...args) => {
    const words = ['sh', '-euc', enter, 'sh', trixieTree(), home.directory, program, ...args]
    return ['unshare', ['--mount', '--propagation', 'private', '--', ...words]]
  })
  return netns === undefined ? inTree : inNamespace(inTree, netns)
}

/** The same home, its programs in a network namespace. */
function inNamespace(home: PeerHome, netns: string): PeerHome {
  return withCommand(home, (program, ...args) => {
    const [file, line] = home.command(program, ...args)
    return ['ip', ['netns', 'exec', netns, file, ...line]]
  })
}

function withCommand(home: PeerHome, command: PeerHome['command']): PeerHome {
  return {
    ...home,
    command,
    async run(program, args) {
      const [file, line] = command(program, ...args)
      const { stdout } = await run(file, line, { env: home.env, cwd: home.directory })
      return stdout
    },
  }
}

export interface Router extends AsyncDisposable {
  /** What a `show … json` of vtysh says. */
  // biome-ignore lint/suspicious/noExplicitAny: as FRR prints it
  show(what: string): Promise<any>
  /** The ways to an address that its kernel knows, sorted. */
  ways(address: string): string[]
  log(): string
}

/** Starts FRR with this file; resolves when both daemons answer. */
export async function startRouter(netns: string, configuration: string): Promise<Router> {
  const home = makeFrrHome(netns)
  const file = home.write('frr.conf', configuration)
  home.write('zebra.conf', '')
  const vtysh = (line: string, daemon: string) =>
    home.run('/usr/bin/vtysh', ['--vty_socket', '/run/frr', '-d', daemon, '-c', line])
  const user = ['-u', 'root', '-g', 'root', '--vty_socket', '/run/frr', '--log', 'stdout']
  const start = (name: string, ...args: string[]): Promise<Daemon> =>
    startDaemon({
      name,
      home: { ...home, remove() {} },
      program: `/usr/lib/frr/${name}`,
      args: [...user, ...args],
      isReady: async () => (await vtysh('show version', name)).includes('FRRouting'),
    })
  const daemons: Daemon[] = []
  const close = async () => {
    for (const daemon of daemons.reverse()) await daemon.close()
    home.remove()
  }
  try {
    daemons.push(await start('zebra', '-f', '/srv/zebra.conf'))
    daemons.push(await start('bgpd', '-f', file))
  } catch (error) {
    await close()
    throw error
  }
  return {
    show: async (what) => JSON.parse(await vtysh(`show ${what} json`, 'bgpd')),
    ways(address) {
      const [route] = JSON.parse(ip('-n', netns, '-json', 'route', 'show', address))
      const hops: { gateway: string }[] = route?.nexthops ?? (route ? [route] : [])
      return hops.map(({ gateway }) => gateway).sort()
    },
    log: () => daemons.map((daemon) => daemon.log()).join('\n'),
    [Symbol.asyncDispose]: close,
  }
}

/** What Cilium does on a node, from its objects. */
export interface Speaker {
  asn: number
  peerAsn: number
  peerAddress: string
  timers: { connectRetryTimeSeconds: number; holdTimeSeconds: number; keepAliveTimeSeconds: number }
  restartSeconds: number
  families: string[]
}

/** Reads the objects of the bundle. */
export function speakerOf(objects: readonly KubeObject[]): Speaker {
  const spec = (kind: string) => objects.find((each) => each.kind === kind)?.spec
  const [instance] = spec('CiliumBGPClusterConfig').bgpInstances
  const [peer] = instance.peers
  const { timers, gracefulRestart, families } = spec('CiliumBGPPeerConfig')
  return {
    asn: Number(instance.localASN),
    peerAsn: Number(peer.peerASN),
    peerAddress: peer.peerAddress,
    timers,
    restartSeconds: gracefulRestart.enabled ? gracefulRestart.restartTimeSeconds : 0,
    families: families.map(({ afi, safi }: { afi: string; safi: string }) => `${afi}-${safi}`),
  }
}

export interface Node extends AsyncDisposable {
  address: string
  /** Tells the router of a network, with this node as the way to it. */
  announce(network: string): Promise<void>
  withdraw(network: string): Promise<void>
  /** The neighbour as GoBGP sees it. */
  // biome-ignore lint/suspicious/noExplicitAny: as GoBGP prints it
  neighbour(): Promise<any>
  /** What the router has told it. */
  learned(): Promise<string>
  /** As when the agent's pod is killed, and is there again. */
  kill(): Promise<void>
  start(): Promise<void>
}

/** Starts a node that calls the router. */
export async function startNode(
  { address, netns }: Lan['nodes'][number],
  speaker: Speaker,
): Promise<Node> {
  const home = inNamespace(makePeerHome('gobgpd'), netns)
  const file = home.write('gobgpd.json', JSON.stringify(configurationOf(address, speaker)))
  const gobgp = (...words: string[]) => home.run(programOf('gobgp'), words)
  const neighbour = async () => JSON.parse(await gobgp('neighbor', speaker.peerAddress, '-j'))
  const daemon = await startDaemon({
    name: `GoBGP of ${address}`,
    home,
    program: programOf('gobgpd'),
    args: ['--config-file', file, '--config-type', 'json', '--graceful-restart'],
    isReady: async () => (await neighbour()) !== undefined,
  })
  return {
    address,
    announce: async (network) => void (await gobgp('global', 'rib', 'add', network)),
    withdraw: async (network) => void (await gobgp('global', 'rib', 'del', network)),
    neighbour,
    learned: () => gobgp('neighbor', speaker.peerAddress, 'adj-in'),
    kill: daemon.kill,
    start: daemon.start,
    [Symbol.asyncDispose]: () => daemon.close(),
  }
}

/** As Cilium configures its own: it does not listen, and takes part in graceful restart also for notifications. */
function configurationOf(address: string, speaker: Speaker) {
  const { asn, peerAsn, peerAddress, timers, restartSeconds, families } = speaker
  return {
    global: { config: { as: asn, 'router-id': address, port: -1 } },
    neighbors: [
      {
        config: { 'neighbor-address': peerAddress, 'peer-as': peerAsn },
        timers: {
          config: {
            'connect-retry': timers.connectRetryTimeSeconds,
            'hold-time': timers.holdTimeSeconds,
            'keepalive-interval': timers.keepAliveTimeSeconds,
          },
        },
        'graceful-restart': {
          config: {
            enabled: restartSeconds > 0,
            'restart-time': restartSeconds,
            'notification-enabled': true,
          },
        },
        'afi-safis': families.map((name) => ({
          config: { 'afi-safi-name': name },
          'mp-graceful-restart': { config: { enabled: restartSeconds > 0 } },
        })),
      },
    ],
  }
}

/** Waits until the session with each node stands. */
export async function established(router: Router, nodes: readonly Node[]): Promise<void> {
  await waitFor(
    async () => {
      const { peers = {} } = (await router.show('bgp ipv4 unicast summary')) ?? {}
      return nodes.every(({ address }) => peers[address]?.state === 'Established')
    },
    { what: 'the sessions to be established', timeoutMs: 60_000, context: router.log },
  )
}

/** Where the file to paste lies. */
export const frrFile = join(
  import.meta.dirname,
  '../../../deploy/infrastructure/network/udm-se.frr.conf',
)
