// `npm run bench:bouncer`: the bouncer as shipped beside real ZNC and soju, in one run on one machine. Prints a Markdown
// table of medians; see README.md here. Needs root and test/interop/setup; takes some ten minutes.
//   --only fuchsbau,znc,soju     --rows lines,latency,…     --rounds 3     --scale 0.1     --source
import { parseArgs } from 'node:util'
import { startClients } from './support/bouncer-clients.ts'
import { startNetwork } from './support/bouncer-network.ts'
import {
  disk,
  latency,
  type Missed,
  memoryMb,
  networkRestart,
  returning,
  type Scene,
  stalled,
  throughput,
} from './support/bouncer-rows.ts'
import { searchTimes } from './support/bouncer-search.ts'
import {
  programOf,
  type Subject,
  type SubjectOptions,
  startOurs,
  startSojuSubject,
  startZncSubject,
} from './support/bouncer-subject.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'fuchsbau,znc,soju' },
    rows: { type: 'string', default: 'lines,latency,return,stall,disk,many,search' },
    rounds: { type: 'string', default: '3' },
    scale: { type: 'string', default: '1' },
    source: { type: 'boolean', default: false },
    prof: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const scale = Number(values.scale)
const rows = new Set(values.rows.split(','))
const MANY = 100

/** Every figure, and what ours is to reach. */
const targets: Record<string, string> = {
  'lines/s to 1 client': '≥ 15,000',
  'lines/s to 10 clients': '≥ 10,000',
  'lines/s to 100 clients': '≥ 2,500',
  'CPU of a line to 1 client, µs': '',
  'CPU of a line to 10 clients, µs': '',
  'CPU of a line to 100 clients, µs': '',
  'added latency at 50 lines/s, p50, ms': '≤ 0.5',
  'added latency at 50 lines/s, p99, ms': '≤ 3',
  '50,000 lines by playback, s': '≤ 0.9',
  'of them missing': '0',
  '50,000 lines by chathistory, s': '≤ 0.9',
  'of those missing': '0',
  'one client stalled: longest gap of another, s': '≤ 0.1',
  'memory then, MB': '',
  'MB on the disk for 100,000 lines': '≤ 20',
  'memory, 1 user, MB': '≤ 90',
  'memory, 100 users in 10 channels, MB': '≤ 130',
  '100 users back after a restart of the network, s': '≤ 10',
  'search in 1,000,000 lines: a rare word, ms': '≤ 100',
  'search in 1,000,000 lines: a common word, ms': '≤ 100',
  'search in 1,000,000 lines: two common words, ms': '≤ 100',
  'search in 1,000,000 lines: a phrase of them, ms': '≤ 100',
  'search in 1,000,000 lines: a word that is not there, ms': '≤ 100',
}
type Row = Map<string, string>
type Start = (options: SubjectOptions, more?: { hasLog: boolean }) => Promise<Subject>

const program = programOf(values.source)
const nodeOptions = values.prof ? ['--cpu-prof', `--cpu-prof-dir=${values.prof}`] : []
const starts: Record<string, Start> = {
  fuchsbau: (options) => startOurs({ ...options, program, nodeOptions }),
  znc: startZncSubject,
  soju: startSojuSubject,
}

const started = performance.now()
const columns = new Map<string, Row>()
for (const name of values.only.split(',')) {
  const start = starts[name]
  if (!start) throw new Error(`there is no ${name}: fuchsbau, znc or soju`)
  columns.set(name, await measure(name, start))
}
print(columns)
console.log(`\nIn ${((performance.now() - started) / 1000).toFixed(0)} s.`)
process.exit()

/** Every figure of one bouncer. */
async function measure(name: string, start: Start): Promise<Row> {
  const row: Row = new Map()
  const figure = (what: string, value: number | undefined, digits: number) => {
    if (!(what in targets)) throw new Error(`no such figure: ${what}`)
    const format = { minimumFractionDigits: digits, maximumFractionDigits: digits }
    const text = value === undefined ? '–' : value.toLocaleString('en', format)
    row.set(what, text)
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    process.stderr.write(`${seconds} s  ${name}: ${what}: ${text}\n`)
  }
  /** The rows that one fresh bouncer with one person is used for. */
  const alone = async (wanted: string, task: (scene: Scene) => Promise<void>) => {
    if (rows.has(wanted)) await withScene(start, { people: 1, channels: ['#load'] }, task)
  }
  await alone('lines', async (scene) => {
    figure('memory, 1 user, MB', await memoryMb(scene), 0)
    for (const clients of [1, 10, 100]) {
      const { perSecond, cpuMicros } = await throughput(scene, clients)
      const s = clients === 1 ? '' : 's'
      figure(`lines/s to ${clients} client${s}`, perSecond, 0)
      figure(`CPU of a line to ${clients} client${s}, µs`, cpuMicros, 0)
    }
  })
  await alone('latency', async (scene) => {
    const { p50, p99 } = await latency(scene)
    figure('added latency at 50 lines/s, p50, ms', p50, 2)
    figure('added latency at 50 lines/s, p99, ms', p99, 2)
  })
  await alone('return', async (scene) => {
    const { playback, chathistory } = await returning(scene)
    const both = (how: string, missing: string, missed: Missed | undefined) => {
      figure(`50,000 lines by ${how}, s`, missed?.seconds, 2)
      figure(missing, missed?.missing, 0)
    }
    both('playback', 'of them missing', playback)
    both('chathistory', 'of those missing', chathistory)
  })
  await alone('stall', async (scene) => {
    const { gapMs, memoryMb } = await stalled(scene)
    figure('one client stalled: longest gap of another, s', gapMs / 1000, 2)
    figure('memory then, MB', memoryMb, 0)
  })
  if (rows.has('disk')) {
    const logging: Start = (options) => start(options, { hasLog: true })
    await withScene(logging, { people: 1, channels: ['#load'] }, async (scene) =>
      figure('MB on the disk for 100,000 lines', await disk(scene), 1),
    )
  }
  if (rows.has('many')) {
    const channels = Array.from({ length: 10 }, (_, index) => `#c${index}`)
    await withScene(start, { people: MANY, channels }, async (scene) => {
      figure('memory, 100 users in 10 channels, MB', await memoryMb(scene), 0)
      const seconds = await networkRestart(scene, MANY)
      figure('100 users back after a restart of the network, s', seconds, 1)
    })
  }
  if (rows.has('search') && name === 'fuchsbau') {
    for (const { what, ms } of await searchTimes(Math.round(1_000_000 * scale))) {
      figure(`search in 1,000,000 lines: ${what}, ms`, ms, 1)
    }
  }
  return row
}

async function withScene(
  start: Start,
  { people, channels }: { people: number; channels: string[] },
  task: (scene: Scene) => Promise<void>,
): Promise<void> {
  await using network = startNetwork()
  await using clients = startClients()
  await using subject = await start({ port: await network.call.port(), people, channels })
  await network.call.joined(channels, people, 300_000)
  await network.call.fill(channels)
  await task({ subject, network: network.call, clients: clients.call, channels, rounds, scale })
}

function print(table: Map<string, Row>): void {
  const names = [...table.keys(), 'target']
  console.log(`| | ${names.join(' | ')} |\n|---|${names.map(() => '---:').join('|')}|`)
  for (const [what, target] of Object.entries(targets)) {
    const cells = [...table.values()].map((row) => row.get(what) ?? '–')
    console.log(`| ${what} | ${cells.join(' | ')} | ${target} |`)
  }
}
