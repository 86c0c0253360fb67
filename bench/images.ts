// `npm run bench:images`: how large the images for arm64 are, how soon each service is ready, and what it needs when it is idle, beside
// what they replace, in one run. Prints Markdown tables; see README.md here. Needs root, test/interop/setup and --deploy. Some five minutes.
//   --rounds 10     --no-sizes
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import { buildImages } from '../test/deploy/support/images.ts'
import { startBouncer } from '../test/support/bouncer-process.ts'
import { createCa } from '../test/support/ca.ts'
import { startDockerRegistry } from '../test/support/docker-registry.ts'
import { startFuchsbau } from '../test/support/fuchsbau.ts'
import { startRegistry } from '../test/support/registry-process.ts'
import { startSnac } from '../test/support/snac.ts'
import { makeTempData, removeTempData } from '../test/support/temp-data.ts'
import { startTlsFront } from '../test/support/tls-front.ts'
import { startZnc } from '../test/support/znc.ts'
import { median, rssMb } from './support/measure.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    'no-sizes': { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const IDLE_MS = 10_000
const MB = 1_000_000
const run = promisify(execFile)
const dist = (name: string) => join(import.meta.dirname, `../dist/${name}.mjs`)

/** A server that can be ended and started on what it has. */
interface Subject extends AsyncDisposable {
  start(): Promise<void>
  stop(): Promise<void>
  pid(): number
}

if (!values['no-sizes']) await printSizes()
await printStarts()

async function printSizes(): Promise<void> {
  await using images = await buildImages('0.0.0', 'bench')
  const debian = await debianSizes(['znc', 'docker-registry'])
  console.log('| compressed, arm64, MB | base with Node | ours | all |\n|---|---:|---:|---:|')
  for (const name of ['fediverse', 'bouncer', 'registry'] as const) {
    const [base = 0, ...own] = images.layersOf(name)
    const ours = own.reduce((sum, size) => sum + size, 0)
    console.log(`| ${name} | ${inMb(base)} | ${inMb(ours)} | ${inMb(base + ours)} |`)
  }
  for (const [name, size] of debian)
    console.log(`| Debian's ${name}, with what it needs | | | ${inMb(size)} |`)
  console.log()
}

/** What apt would fetch for each, with all that it needs, on an arm64 machine that has nothing. */
async function debianSizes(packages: readonly string[]): Promise<[string, number][]> {
  const directory = makeTempData('apt')
  const config = join(directory, 'apt.conf')
  for (const path of ['state/lists/partial', 'cache/archives/partial'])
    mkdirSync(join(directory, path), { recursive: true })
  writeFileSync(join(directory, 'status'), '')
  writeFileSync(
    config,
    `APT::Architecture "arm64"; APT::Architectures { "arm64"; }; APT::Sandbox::User "root";
Dir::State "${directory}/state"; Dir::State::status "${directory}/status"; Dir::Cache "${directory}/cache";`,
  )
  const apt = async (...args: string[]) =>
    (await run('apt-get', args, { env: { ...process.env, APT_CONFIG: config } })).stdout
  try {
    await apt('-qq', 'update')
    const sizes = packages.map(async (name): Promise<[string, number]> => {
      const listed = await apt('-qq', 'install', '--no-install-recommends', '--print-uris', name)
      const bytes = [...listed.matchAll(/\.deb (\d+) /g)].map(([, size]) => Number(size))
      return [name, bytes.reduce((sum, size) => sum + size, 0)]
    })
    return await Promise.all(sizes)
  } finally {
    removeTempData(directory)
  }
}

async function printStarts(): Promise<void> {
  await using ca = await createCa()
  await using front = await startTlsFront({ ca })
  await using fediverse = await startFuchsbau({ program: dist('fediverse') })
  await using bouncer = await startBouncer({
    people: [{ name: 'ann', port: 1 }],
    program: dist('bouncer'),
  })
  await using registry = await startRegistry({ program: dist('registry') })
  await using snac = await startSnac({ front, host: 'snac.test', users: ['ann'], paced: false })
  await using znc = await startZnc({ ca, users: [{ name: 'ann', password: 'secret' }] })
  await using docker = await startDockerRegistry()
  const ofDaemon = (daemon: typeof znc | typeof docker | typeof snac): Subject => ({
    start: () => daemon.start(),
    stop: () => daemon.stop(),
    pid: () => daemon.pid ?? 0,
    [Symbol.asyncDispose]: async () => {},
  })
  const subjects: [string, Subject][] = [
    ['fediverse', fediverse],
    ['snac 2.75', ofDaemon(snac)],
    ['bouncer', bouncer],
    ['ZNC 1.9', ofDaemon(znc)],
    ['registry', registry],
    ['docker-registry 2.8', ofDaemon(docker)],
  ]
  const times = new Map<string, number[]>()
  for (let round = 0; round < rounds; round++) {
    for (const [name, subject] of subjects) {
      await subject.stop()
      const begun = performance.now()
      await subject.start()
      times.set(name, [...(times.get(name) ?? []), performance.now() - begun])
    }
  }
  await pause(IDLE_MS)
  console.log('| | ready after, ms | least | most | idle, MB |\n|---|---:|---:|---:|---:|')
  for (const [name, subject] of subjects) {
    const all = times.get(name) ?? []
    const figures = [median(all), Math.min(...all), Math.max(...all)].map((ms) => Math.round(ms))
    console.log(`| ${name} | ${figures.join(' | ')} | ${Math.round(rssMb(subject.pid()))} |`)
  }
}

function inMb(bytes: number): string {
  return (bytes / MB).toFixed(1)
}
