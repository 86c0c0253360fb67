// `npm run bench`: the fediverse service as shipped beside a real snac, in one run on one machine. Prints a Markdown table
// of medians; see README.md here. Needs root and test/interop/setup; takes some eight minutes.
//   --only fuchsbau | snac     --objects 1000,20000,200000     --rounds 3
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createCa } from '../test/support/ca.ts'
import { startTlsFront } from '../test/support/tls-front.ts'
import { crashAfterPosts, crashInFanOut } from './support/crash.ts'
import { startLoadHost } from './support/load-host.ts'
import { type Cost, median, rssMb } from './support/measure.ts'
import { startOurs, startTheirs } from './support/subject.ts'
import { fanOut, follow, getMany, inboxCreates, many, type Scene } from './support/traffic.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    objects: { type: 'string', default: '1000,20000,200000' },
    rounds: { type: 'string', default: '3' },
  },
})
const rounds = Number(values.rounds)
const crowd = many.toLocaleString('en')

/** Every figure, and what ours is to reach. */
const targets: Record<string, string> = {
  'idle memory, MB': '≤ 100',
  'GET WebFinger, ms CPU': '≤ 0.10',
  'GET actor, ms CPU': '≤ 0.10',
  'GET outbox, ms CPU': '≤ 0.10',
  'GET profile page, ms CPU': '≤ 0.20',
  'inbox Create, verified and in effect, ms CPU': '≤ 1.0',
  [`of ${crowd} Creates answered 202, in effect`]: crowd,
  'delivery, ms CPU': '≤ 0.8',
  [`fan-out to ${crowd}, s`]: '≤ 1.5',
  [`fan-out to ${crowd}, each inbox takes 100 ms, s`]: '≤ 5',
  'memory after it, MB': '',
  [`inboxes of ${crowd} reached, killed in the fan-out`]: crowd,
  [`posts of ${crowd} there, killed behind the 202s`]: crowd,
}
type Row = Map<string, string>

await using ca = await createCa()
await using front = await startTlsFront({ ca })
front.adopt()
await using load = await startLoadHost(() => 'https://load.test')
front.route('load.test', load.upstream)

const started = performance.now()
const columns = new Map<string, Row>()
const program = join(import.meta.dirname, '../dist/fediverse.mjs')
if (values.only !== 'snac') {
  for (const objects of values.objects.split(',').map(Number)) {
    const name = `Fuchsbau, ${objects.toLocaleString('en')} objects`
    columns.set(
      name,
      await measure({ subject: await startOurs({ front, program, objects }), load }),
    )
  }
}
if (values.only !== 'fuchsbau')
  columns.set('snac 2.75', await measure({ subject: await startTheirs({ front }), load }))
print(columns)
console.log(`\nIn ${((performance.now() - started) / 1000).toFixed(0)} s.`)
process.exit()

/** Every figure of one server, which is closed in the end. */
async function measure(scene: Scene): Promise<Row> {
  const { subject } = scene
  const row: Row = new Map()
  const figure = (name: string, value: string) => {
    if (!(name in targets)) throw new Error(`no such figure: ${name}`)
    row.set(name, value)
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    process.stderr.write(`${seconds} s  ${subject.name}: ${name}: ${value}\n`)
  }
  try {
    figure('idle memory, MB', rssMb(subject.pid()).toFixed(0))
    for (const [what, path, accept] of subject.gets) {
      const costs = await inRounds(() => getMany(scene, path, accept))
      figure(`GET ${what}, ms CPU`, middle(costs, 'cpuMs').toFixed(3))
    }
    const creates = await inRounds((round) => inboxCreates(scene, round))
    figure('inbox Create, verified and in effect, ms CPU', middle(creates, 'cpuMs').toFixed(2))
    const effects = median(creates.map((cost) => cost.effects))
    figure(`of ${crowd} Creates answered 202, in effect`, String(effects))
    await follow(scene)
    const fans = await fanOuts(scene, 0)
    figure('delivery, ms CPU', middle(fans, 'cpuMs').toFixed(2))
    figure(`fan-out to ${crowd}, s`, seconds(fans))
    figure(`fan-out to ${crowd}, each inbox takes 100 ms, s`, seconds(await fanOuts(scene, 100)))
    figure('memory after it, MB', rssMb(subject.pid()).toFixed(0))
    const reached = await crashInFanOut(scene)
    figure(`inboxes of ${crowd} reached, killed in the fan-out`, String(reached))
    figure(`posts of ${crowd} there, killed behind the 202s`, String(await crashAfterPosts(scene)))
    return row
  } finally {
    await subject.close()
  }
}

/** Fan-outs to inboxes that take so long. */
async function fanOuts(scene: Scene, delayMs: number): Promise<Cost[]> {
  scene.load.setDelay(delayMs)
  const once = (round: number) => fanOut(scene, `Hello everyone ${delayMs} ${round}`)
  const costs = scene.subject.isSlow ? [await once(0)] : await inRounds(once)
  scene.load.setDelay(0)
  return costs
}

async function inRounds<T>(task: (round: number) => Promise<T>): Promise<T[]> {
  const costs: T[] = []
  for (let round = -1; round < rounds; round++) {
    const cost = await task(round)
    if (round >= 0) costs.push(cost) // the first is a warm-up
  }
  return costs
}

function middle(costs: readonly Cost[], key: keyof Cost): number {
  return median(costs.map((cost) => cost[key]))
}

function seconds(costs: readonly Cost[]): string {
  return (middle(costs, 'wallMs') / 1000).toFixed(2)
}

function print(table: Map<string, Row>): void {
  const names = [...table.keys(), 'target']
  console.log(`| | ${names.join(' | ')} |\n|---|${names.map(() => '---:').join('|')}|`)
  for (const [figure, target] of Object.entries(targets)) {
    const cells = [...table.values()].map((row) => row.get(figure) ?? '–')
    console.log(`| ${figure} | ${cells.join(' | ')} | ${target} |`)
  }
}
