// `npm run bench`: the fediverse service as shipped beside a real snac, in one run on one machine. Prints a Markdown table
// of medians. CPU is that of the server's process. Needs root and test/interop/setup; takes some ten minutes.
//   --only fuchsbau | snac     --objects 1000,20000,200000     --rounds 3
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createCa } from '../test/support/ca.ts'
import { startTlsFront } from '../test/support/tls-front.ts'
import { type LoadHost, startLoadHost } from './support/load-host.ts'
import { type Cost, costOf, median, repeat, rssMb, send } from './support/measure.ts'
import { type Subject, startOurs, startTheirs } from './support/subject.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    objects: { type: 'string', default: '1000,20000,200000' },
    rounds: { type: 'string', default: '3' },
  },
})
const rounds = Number(values.rounds)
const gets = 2_000
const posts = 1_000
const followers = 1_000

type Row = Map<string, string>

await using ca = await createCa()
await using front = await startTlsFront({ ca })
front.adopt()
await using host = await startLoadHost(() => 'https://load.test')
front.route('load.test', host.upstream)

const columns = new Map<string, Row>()
const bundle = join(import.meta.dirname, '../dist/fediverse.mjs')
if (values.only !== 'snac') {
  for (const objects of values.objects.split(',').map(Number)) {
    const name = `Fuchsbau, ${objects.toLocaleString('en')} objects`
    columns.set(name, await measure(await startOurs({ front, program: bundle, objects }), host))
  }
}
if (values.only !== 'fuchsbau')
  columns.set('snac 2.75', await measure(await startTheirs({ front }), host))
print(columns)
process.exit()

/** Every figure of one server. */
async function measure(subject: Subject, load: LoadHost): Promise<Row> {
  const row: Row = new Map()
  const { pid, name } = subject
  const progress = (what: string) => process.stderr.write(`${name}: ${what}\n`)
  try {
    row.set('idle memory, MB', rssMb(pid()).toFixed(0))
    for (const [what, path, accept] of subject.gets) {
      progress(what)
      const costs = await inRounds(() =>
        costOf(pid(), gets, () =>
          repeat(gets, () => ok(send(subject, 'GET', path, { host: subject.host, accept }), 200)),
        ),
      )
      row.set(`GET ${what}, ms CPU`, middle(costs, 'cpuMs').toFixed(3))
    }
    progress('inbox Create')
    const creates = await inRounds((round) => inboxCreates(subject, load, round))
    row.set('inbox Create, verified and in effect, ms CPU', middle(creates, 'cpuMs').toFixed(2))
    progress(`${followers} followers`)
    load.reset()
    await follow(subject, load)
    for (const delay of [0, 100]) {
      progress(`fan-out, inboxes of ${delay} ms`)
      load.setDelay(delay)
      const fans = await inRounds((round) => fanOut(subject, load, `${delay} ${round}`))
      const what = `fan-out to ${followers.toLocaleString('en')}${delay ? ', each inbox takes 100 ms' : ''}`
      row.set(`${what}, s`, (middle(fans, 'wallMs') / 1000).toFixed(2))
      if (!delay) row.set('delivery, ms CPU', middle(fans, 'cpuMs').toFixed(2))
    }
    load.setDelay(0)
    row.set('memory after it, MB', rssMb(pid()).toFixed(0))
    return row
  } finally {
    await subject.close()
  }
}

/** Signed Creates addressed to the user, one actor, until all have taken effect. */
function inboxCreates(subject: Subject, load: LoadHost, round: number): Promise<Cost> {
  const actor = 'https://load.test/author'
  const { host: to, inboxPath: path, actor: us } = subject
  const signed = Array.from({ length: posts }, (_, i) => {
    const id = `${actor}/n/${subject.name}-${round}-${i}`
    const note = {
      id,
      type: 'Note',
      attributedTo: actor,
      to: [us],
      cc: [],
      published: new Date().toISOString(),
      content: `<p>${'A line of some length. '.repeat(15)}${i}</p>`,
      tag: [{ type: 'Mention', href: us, name: '@you' }],
    }
    const context = 'https://www.w3.org/ns/activitystreams'
    return load.post(
      actor,
      { host: to, path },
      { '@context': context, id: `${id}/c`, type: 'Create', actor, to: [us], cc: [], object: note },
    )
  })
  return costOf(subject.pid(), posts, async () => {
    const before = await subject.effects()
    await repeat(posts, (i) =>
      ok(send(subject, 'POST', path, signed[i]?.headers ?? {}, signed[i]?.body), 202),
    )
    await until(async () => (await subject.effects()) >= before + posts)
  })
}

async function follow(subject: Subject, load: LoadHost): Promise<void> {
  const { host: to, inboxPath: path, actor: us } = subject
  await repeat(followers, (i) => {
    const actor = `https://load.test/f${i}`
    const activity = {
      '@context': 'https://www.w3.org/ns/activitystreams',
      id: `${actor}/follow`,
      type: 'Follow',
      actor,
      object: us,
    }
    const { headers, body } = load.post(actor, { host: to, path }, activity)
    return ok(send(subject, 'POST', path, headers, body), 202)
  })
  await until(() => load.received() >= followers)
}

function fanOut(subject: Subject, load: LoadHost, text: string): Promise<Cost> {
  load.reset()
  return costOf(subject.pid(), followers, async () => {
    await subject.publish(`Hello everyone ${text}`)
    await until(() => load.received() >= followers)
  })
}

async function inRounds(task: (round: number) => Promise<Cost>): Promise<Cost[]> {
  const costs: Cost[] = []
  for (let round = -1; round < rounds; round++) {
    const cost = await task(round)
    if (round >= 0) costs.push(cost) // the first is a warm-up
  }
  return costs
}

function middle(costs: Cost[], key: keyof Cost): number {
  return median(costs.map((cost) => cost[key]))
}

async function ok(sent: Promise<number>, expected: number): Promise<void> {
  const status = await sent
  if (status !== expected) throw new Error(`answered ${status}, not ${expected}`)
}

/** Looks every 5 ms, for at most five minutes. */
async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 300_000
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error('waited five minutes in vain')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

function print(table: Map<string, Row>): void {
  const names = [...table.keys()]
  const figures = new Set([...table.values()].flatMap((row) => [...row.keys()]))
  console.log(`| | ${names.join(' | ')} |\n|---|${names.map(() => '---:').join('|')}|`)
  for (const figure of figures) {
    console.log(
      `| ${figure} | ${names.map((name) => table.get(name)?.get(figure) ?? '–').join(' | ')} |`,
    )
  }
}
