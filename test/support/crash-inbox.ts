// 2,000 signed inbox posts while the server is killed again and again: what was answered 202 must be there, once.
import {
  checkTree,
  compareIndex,
  inParallel,
  Killer,
  openTree,
  operate,
  randomMoments,
} from './crash.ts'
import { type Fuchsbau, startFuchsbau } from './fuchsbau.ts'
import { type Peer, type PeerActor, PUBLIC, startPeer } from './peer.ts'
import { waitFor } from './wait-for.ts'

export interface InboxReport {
  kills: number
  acknowledged: number
  /** Posts that were sent again, because a kill came before the answer. */
  repeated: number
  /** What is wrong; empty when all is well. */
  problems: string[]
}

interface Post {
  signer: PeerActor
  activity: { id: string } & Record<string, unknown>
  note: string
}

const SIGNERS = 20
const FOLLOWED = 5

/** Sends so many posts, 16 at a time, through so many kills. */
export async function postThroughKills(posts: number, kills: number): Promise<InboxReport> {
  await using server = await startFuchsbau()
  await using peer = await startPeer({ hosts: 4 })
  const us = `${server.url}/you`
  const signers = Array.from({ length: SIGNERS }, (_, number) => {
    return peer.actor(`signer${number}`, { origin: peer.origins[number % 4] ?? '' })
  })
  for (const signer of signers.slice(0, FOLLOWED)) await follow(server, peer, signer)
  const makePost = (number: number): Post => {
    const signer = signers[number % SIGNERS] as PeerActor
    const activity = signer.create(`post ${number}`, [us, PUBLIC])
    return { signer, activity, note: (activity['object'] as { id: string }).id }
  }

  const killer = new Killer(server, randomMoments(kills, posts))
  const acknowledged = new Set<string>()
  let repeated = 0
  const send = async ({ signer, activity, note }: Post) => {
    const inbox = acknowledged.size % 3 === 0 ? `${server.url}/shared-inbox` : `${us}/inbox`
    for (let attempt = 0; ; attempt += 1) {
      const answer = await signer.post(inbox, activity).catch(() => undefined)
      if (answer?.status === 202) break
      if (answer) throw new Error(`answered ${answer.status} ${answer.body}`)
      if (attempt > 50) throw new Error(`no answer\n${server.log()}`)
      repeated += 1
      await killer.up
    }
    acknowledged.add(note)
    killer.reached(acknowledged.size)
  }
  await inParallel(
    16,
    Array.from({ length: posts }, (_, number) => makePost(number)),
    send,
  )
  await killer.up

  // One more of each signer: when it is there, everything before it has had its effect.
  const last = Array.from({ length: SIGNERS }, (_, number) => makePost(posts + number))
  for (const post of last) await send(post)
  await waitFor(
    async () => {
      const shown = (await operate(server, 'show', 'notifications', '--limit', '1000')).join('\n')
      return last.every(({ note }) => shown.includes(note))
    },
    { what: 'the effects of all posts', context: server.log, timeoutMs: 30_000 },
  )
  await server.stop()
  const followed = signers.slice(0, FOLLOWED).map(({ id }) => id)
  const problems = [
    ...(await checkTree(server.data)),
    ...(await inspect(server, acknowledged, followed)),
  ]
  return { kills: killer.kills, acknowledged: acknowledged.size, repeated, problems }
}

/** Our user follows an actor, who accepts. */
async function follow(server: Fuchsbau, peer: Peer, actor: PeerActor): Promise<void> {
  await operate(server, 'follow', actor.id)
  const sent = await waitFor(() => peer.posted.find(({ url }) => url === actor.inbox), {
    what: 'our Follow',
    context: server.log,
  })
  const accept = actor.activity('Accept', JSON.parse(sent.body.toString()))
  await actor.post(`${server.url}/you/inbox`, accept)
  await waitFor(
    async () => !(await operate(server, 'following')).some((line) => line.includes('requested')),
    { what: 'the Accept to count', context: server.log },
  )
}

async function inspect(
  { data }: Fuchsbau,
  notes: ReadonlySet<string>,
  followed: readonly string[],
): Promise<string[]> {
  const store = openTree(data)
  try {
    const ofFollowed = [...notes].filter((note) => followed.some((id) => note.startsWith(`${id}/`)))
    const pending = store.accepted.pending().map(({ id }) => `${id} still waits`)
    const failed = store.accepted.failed().map(({ id }) => `${id} has failed`)
    return [
      ...compareIndex(store, 'notifications/you', notes),
      ...compareIndex(store, 'home/you', ofFollowed),
      ...pending,
      ...failed,
    ]
  } finally {
    await store.close()
  }
}
