// What is measured of a bouncer: one function for each row of the table. Each begins with a bouncer that is up, with its
// people in all channels, and without clients.
import { setTimeout as pause } from 'node:timers/promises'
import type { LoadClients } from './bouncer-clients.ts'
import type { LoadNetwork } from './bouncer-network.ts'
import type { Subject } from './bouncer-subject.ts'
import { personOf } from './bouncer-subject.ts'
import { cpuMs, median, rssMb } from './measure.ts'
import type { Remote } from './worker.ts'

export interface Scene {
  subject: Subject
  network: Remote<LoadNetwork>
  clients: Remote<LoadClients>
  channels: readonly string[]
  rounds: number
  /** Of the row: smaller for a quick look. */
  scale: number
}

const timeoutMs = 180_000
const channelOf = ({ channels }: Scene) => channels[0] ?? ''

/** Lines/s in to so many clients of one person, until each has the last; CPU of the bouncer for each line, µs. */
export async function throughput(
  scene: Scene,
  count: number,
): Promise<{ perSecond: number; cpuMicros: number }> {
  const { subject, network, clients, rounds } = scene
  const names = await openMany(scene, count)
  const lines = Math.round((count === 100 ? 10_000 : 50_000) * scene.scale)
  const speeds: number[] = []
  const costs: number[] = []
  for (let round = -1; round < rounds; round++) {
    const last = `the last of round ${round}`
    await clients.expect(names, last, timeoutMs)
    const cpu = cpuMs(subject.pid())
    const began = await network.flood(channelOf(scene), lines, { last })
    const got = await clients.got()
    const missing = got.filter(({ said }) => said !== lines + 1)
    if (missing.length > 0) {
      process.stderr.write(`${subject.name}: ${lines + 1} lines, but ${missing[0]?.said} came\n`)
    }
    if (round < 0) continue // the first is a warm-up
    speeds.push(lines / ((Math.max(...got.map(({ at }) => at)) - began) / 1000))
    costs.push(((cpuMs(subject.pid()) - cpu) / lines) * 1000)
  }
  await clients.close(names)
  return { perSecond: median(speeds), cpuMicros: median(costs) }
}

/** Delay behind a client that is on the network itself, of lines that come at a pace; ms. */
export async function latency(scene: Scene): Promise<{ p50: number; p99: number }> {
  const { network, clients } = scene
  const count = Math.round(1500 * scene.scale)
  const [name = ''] = await openMany(scene, 1)
  await clients.open('direct', await network.port(), { pass: 'x', user: 'direct', nick: 'direct' })
  await clients.join('direct', [channelOf(scene)])
  await clients.expectTicks(name, 'direct', count)
  await network.speak(channelOf(scene), count, 50)
  const sorted = (await clients.delays()).toSorted((a, b) => a - b)
  await clients.close([name, 'direct'])
  const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99) }
}

export interface Missed {
  seconds: number
  missing: number
}

/** A client that was here, and was away for 50,000 lines: by playback, and by CHATHISTORY where there is that. */
export async function returning(
  scene: Scene,
): Promise<{ playback: Missed; chathistory: Missed | undefined }> {
  const { subject, network, clients } = scene
  const lines = Math.round(50_000 * scene.scale)
  const names = await openMany(scene, 1)
  await clients.close(names)
  await network.flood(channelOf(scene), lines, { last: `${lines} the last that was missed` })
  await settled(subject)
  const told = { text: 'the last that was missed', timeoutMs: 30_000 }
  const login = subject.login(personOf(0), 'c0')
  const played = await clients.returning('c0', subject.port, { login, ...told })
  await clients.close(['c0'])
  const fetched = await clients.fetching('fetching', subject.port, {
    login: subject.login(personOf(0), 'fetching'),
    channel: channelOf(scene),
  })
  await clients.close(['fetching'])
  const missed = ({ ms, said }: { ms: number; said: number }) => ({
    seconds: ms / 1000,
    missing: Math.max(0, lines + 1 - said),
  })
  return { playback: missed(played), chathistory: fetched && missed(fetched) }
}

/** Longest time without a line of a client while another one does not read; memory then. */
export async function stalled(scene: Scene): Promise<{ gapMs: number; memoryMb: number }> {
  const { subject, network, clients } = scene
  const names = await openMany(scene, 2)
  const [healthy = '', lazy = ''] = names
  const lines = Math.round(200_000 * scene.scale)
  await clients.pause(lazy)
  await clients.expect([healthy], 'the last of the stall', timeoutMs)
  await network.flood(channelOf(scene), lines, { last: 'the last of the stall' })
  const [got] = await clients.got()
  const memoryMb = rssMb(subject.pid())
  if (got?.said !== lines + 1)
    process.stderr.write(`${subject.name}: ${got?.said} of ${lines + 1}\n`)
  await clients.resume(lazy)
  await clients.close(names)
  return { gapMs: got?.longestGap ?? Number.NaN, memoryMb }
}

/** The network is away for 3 s: from when it is back until all people are in all their channels, s. */
export async function networkRestart(scene: Scene, people: number): Promise<number> {
  const { network, channels } = scene
  await network.stop()
  await pause(3_000)
  await network.start()
  const began = await network.now()
  const end = await network.joined(channels, people, 300_000)
  return (end - began) / 1000
}

/** MB for each 100,000 lines; in order ended and started, so that nothing waits in a log. */
export async function disk(scene: Scene): Promise<number> {
  const { subject, network } = scene
  const lines = Math.round(100_000 * scene.scale)
  const before = subject.dataBytes()
  await network.flood(channelOf(scene), lines)
  await settled(subject)
  await subject.restart()
  return (((subject.dataBytes() - before) / lines) * 100_000) / 1e6
}

export const memoryMb = async ({ subject }: Scene) => {
  await settled(subject)
  return rssMb(subject.pid())
}

/** Clients `c0`, `c1` … of the first person, logged in. */
async function openMany({ subject, clients }: Scene, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `c${index}`)
  for (const name of names) await clients.open(name, subject.port, subject.login(personOf(0), name))
  return names
}

/** Resolves when it has not worked for a second. */
export async function settled({ pid }: Subject): Promise<void> {
  for (let last = Number.NaN, same = 0; same < 4; ) {
    const now = cpuMs(pid())
    same = now - last <= 10 ? same + 1 : 0
    last = now
    await pause(250)
  }
}
