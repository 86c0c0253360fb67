// Notes to 1,000 followers while the server is killed again and again: each must reach every inbox, in order.
import { setTimeout as pause } from 'node:timers/promises'
import { checkTree, inParallel, Killer, operate, VerbRefused } from './crash.ts'
import { type Fuchsbau, startFuchsbau } from './fuchsbau.ts'
import { type Peer, type PeerActor, startPeer } from './peer.ts'
import { footprint } from './vitals.ts'
import { waitFor } from './wait-for.ts'

export interface DeliveryReport {
  kills: number
  notes: number
  /** Distinct pairs of note and inbox. */
  delivered: number
  /** Deliveries that came again, because a kill came before their outcome was on disk. */
  repeated: number
  /** What is wrong; empty when all is well. */
  problems: string[]
}

const HOSTS = 250

/** Publishes a note for each kill, which comes while it is published or delivered. */
export async function deliverThroughKills(
  followers: number,
  kills: number,
): Promise<DeliveryReport> {
  await using server = await startFuchsbau()
  await using peer = await startPeer({ hosts: HOSTS })
  await gather(server, peer, followers)
  const acknowledged: string[] = []

  for (let round = 0; round < kills; round += 1) {
    const killer = new Killer(server, [Math.floor(Math.random() * followers)])
    const text = `round ${round}.`
    let arrived = 0
    peer.onPost = ({ body }) => {
      if (body.includes(text)) killer.reached(++arrived)
      // Some hosts take their time, so that a kill finds deliveries under way.
      return { delayMs: peer.posted.length % 7 === 0 ? 20 : 0 }
    }
    if (round % 3 === 2) await killWhilePublishing(server, text)
    else acknowledged.push(...(await publish(server, text)))
    await waitFor(() => killer.kills > 0 || round % 3 === 2, {
      what: `the kill of ${text} ${arrived} have arrived`,
      context: server.log,
    })
    await killer.up
  }
  peer.onPost = () => ({})

  const published = await listNotes(server)
  const wanted = published.length * followers
  await waitFor(
    () => countDistinct(peer) >= wanted && !footprint(server).some((path) => /^queue/.test(path)),
    {
      what: `${wanted} deliveries`,
      context: () => `${countDistinct(peer)} have arrived`,
      timeoutMs: 60_000,
    },
  )
  const count = (await operate(server, 'followers')).length
  await server.stop()
  const problems = [...(await checkTree(server.data)), ...inspect(peer, published)]
  if (count !== followers) problems.push(`${count} followers are left`)
  problems.push(
    ...acknowledged.filter((id) => !published.includes(id)).map((id) => `${id} is lost`),
  )
  const delivered = countDistinct(peer)
  const total = notesOf(peer).length
  return { kills, notes: published.length, delivered, repeated: total - delivered, problems }
}

/** So many actors follow us, each with an inbox of her own; waits for our Accepts. */
async function gather(server: Fuchsbau, peer: Peer, followers: number): Promise<void> {
  const us = `${server.url}/you`
  const actors = Array.from({ length: followers }, (_, number) => {
    return peer.actor(`follower${number}`, { origin: peer.origins[number % HOSTS] ?? '' })
  })
  await inParallel(16, actors, async (actor: PeerActor) => {
    const { status } = await actor.post(`${us}/inbox`, actor.activity('Follow', us))
    if (status !== 202) throw new Error(`the Follow was answered ${status}`)
  })
  await waitFor(() => peer.posted.length === followers, {
    what: 'all Accepts',
    context: server.log,
    timeoutMs: 30_000,
  })
  peer.posted.length = 0
}

/** Resolves to the id of the note when it is said to be published; to none when the server is killed before that. */
async function publish(server: Fuchsbau, text: string): Promise<string[]> {
  try {
    const [id = ''] = await operate(server, 'note', text)
    return [id]
  } catch (error) {
    if (error instanceof VerbRefused) throw error
    return []
  }
}

/** The note is there, or is not; if it is, it must reach everybody. */
async function killWhilePublishing(server: Fuchsbau, text: string): Promise<void> {
  const asked = publish(server, text)
  await pause(Math.random() * 60)
  await server.kill()
  await asked
  await server.start()
}

/** Ids of our posts, oldest first. */
async function listNotes(server: Fuchsbau): Promise<string[]> {
  const lines = await operate(server, 'show', 'posts', '--limit', '1000', '--json')
  return lines.map((line) => (JSON.parse(line) as { id: string }).id).reverse()
}

/** What arrived: which note, at which inbox. */
function notesOf(peer: Peer): { inbox: string; note: string }[] {
  return peer.posted.map(({ url, body }) => {
    const { object } = JSON.parse(body.toString()) as { object: { id: string } }
    return { inbox: url, note: object.id }
  })
}

function countDistinct(peer: Peer): number {
  return new Set(notesOf(peer).map(({ inbox, note }) => `${note} ${inbox}`)).size
}

/** Each inbox got each note, for the first time in the order of publishing. */
function inspect(peer: Peer, published: readonly string[]): string[] {
  const byInbox = Map.groupBy(notesOf(peer), ({ inbox }) => inbox)
  return [...byInbox].flatMap(([inbox, arrived]) => {
    const first = [...new Set(arrived.map(({ note }) => note))]
    if (JSON.stringify(first) === JSON.stringify(published)) return []
    return [`${inbox} got ${first.join(' ')} instead of ${published.join(' ')}`]
  })
}
