// What another server's answers and its own activities do to our deliveries to it, in the real process.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Fuchsbau, startFuchsbau } from '../../support/fuchsbau.ts'
import { type Peer, type PeerActor, startPeer } from '../../support/peer.ts'
import { waitFor } from '../../support/wait-for.ts'

let server: Fuchsbau
let peer: Peer
let vera: PeerActor
let us: string

beforeAll(async () => {
  server = await startFuchsbau({})
  peer = await startPeer()
  us = `${server.url}/you`
  vera = peer.actor('vera')
  vera.document['endpoints'] = { sharedInbox: `${peer.origin}/shared` }
  await vera.post(`${us}/inbox`, vera.activity('Follow', us))
  await arrival(vera.inbox, '"Accept"')
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await peer?.[Symbol.asyncDispose]()
})

/** Waits until an inbox of the peer has got a body that includes this text. */
const arrival = (url: string, text: string) =>
  waitFor(() => peer.posted.some((each) => each.url === url && each.body.includes(text)), {
    what: `${text} at ${url}`,
    context: server.log,
  })

// ActivityPub 7.1.3 leaves open what a shared inbox that is gone means; the actor's own inbox is what she has in any case.
test('a post finds the followers behind a shared inbox that is gone, once, and they stay', async () => {
  peer.onPost = ({ url }) => ({ status: url.endsWith('/shared') ? 410 : 202 })
  await server.cli('note', 'through the side door')
  await server.cli('note', 'the same way')
  await arrival(vera.inbox, 'the same way')
  const posted = peer.posted.filter(({ body }) => body.includes('through the side door'))
  expect(posted.map(({ url }) => url)).toEqual([`${peer.origin}/shared`, vera.inbox])
  expect((await server.cli('followers')).join('\n')).toContain(vera.id)
})

test('a server that was down gets what waits as soon as it posts something to us', async () => {
  peer.onPost = () => ({ status: 503 })
  await server.cli('note', 'after the storm')
  await arrival(`${peer.origin}/shared`, 'after the storm')
  peer.onPost = () => ({})
  const attempts = () => peer.posted.filter(({ body }) => body.includes('after the storm'))
  // By itself the first retry comes after 48 seconds at the earliest.
  await waitFor(
    async () => {
      await vera.post(`${us}/inbox`, vera.activity('Like', `${us}/p/none`))
      return attempts().length > 1
    },
    { what: 'the second attempt', context: server.log },
  )
  expect(attempts()).toHaveLength(2)
})
