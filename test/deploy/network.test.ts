// The router and the nodes: real FRR with the file that we give away, peered with what Cilium is told to be.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requirePeer } from '../support/peers.ts'
import { waitFor } from '../support/wait-for.ts'
import {
  cut,
  established,
  frrFile,
  type Lan,
  makeFrrHome,
  makeLan,
  type Node,
  type Router,
  type Speaker,
  speakerOf,
  startNode,
  startRouter,
} from './support/bgp.ts'
import { buildBundle } from './support/bundle.ts'
import { values } from './support/edge-scene.ts'

const peers = ['frr', 'gobgpd', 'gobgp', 'flux'] as const
const isHere = peers.map(requirePeer).every(Boolean)

const { LB_POOL = '', EXTERNAL_ADDRESS = '', INTERNAL_ADDRESS = '', ROUTER_ADDRESS = '' } = values
/** As its first lines tell the owner to fill it in. */
const configuration = readFileSync(frrFile, 'utf8')
  .replaceAll('<LB_POOL>', LB_POOL)
  .replaceAll('<ROUTER_ADDRESS>', ROUTER_ADDRESS)
  .replaceAll('<NODE_CIDR>', ROUTER_ADDRESS.replace(/\d+$/, '0/24'))

describe.skipIf(!isHere)('the router', () => {
  let speaker: Speaker
  let lan: Lan
  let router: Router
  const nodes: Node[] = []

  beforeAll(async () => {
    speaker = speakerOf((await buildBundle()).flatMap(({ objects }) => objects))
    lan = makeLan(ROUTER_ADDRESS, 3)
    router = await startRouter(lan.router, configuration)
    for (const place of lan.nodes.slice(0, 2)) nodes.push(await startNode(place, speaker))
  })
  afterAll(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]()
    await router?.[Symbol.asyncDispose]()
    lan?.[Symbol.dispose]()
  })

  test('takes the file, and would refuse a wrong one', async () => {
    const home = makeFrrHome()
    const wrong = configuration.replace('maximum-paths', 'maximal-paths')
    const asItIs = readFileSync(frrFile, 'utf8')
    const shell = (text: string) =>
      home.run('/usr/bin/vtysh', ['-C', '-f', home.write('frr.conf', text)])
    await shell(configuration)
    for (const text of [wrong, asItIs]) await expect(shell(text)).rejects.toThrow('Unknown command')
    // The router may give it to the daemon alone, which says what it does not know, and goes on.
    const daemon = (text: string) =>
      home.run('/usr/lib/frr/bgpd', [
        ...'-C -u root -g root --log stdout -f'.split(' '),
        home.write('bgpd.conf', text),
      ])
    expect(await daemon(configuration)).not.toMatch(/No such command|can't open/)
    for (const text of [wrong, asItIs]) expect(await daemon(text)).toContain('No such command')
    home.remove()
  })

  test('has a session with each node, by the numbers and times of both sides', async () => {
    await established(router, nodes)
    const found = await router.show('bgp neighbors')
    for (const { address } of nodes) {
      expect(found[address]).toMatchObject({
        localAs: speaker.asn,
        remoteAs: speaker.peerAsn,
        nbrInternalLink: true,
        bgpTimerHoldTimeMsecs: speaker.timers.holdTimeSeconds * 1000,
        bgpTimerKeepAliveIntervalMsecs: speaker.timers.keepAliveTimeSeconds * 1000,
        neighborCapabilities: { gracefulRestart: 'advertisedAndReceived' },
      })
    }
  })

  test('reaches an address of the pool by every node that tells it', async () => {
    const [first, second] = nodes
    await first?.announce(`${EXTERNAL_ADDRESS}/32`)
    await first?.announce(`${INTERNAL_ADDRESS}/32`)
    await second?.announce(`${EXTERNAL_ADDRESS}/32`)
    const both = [first?.address, second?.address]
    await waysTo(EXTERNAL_ADDRESS, both)
    await waysTo(INTERNAL_ADDRESS, [first?.address])

    // No pod of the Gateway is left there.
    await second?.withdraw(`${EXTERNAL_ADDRESS}/32`)
    await waysTo(EXTERNAL_ADDRESS, [first?.address])
    await second?.announce(`${EXTERNAL_ADDRESS}/32`)
    await waysTo(EXTERNAL_ADDRESS, both)
  })

  test('takes nothing else: neither other addresses, nor networks, nor the way to everywhere', async () => {
    const [node] = nodes
    const strange = ['198.51.100.1/32', LB_POOL, '0.0.0.0/0', '10.244.0.0/24']
    for (const network of strange) await node?.announce(network)
    // Behind them on the same connection.
    const marker = LB_POOL.replace(/\d+\/\d+$/, '9')
    await node?.announce(`${marker}/32`)
    await waysTo(marker, [node?.address])
    const { routes } = await router.show('bgp ipv4 unicast')
    const inPool = [EXTERNAL_ADDRESS, INTERNAL_ADDRESS, marker].map((each) => `${each}/32`)
    expect(Object.keys(routes).sort()).toEqual(inPool.sort())
    const { receivedRoutes } = await router.show(
      `bgp ipv4 unicast neighbors ${node?.address} received-routes`,
    )
    expect(Object.keys(receivedRoutes)).toEqual(expect.arrayContaining(strange))
  })

  test('tells the nodes nothing', async () => {
    for (const node of nodes) expect(await node.learned()).toContain('Network not in table')
  })

  test('keeps the ways of a node whose agent restarts', async () => {
    const [first, second] = nodes
    const isUp = async () => {
      const { peers: found } = await router.show('bgp ipv4 unicast summary')
      return found[second?.address ?? '']?.state === 'Established'
    }
    await second?.kill()
    await waitFor(async () => !(await isUp()), { what: 'the router to see it' })
    expect(router.ways(EXTERNAL_ADDRESS)).toEqual([first?.address, second?.address])
    await second?.start()
    await second?.announce(`${EXTERNAL_ADDRESS}/32`)
    await established(router, nodes)
    await waysTo(EXTERNAL_ADDRESS, [first?.address, second?.address])
  })

  test('leaves a node that is cut off when the hold time is over', async () => {
    const [first, second] = nodes
    const place = lan.nodes[1]
    if (!place) throw new Error('no second node')
    cut(place, 'down')
    await waysTo(EXTERNAL_ADDRESS, [first?.address])
    cut(place, 'up')
    await established(router, nodes)
    await waysTo(EXTERNAL_ADDRESS, [first?.address, second?.address])
  })

  test('has no session with a node of another number', async () => {
    const place = lan.nodes[2]
    if (!place) throw new Error('no third node')
    await using stranger = await startNode(place, { ...speaker, asn: speaker.asn + 1 })
    const refused = async () => {
      const { state } = await stranger.neighbour()
      return state.messages.received.notification > 0
    }
    await waitFor(refused, { what: 'the router to refuse it', timeoutMs: 60_000 })
    const { peers: found } = await router.show('bgp ipv4 unicast summary')
    expect(found[place.address]?.state).not.toBe('Established')
  })

  async function waysTo(address: string, expected: (string | undefined)[]): Promise<void> {
    const read = () => router.ways(address)
    await expect.poll(read, { timeout: 30_000 }).toEqual(expected)
  }
})
