// A poll of the real process, and a peer that follows: what was owed when the process was killed is told by the next one, once,
// with a proof that the peer can check against the actor's document.
import { join } from 'node:path'
import { systemClock } from '@fuchsbau/shared/clock.ts'
import { expect, test } from 'vitest'
import {
  checkIntegrityProof,
  readIntegrityProof,
} from '../../../services/fediverse/activitypub/integrity-proof.ts'
import { postDocument } from '../../../services/fediverse/activitypub/object.ts'
import { parseMultikey } from '../../../services/fediverse/activitypub/public-key.ts'
import { openStore } from '../../../services/fediverse/store/store.ts'
import { type Fuchsbau, startFuchsbau } from '../../support/fuchsbau.ts'
import { type Json, type PeerActor, startPeer } from '../../support/peer.ts'
import { waitFor } from '../../support/wait-for.ts'

const LASTS_MS = 4_000

/** An open poll of `you` and a vote of ten minutes ago, written while no server runs. */
async function writePoll({ url, data }: Fuchsbau, voter: PeerActor): Promise<string> {
  const clock = systemClock()
  const at = clock.now() - 600_000
  const actor = `${url}/you`
  const id = `${actor}/p/1`
  const document = postDocument({
    id,
    actor,
    followers: `${actor}/followers`,
    audience: 'public',
    html: '<p>Tea or coffee?</p>',
    isSensitive: false,
    language: 'en',
    mentioned: [],
    tags: [],
    attachments: [],
    poll: { options: ['Tea', 'Coffee'], isMultiple: false, endsAt: clock.now() + LASTS_MS },
    publishedAt: at,
  })
  const store = openStore({ directory: join(data, 'fediverse'), clock })
  const post = { id, kind: 'post', actor, local: 'you', at, audience: 'public', document } as const
  const vote = { kind: 'vote', actor: voter.id, at, audience: 'direct', target: id } as const
  await store.commit([
    store.objects.put(post),
    store.objects.put({ ...vote, id: voter.newId('votes'), name: 'Tea' }),
  ])
  await store.close()
  return id
}

test('counts and result of a poll reach a follower, through kill -9', async () => {
  await using peer = await startPeer()
  await using fuchs = await startFuchsbau()
  const us = `${fuchs.url}/you`
  const vera = peer.actor('vera')
  // By id: what was under way when the process was killed comes again.
  const received = (type: string) => {
    const all = peer.posted.map(({ body }) => JSON.parse(String(body)) as Json & { object: Json })
    const distinct = new Map(all.map((activity) => [activity.id, activity]))
    return [...distinct.values()].filter((activity) => activity.type === type)
  }
  const until = (what: string, check: () => boolean) =>
    waitFor(check, { what, context: () => fuchs.log() })
  await vera.post(`${us}/inbox`, vera.activity('Follow', us))
  await until('our Accept', () => received('Accept').length === 1)
  await fuchs.stop()

  const id = await writePoll(fuchs, vera)
  await fuchs.start()
  await until('the counts', () => received('Update').length === 1)
  expect(received('Update')[0]?.object).toMatchObject({ id, votersCount: 1 })
  expect(received('Update')[0]?.object).not.toHaveProperty('closed')
  await fuchs.kill()
  await fuchs.start()
  await until('the result', () => received('Update').length === 2)
  await fuchs.kill()
  await fuchs.start()
  await fuchs.cli('note', 'after the poll')
  await until('a later note', () => received('Create').length === 1)

  const updates = received('Update')
  expect(updates).toHaveLength(2)
  expect(updates[1]?.object).toMatchObject({ id, votersCount: 1, closed: expect.any(String) })
  expect((await fuchs.cli('show', 'notifications')).join('\n')).toContain(`end  ${id}`)
  const actor = (await (
    await fetch(us, { headers: { accept: 'application/activity+json' } })
  ).json()) as { assertionMethod: { publicKeyMultibase: string }[] }
  const key = parseMultikey(actor.assertionMethod[0]?.publicKeyMultibase ?? '')
  for (const update of updates) {
    const proof = readIntegrityProof(update, systemClock().now())
    expect(proof && key && checkIntegrityProof(proof, key)).toBe(true)
  }
}, 60_000)
