// A copy of the tree that is made while the server writes, started elsewhere: it holds what was acknowledged before.
import { checkTree, compareIndex, inParallel, openTree, operate } from './crash.ts'
import { type Fuchsbau, startFuchsbau } from './fuchsbau.ts'
import { ask } from './http-post.ts'
import { type Peer, type PeerActor, PUBLIC, startPeer } from './peer.ts'
import { makeTempData, removeTempData } from './temp-data.ts'
import { readMetrics } from './vitals.ts'
import { waitFor } from './wait-for.ts'

/** Copies what is in one directory to another, an empty one; resolves to what it complained of. */
export type Copy = (from: string, to: string) => Promise<string>

export interface CopyReport {
  /** Acknowledged before the copy began, and while it was made. */
  before: number
  during: number
  complaints: string
  /** What is wrong; empty when all is well. */
  problems: string[]
}

const FOLLOWERS = 40
const BEFORE = 400
const SHOWN = ['home', 'notifications', 'posts']

/** Copies the tree of a server under load, kills the server, and starts the copy under the same URL. */
export async function copyUnderLoad(copy: Copy): Promise<CopyReport> {
  await using server = await startFuchsbau()
  await using peer = await startPeer({ hosts: 8 })
  const signers = await gather(server, peer)
  const load = new Load(server, signers)
  const working = load.work()
  await waitFor(() => load.notes.length >= BEFORE && load.ours.length >= 3, {
    what: `${BEFORE} posts to be acknowledged`,
    context: server.log,
    timeoutMs: 30_000,
  })
  const before = { notes: [...load.notes], ours: [...load.ours] }
  const target = makeTempData('copy')
  try {
    const complaints = await copy(server.data, target)
    load.isOver = true
    await working
    await server.kill()
    const problems = await startElsewhere(server.url, target, signers, before, peer)
    const during = load.notes.length - before.notes.length
    return { before: before.notes.length, during, complaints, problems }
  } finally {
    load.isOver = true
    removeTempData(target)
  }
}

/** Posts of others and of ours, until it is over. */
class Load {
  readonly #server: Fuchsbau
  readonly #signers: readonly PeerActor[]
  /** Ids of what was acknowledged. */
  readonly notes: string[] = []
  readonly ours: string[] = []
  isOver = false

  constructor(server: Fuchsbau, signers: readonly PeerActor[]) {
    this.#server = server
    this.#signers = signers
  }

  async work(): Promise<void> {
    await Promise.all([
      ...this.#signers.slice(0, 12).map((signer) => this.#post(signer)),
      this.#publish(),
    ])
  }

  async #post(signer: PeerActor): Promise<void> {
    const us = `${this.#server.url}/you`
    while (!this.isOver) {
      const create = signer.create('under load', [us, PUBLIC])
      const { status } = await signer.post(`${us}/inbox`, create)
      if (status !== 202) throw new Error(`answered ${status}`)
      this.notes.push((create['object'] as { id: string }).id)
    }
  }

  async #publish(): Promise<void> {
    while (!this.isOver) {
      const [id = ''] = await operate(this.#server, 'note', `ours ${this.ours.length}`)
      this.ours.push(id)
    }
  }
}

/** Makes the actors that follow us. */
async function gather(server: Fuchsbau, peer: Peer): Promise<PeerActor[]> {
  const us = `${server.url}/you`
  const actors = Array.from({ length: FOLLOWERS }, (_, number) => {
    return peer.actor(`actor${number}`, { origin: peer.origins[number % 8] ?? '' })
  })
  await inParallel(8, actors, async (actor) => {
    await actor.post(`${us}/inbox`, actor.activity('Follow', us))
  })
  await waitFor(() => peer.posted.length === FOLLOWERS, {
    what: 'all Accepts',
    context: server.log,
  })
  return actors
}

/** Starts the copy in its own place and on its own port; what is missing then, or wrong. */
async function startElsewhere(
  url: string,
  data: string,
  signers: readonly PeerActor[],
  before: { notes: readonly string[]; ours: readonly string[] },
  peer: Peer,
): Promise<string[]> {
  await using copy = await startFuchsbau({ data, env: { FUCHSBAU_FEDIVERSE_URL: url } })
  await takeEffect(copy, url, signers)
  const problems = await browse(copy)
  const wanted = before.ours.flatMap((id) => signers.map(({ inbox }) => `${id} ${inbox}`))
  const missing = () => {
    const arrived = new Set(peer.posted.map(({ url, body }) => `${noteOf(body)} ${url}`))
    return wanted.filter((pair) => !arrived.has(pair))
  }
  await waitFor(() => missing().length === 0, {
    what: `the deliveries of ${wanted.length} that are still missing`,
    context: () => `${missing().length}, such as ${missing()[0]}\n${copy.log()}`,
    timeoutMs: 20_000,
  })
  await copy.stop()
  problems.push(...(await checkTree(data)))
  const store = openTree(data)
  try {
    return [
      ...problems,
      ...compareIndex(store, 'notifications/you', before.notes),
      ...compareIndex(store, 'posts/you', before.ours),
      ...signers
        .filter(({ id }) => store.relations.get('you', 'followers', id)?.state !== 'accepted')
        .map(({ id }) => `${id} follows no more`),
    ]
  } finally {
    await store.close()
  }
}

const noteOf = (body: Buffer) =>
  (JSON.parse(body.toString()) as { object: { id?: string } }).object.id

/** Has one more post of each signer take effect: then everything before it has. */
async function takeEffect(
  copy: Fuchsbau,
  url: string,
  signers: readonly PeerActor[],
): Promise<void> {
  const ids: string[] = []
  for (const signer of signers) {
    const create = signer.create('to the copy', [`${url}/you`])
    ids.push((create['object'] as { id: string }).id)
    const signing = { host: new URL(url).host }
    const { status, body } = await signer.post(`${copy.listening}/you/inbox`, create, signing)
    if (status !== 202) throw new Error(`the copy answered ${status} ${body}`)
  }
  await waitFor(
    async () => {
      const shown = (await operate(copy, 'show', 'notifications', '--limit', '1000')).join('\n')
      return ids.every((id) => shown.includes(id))
    },
    { what: 'effects in the copy', context: copy.log },
  )
}

/** Looks at all timelines and public pages of the copy. */
async function browse(copy: Fuchsbau): Promise<string[]> {
  const problems: string[] = []
  for (const what of SHOWN) {
    const lines = await operate(copy, 'show', what, '--limit', '1000')
    if (what !== 'home' && lines.length === 0) problems.push(`${what} is empty`)
  }
  const json = { accept: 'application/activity+json' }
  for (const [path, headers] of [
    ['/you', {}],
    ['/you', json],
    ['/you/outbox', json],
    ['/you/outbox?page=true', json],
    ['/you/followers', json],
  ] as const) {
    const { status } = await ask(`${copy.listening}${path}`, { headers })
    if (status !== 200) problems.push(`${path} answers ${status}`)
  }
  const metric = await readMetrics(copy)
  if (metric('fuchsbau_http_requests_total{service="fediverse",class="5xx"}') > 0)
    problems.push('something was answered 5xx')
  return problems
}
