// `npm run bench:registry`: ours as shipped, in front of a registry, beside nginx and caddy in front of the same one and the
// registry alone, in one run in turns. Prints a Markdown table of medians; see README.md here. Needs root, test/interop/setup
// and test/interop/setup --bench; FUCHSBAU_ZOT names a Zot, else it is docker-registry. Takes some five minutes.
//   --only direct,…     --rows manifest,pull,…     --rounds 3     --scale 0.1     --source     --prof DIR     --open
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { median } from './support/measure.ts'
import { startLoad } from './support/registry-load.ts'
import {
  type Bench,
  idleClients,
  manifests,
  memory,
  pull,
  push,
  type Speed,
} from './support/registry-rows.ts'
import { REPOSITORY, type Subject, startScene } from './support/registry-scene.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rows: { type: 'string', default: 'digest,tag,pull,push,memory,idle' },
    rounds: { type: 'string', default: '3' },
    scale: { type: 'string', default: '1' },
    source: { type: 'boolean', default: false },
    open: { type: 'boolean', default: false },
    prof: { type: 'string' },
  },
})
const MIB = 1024 * 1024
const IDLE_CLIENTS = 500
const scale = Number(values.scale)
const rounds = Number(values.rounds)
const rows = values.rows.split(',')
const started = performance.now()

/** Rows that all subjects have. */
const compared = {
  digest: { name: 'manifest by digest, 16 clients', unit: 'GET/s', cost: 'GET', target: 0.45 },
  tag: { name: 'manifest by tag, 16 clients', unit: 'GET/s', cost: 'GET', target: undefined },
  pull: { name: 'pull of 256 MiB', unit: 'MiB/s', cost: 'GiB', target: 0.5 },
  push: { name: 'push of 256 MiB', unit: 'MiB/s', cost: 'GiB', target: 0.75 },
} as const
type Compared = keyof typeof compared

await using scene = await startScene({
  program: join(import.meta.dirname, '..', values.source ? 'fuchsbau.js' : 'dist/registry.mjs'),
  nodeOptions: values.prof === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.prof}`],
  isOpen: values.open,
})
await using load = startLoad()
const bench: Bench = {
  scene,
  load: load.call,
  bytes: Math.round(256 * scale) * MIB,
  hugeBytes: Math.round(2048 * scale) * MIB,
  ms: 3_000 * scale,
}
const only = values.only?.split(',')
const subjects = scene.subjects.filter(({ name }) => only?.includes(name) ?? true)
const wanted = (Object.keys(compared) as Compared[]).filter((row) => rows.includes(row))
const figures = await measureInTurns()
console.log(`Upstream: ${scene.upstream}.\n`)
printCompared(figures)
if (rows.includes('memory')) await printMemory()
if (rows.includes('idle')) {
  const mb = await idleClients(bench, IDLE_CLIENTS)
  console.log(`| ${IDLE_CLIENTS} idle clients | | ${mb.toFixed(0)} | ≤ 120 |`)
}
console.log(`\nIn ${((performance.now() - started) / 1000).toFixed(0)} s.`)

/** All rounds of all subjects, the first of them to warm up. */
async function measureInTurns(): Promise<Map<string, Speed[]>> {
  const found = new Map<string, Speed[]>()
  const target = { port: subjects[0]?.port ?? 0, token: await scene.token() }
  const { digest } = await bench.load.push(target, REPOSITORY, { bytes: bench.bytes })
  for (let round = -1; round < rounds; round += 1) {
    for (const row of wanted) {
      for (const subject of subjects) {
        const speed = await measure(row, subject, digest)
        say(`round ${round}: ${row}: ${subject.name}: ${speed.perSecond.toFixed(0)}`)
        const key = keyOf(row, subject)
        if (round >= 0) found.set(key, [...(found.get(key) ?? []), speed])
      }
    }
  }
  await scene.remove(digest)
  return found
}

async function measure(row: Compared, subject: Subject, digest: string): Promise<Speed> {
  if (row === 'pull') return await pull(bench, subject, digest)
  if (row === 'push') return await push(bench, subject)
  return await manifests(bench, subject, row)
}

function printCompared(found: Map<string, Speed[]>): void {
  const names = [...subjects.map(({ name }) => name), 'target']
  console.log(`| | ${names.join(' | ')} |\n|---|${names.map(() => '---:').join('|')}|`)
  for (const row of wanted) {
    const { name, unit, cost, target } = compared[row]
    const of = (figure: keyof Speed) =>
      subjects.map((subject) =>
        median((found.get(keyOf(row, subject)) ?? []).map((speed) => speed[figure])),
      )
    const speeds = of('perSecond')
    const direct = scene.subjects[0] === subjects[0] ? speeds[0] : undefined
    const isDirect = (index: number) => direct === undefined || index === 0
    const cells = speeds.map(
      (speed, index) =>
        `${speed.toLocaleString('en', { maximumFractionDigits: 0 })}${isDirect(index) ? '' : ` (${(speed / (direct ?? 1)).toFixed(2)})`}`,
    )
    console.log(`| ${name}, ${unit} | ${cells.join(' | ')} | ${target ? `≥ ${target}` : ''} |`)
    const costs = of('cpuMs').map((ms) => ms.toFixed(cost === 'GET' ? 3 : 0))
    console.log(`| CPU of a ${cost}, ms | ${costs.join(' | ')} | |`)
  }
}

async function printMemory(): Promise<void> {
  console.log('\n| memory of ours, MB | before | most | target |\n|---|---:|---:|---:|')
  for (const [what, { before, most }] of Object.entries(await memory(bench))) {
    const limit = `≤ ${(before + 20).toFixed(0)}`
    console.log(`| 2 GiB, ${what} | ${before.toFixed(0)} | ${most.toFixed(0)} | ${limit} |`)
  }
}

function keyOf(row: Compared, { name }: Subject): string {
  return `${row} ${name}`
}

function say(text: string): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  process.stderr.write(`${seconds} s  ${text}\n`)
}
