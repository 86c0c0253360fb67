// The scene of the hostile tests: our server, Vera whom we know on one host, Mallory who means ill on another, and the
// assertion that nothing has come of what she sent.
import { expect } from 'vitest'
import { type Fuchsbau, startFuchsbau } from './fuchsbau.ts'
import type { Answer } from './http-post.ts'
import { type Json, makeKey, type Peer, type PeerActor, PUBLIC, startPeer } from './peer.ts'
import { countServerErrors, footprint, isReady, settle } from './vitals.ts'
import { waitFor } from './wait-for.ts'

export type WithId = Json & { id: string }

export interface Scene extends AsyncDisposable {
  readonly server: Fuchsbau
  /** Two hosts: Vera's and Mallory's. */
  readonly peer: Peer
  /** Our actor, her inbox, and a public post of hers that Vera likes and has boosted. */
  readonly us: string
  readonly inbox: string
  readonly ourPost: string
  /** She follows us and we follow her. */
  readonly vera: PeerActor
  readonly veras: { note: WithId; like: WithId; boost: WithId }
  /** A stranger on Vera's host, with a key of his own. */
  readonly victor: PeerActor
  /** On a host of her own, with a key of her own. */
  readonly mallory: PeerActor
  /** A good activity. */
  hello(actor?: PeerActor): WithId
  /** Asserts how it is answered, and that no file has changed when all effects are done. */
  expectNothing(status: number | number[], attempt: () => Promise<Answer>): Promise<void>
  /** Asserts that the server is as well as at the beginning: no 5xx since it started, ready. */
  expectWell(): Promise<void>
}

/** Sets the scene; 1.5 seconds. */
export async function openScene(env: Record<string, string> = {}): Promise<Scene> {
  const server = await startFuchsbau({ env })
  const peer = await startPeer({ hosts: 2 })
  const us = `${server.url}/you`
  const inbox = `${us}/inbox`
  const [here = '', elsewhere = ''] = peer.origins
  const vera = peer.actor('vera', { origin: here })
  const victor = peer.actor('victor', { origin: here, privateKey: makeKey() })
  const mallory = peer.actor('mallory', { origin: elsewhere, privateKey: makeKey() })
  const ourPost = await befriend(server, peer, vera)
  const veras = await live(server, peer, vera, ourPost)

  return {
    server,
    peer,
    us,
    inbox,
    ourPost,
    vera,
    veras,
    victor,
    mallory,
    hello: (actor = mallory) => actor.create('hello', [us, PUBLIC]),
    async expectNothing(status, attempt) {
      const before = footprint(server)
      const answer = await attempt()
      expect([status].flat(), answer.body).toContain(answer.status)
      await settle(server)
      expect(footprint(server)).toEqual(before)
    },
    async expectWell() {
      expect(await countServerErrors(server), server.log()).toBe(0)
      expect(await isReady(server)).toBe(true)
    },
    async [Symbol.asyncDispose]() {
      await peer[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

/** Both follow each other; resolves to a post of ours that she got. */
async function befriend(server: Fuchsbau, peer: Peer, vera: PeerActor): Promise<string> {
  const context = server.log
  await server.cli('follow', vera.id)
  const follow = await waitFor(() => peer.posted[0], { what: 'our Follow', context })
  await send(server, vera, vera.activity('Accept', JSON.parse(follow.body.toString())))
  await send(server, vera, vera.activity('Follow', `${server.url}/you`))
  await waitFor(() => peer.posted[1], { what: 'our Accept', context })
  const [id = ''] = await server.cli('note', 'ours')
  await waitFor(() => peer.posted[2], { what: 'our note', context })
  const isQueued = () => footprint(server).some((line) => line.startsWith('queue/'))
  await waitFor(() => !isQueued(), { what: 'an empty queue', context })
  return id
}

async function live(server: Fuchsbau, peer: Peer, vera: PeerActor, ourPost: string) {
  const create = vera.create('hers', [PUBLIC])
  const note = create['object'] as WithId
  peer.serve(note)
  const like = vera.activity('Like', ourPost)
  const boost = vera.activity('Announce', ourPost, { to: [PUBLIC] })
  for (const activity of [create, like, boost]) await send(server, vera, activity)
  await settle(server)
  return { note, like, boost }
}

async function send(server: Fuchsbau, actor: PeerActor, activity: Json): Promise<void> {
  expect(await actor.post(`${server.url}/you/inbox`, activity)).toMatchObject({ status: 202 })
}
