// What is measured of a registry's front: one function for each group of rows.
import { setTimeout as pause } from 'node:timers/promises'
import { cpuMs, rssMb } from './measure.ts'
import type { RegistryLoad } from './registry-load.ts'
import { REPOSITORY, type Scene, type Subject } from './registry-scene.ts'
import type { Remote } from './worker.ts'

export interface Bench {
  scene: Scene
  load: Remote<RegistryLoad>
  /** Of a large blob. */
  bytes: number
  /** Of a very large one. */
  hugeBytes: number
  /** How long manifests are asked for. */
  ms: number
}

/** How much in a second, and CPU of the subject for each, ms. */
export interface Speed {
  perSecond: number
  cpuMs: number
}

const MIB = 1024 * 1024
const CLIENTS = 16
const REPEATS = 3
/** After each read, or each MiB: some 200 MiB/s. */
const SLOW_MS = 4

const blobPath = (digest: string) => `/v2/${REPOSITORY}/blobs/${digest}`

/** Requests/s; CPU of one. */
export async function manifests(bench: Bench, subject: Subject, by: string): Promise<Speed> {
  const { scene, load, ms } = bench
  const target = await targetOf(bench, subject)
  const path = `/v2/${REPOSITORY}/manifests/${by === 'digest' ? scene.digest : 'latest'}`
  const cpu = cpuOf(subject)
  const { count, seconds } = await load.gets(target, { path, clients: CLIENTS, ms })
  return { perSecond: count / seconds, cpuMs: (cpuOf(subject) - cpu) / count }
}

/** MiB/s; CPU of a GiB. */
export async function pull(bench: Bench, subject: Subject, digest: string): Promise<Speed> {
  const { load, bytes } = bench
  const target = await targetOf(bench, subject)
  const cpu = cpuOf(subject)
  let seconds = 0
  for (let count = 0; count < REPEATS; count += 1) {
    seconds += await load.pull(target, blobPath(digest))
  }
  return speed(REPEATS * bytes, seconds, cpuOf(subject) - cpu)
}

/** MiB/s; CPU of a GiB. */
export async function push(bench: Bench, subject: Subject): Promise<Speed> {
  const { load, bytes, scene } = bench
  const target = await targetOf(bench, subject)
  const cpu = cpuOf(subject)
  const { seconds, digest } = await load.push(target, REPOSITORY, { bytes })
  const spent = cpuOf(subject) - cpu
  await scene.remove(digest)
  return speed(bytes, seconds, spent)
}

const speed = (bytes: number, seconds: number, spentMs: number): Speed => ({
  perSecond: bytes / MIB / seconds,
  cpuMs: spentMs / (bytes / MIB / 1024),
})

/** Resident memory of ours: before, and the most while it happened, MB. */
export interface Memory {
  before: number
  most: number
}

/** What very large blobs take: pushed and pulled, fast and slowly. */
export async function memory(bench: Bench): Promise<Record<string, Memory>> {
  const { scene, load, bytes, hugeBytes } = bench
  const { ours } = scene
  const target = () => targetOf(bench, ours)
  const warm = await load.push(await target(), REPOSITORY, { bytes })
  await load.pull(await target(), blobPath(warm.digest))
  await scene.remove(warm.digest)
  await settled(ours)
  const found: Record<string, Memory> = {}
  const watch = async <T>(what: string, task: Promise<T>): Promise<T> => {
    const before = rssOf(ours)
    let most = before
    const timer = setInterval(() => {
      most = Math.max(most, rssOf(ours))
    }, 50)
    const result = await task
    clearInterval(timer)
    found[what] = { before, most }
    return result
  }
  const slow = { pauseMs: SLOW_MS }
  const options = { bytes: hugeBytes }
  const { digest } = await watch('push', load.push(await target(), REPOSITORY, options))
  await watch('pull', load.pull(await target(), blobPath(digest)))
  await watch('pull by a slow reader', load.pull(await target(), blobPath(digest), slow))
  await scene.remove(digest)
  const slowly = load.push(await target(), REPOSITORY, { ...options, ...slow })
  await scene.remove((await watch('push by a slow sender', slowly)).digest)
  return found
}

/** MB with so many clients that have asked once, and stay. */
export async function idleClients(bench: Bench, clients: number): Promise<number> {
  const { scene, load } = bench
  await load.stay(
    await targetOf(bench, scene.ours),
    `/v2/${REPOSITORY}/manifests/${scene.digest}`,
    clients,
  )
  await settled(scene.ours)
  const mb = rssOf(scene.ours)
  await load.leave()
  return mb
}

const targetOf = async ({ scene }: Bench, { port }: Subject) => ({
  port,
  token: await scene.token(),
})
const cpuOf = ({ pids }: Subject) => pids().reduce((sum, pid) => sum + cpuMs(pid), 0)
const rssOf = ({ pids }: Subject) => pids().reduce((sum, pid) => sum + rssMb(pid), 0)

/** Resolves when it has not worked for a second. */
async function settled(subject: Subject): Promise<void> {
  for (let last = Number.NaN, same = 0; same < 4; ) {
    const now = cpuOf(subject)
    same = now - last <= 10 ? same + 1 : 0
    last = now
    await pause(250)
  }
}
