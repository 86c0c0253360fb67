// Authorized fetch: who gives no name gets no posts; and blocked hosts and actors, who get nothing for their name.
import { sign } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fuchsbau, startFuchsbau } from '../../support/fuchsbau.ts'
import { type Answer, ask } from '../../support/http-post.ts'
import { makeKey, type Peer, type PeerActor, PUBLIC, startPeer } from '../../support/peer.ts'
import { waitFor } from '../../support/wait-for.ts'

let peer: Peer
let vera: PeerActor

beforeAll(async () => {
  peer = await startPeer()
  vera = peer.actor('vera')
})
afterAll(() => peer?.[Symbol.asyncDispose]())

/** A GET signed as other servers sign it; `of` is what the signature is made for, if that is not the URL. */
function getAs(
  actor: PeerActor,
  url: string,
  { of = url, at = Date.now(), key = actor.privateKey } = {},
) {
  const { host, pathname, search } = new URL(of)
  const date = new Date(at).toUTCString()
  const lines = [`(request-target): get ${pathname}${search}`, `host: ${host}`, `date: ${date}`]
  const signature = sign('sha256', Buffer.from(lines.join('\n')), key).toString('base64')
  const headers = {
    host,
    date,
    accept: 'application/activity+json',
    signature: `keyId="${actor.keyId}",algorithm="rsa-sha256",headers="(request-target) host date",signature="${signature}"`,
  }
  return ask(url, { headers })
}

const get = (url: string, accept = 'application/activity+json') => ask(url, { headers: { accept } })
const json = ({ body }: Answer) => JSON.parse(body) as Record<string, unknown>

/** She follows us, and all our deliveries to her are done. */
async function befriend(fuchs: Fuchsbau, actor: PeerActor): Promise<void> {
  const us = `${fuchs.url}/you`
  expect(await actor.post(`${us}/inbox`, actor.activity('Follow', us))).toMatchObject({
    status: 202,
  })
  await waitFor(() => peer.posted.some(({ body }) => body.includes('"Accept"')), {
    what: 'our Accept',
    context: fuchs.log,
  })
}

describe('with authorized fetch', () => {
  let fuchs: Fuchsbau
  let us: string
  let open: string
  let secret: string
  let direct: string

  beforeAll(async () => {
    fuchs = await startFuchsbau({ env: { FUCHSBAU_FEDIVERSE_AUTHORIZED_FETCH: 'true' } })
    us = `${fuchs.url}/you`
    await befriend(fuchs, vera)
    const note = async (...words: string[]) => (await fuchs.cli('note', ...words))[0] ?? ''
    open = await note('for everybody')
    secret = await note('for followers', '--to', 'followers')
    const her = `@vera@${new URL(vera.origin).host}`
    direct = await note(`${her} for you alone`, '--to', 'direct')
  })
  afterAll(() => fuchs?.[Symbol.asyncDispose]())

  const guarded: [string, () => string][] = [
    ['the outbox', () => `${us}/outbox`],
    ['its first page', () => `${us}/outbox?page=true`],
    ['the followers', () => `${us}/followers`],
    ['whom we follow', () => `${us}/following`],
    ['the pinned posts', () => `${us}/featured`],
    ['a post', () => open],
    ['its Create', () => `${open}/Create`],
    ['its replies', () => `${open}/replies`],
  ]

  test.each(guarded)('%s: unsigned 401, signed 200', async (_, url) => {
    const unsigned = await get(url())
    expect(unsigned.status).toBe(401)
    expect(json(unsigned)).toEqual({ error: 'this server answers signed requests only' })
    const signed = await getAs(vera, url())
    expect(signed.status).toBe(200)
    expect(json(signed)).toMatchObject({ id: url() })
    expect(signed.headers['cache-control']).toContain('private')
    expect(signed.headers.vary).toContain('signature')
  })

  test('a ready answer is not given to the next who has no name', async () => {
    const { headers } = await getAs(vera, open)
    const again = await ask(open, {
      headers: { accept: 'application/activity+json', 'if-none-match': String(headers.etag) },
    })
    expect(again.status).toBe(401)
  })

  test('the actor, her key and WebFinger are open: else nobody could check a name', async () => {
    const actor = await get(us)
    expect(actor.status).toBe(200)
    expect(json(actor)).toMatchObject({ publicKey: { id: `${us}#main-key` } })
    expect((await ask(`${fuchs.url}/.well-known/webfinger?resource=${us}`)).status).toBe(200)
    expect((await ask(`${fuchs.url}/nodeinfo/2.1`)).status).toBe(200)
  })

  test('pages of public posts are open to people', async () => {
    expect((await get(open, 'text/html')).status).toBe(200)
    expect((await get(secret, 'text/html')).status).toBe(404)
  })

  test.each([
    ['for another URL', () => getAs(vera, open, { of: us })],
    ['of 13 hours ago', () => getAs(vera, open, { at: Date.now() - 13 * 3_600_000 })],
    ['by another key', () => getAs(vera, open, { key: makeKey() })],
    [
      'with a key id that nobody serves',
      () => getAs({ ...vera, keyId: `${vera.origin}/users/nobody#main-key` }, open),
    ],
  ])('a signature %s is none', async (_, attempt) => {
    expect((await attempt()).status).toBe(401)
  })

  test('a post for followers is for followers, a direct one for whom it names', async () => {
    const stranger = peer.actor('stranger')
    expect((await getAs(vera, secret)).status).toBe(200)
    expect((await getAs(vera, direct)).status).toBe(200)
    expect((await getAs(stranger, secret)).status).toBe(404)
    expect((await getAs(stranger, direct)).status).toBe(404)
    expect((await getAs(vera, secret)).headers['cache-control']).toBe('private, no-store')
  })

  test('whom we block has no name that counts', async () => {
    const mallory = peer.actor('mallory')
    expect((await getAs(mallory, open)).status).toBe(200)
    await fuchs.cli('block', mallory.id)
    expect((await getAs(mallory, open)).status).toBe(401)
    expect((await getAs(mallory, `${us}/outbox`)).status).toBe(401)
    await fuchs.cli('unblock', mallory.id)
    expect((await getAs(mallory, open)).status).toBe(200)
  })
})

describe('a blocked host', () => {
  let fuchs: Fuchsbau
  let us: string
  /** On the same peer, under the name that is blocked. */
  let evil: PeerActor

  beforeAll(async () => {
    evil = peer.actor('evil', { origin: peer.origin.replace('127.0.0.1', 'localhost') })
    fuchs = await startFuchsbau({
      env: {
        FUCHSBAU_FEDIVERSE_BLOCKED_HOSTS: 'localhost, worse.example',
        FUCHSBAU_FEDIVERSE_AUTHORIZED_FETCH: 'true',
      },
    })
    us = `${fuchs.url}/you`
    peer.posted.length = 0
    await befriend(fuchs, vera)
    await fuchs.cli('follow', vera.id)
    const accept = vera.activity('Accept', { type: 'Follow', actor: us, object: vera.id })
    expect(await vera.post(`${us}/inbox`, accept)).toMatchObject({ status: 202 })
    peer.asked.length = 0
    peer.posted.length = 0
  })
  afterAll(() => fuchs?.[Symbol.asyncDispose]())

  const evils = () => [...peer.asked, ...peer.posted].filter(({ url }) => url.includes('localhost'))

  test('is answered 403 at every inbox, and not even asked for a key', async () => {
    for (const inbox of [`${us}/inbox`, `${fuchs.url}/shared-inbox`]) {
      const answer = await evil.post(inbox, evil.create('let me in', [us, PUBLIC]))
      expect(answer).toMatchObject({ status: 403 })
      expect(json(answer)).toEqual({ error: 'this host is blocked here' })
    }
    expect(evils()).toEqual([])
    expect(await fuchs.cli('show', 'notifications')).not.toContain('let me in')
  })

  test('is not heard through others', async () => {
    const forwarded = evil.create('let me in', [us, PUBLIC])
    expect(await vera.post(`${us}/inbox`, forwarded)).toMatchObject({ status: 403 })
    const boost = vera.activity('Announce', `${evil.id}/notes/1`, { to: [PUBLIC] })
    const mine = vera.create('after the boost', [PUBLIC])
    for (const activity of [boost, mine]) {
      expect(await vera.post(`${us}/inbox`, activity)).toMatchObject({ status: 202 })
    }
    await waitFor(async () => (await fuchs.cli('show')).join().includes('after the boost'), {
      what: 'a later note',
      context: fuchs.log,
    })
    expect((await fuchs.cli('show')).join()).not.toContain('announce')
    expect(evils()).toEqual([])
  })

  test('gets nothing for its signature', async () => {
    expect((await getAs(evil, `${us}/outbox`)).status).toBe(401)
    expect((await getAs(vera, `${us}/outbox`)).status).toBe(200)
    expect(evils()).toEqual([])
  })

  test('is not followed, looked up or sent anything', async () => {
    const handle = `@evil@${new URL(evil.id).host}`
    await expect(fuchs.cli('follow', evil.id)).rejects.toThrow('blocked')
    await expect(fuchs.cli('follow', handle)).rejects.toThrow('blocked')
    await expect(fuchs.cli('like', `${evil.id}/notes/1`)).rejects.toThrow('blocked')
    await fuchs.cli('note', `Beware of ${handle}`)
    await waitFor(() => peer.posted.some(({ body }) => body.includes('Beware')), {
      what: 'our note at our follower',
      context: fuchs.log,
    })
    expect(evils()).toEqual([])
  })
})

test('followers on a host that is blocked later get nothing more', async () => {
  const evil = peer.actor('evil', { origin: peer.origin.replace('127.0.0.1', 'localhost') })
  const before = await startFuchsbau()
  const port = new URL(before.url).port
  peer.posted.length = 0
  await befriend(before, evil)
  await befriend(before, vera)
  await waitFor(() => peer.posted.length === 2, { what: 'both Accepts', context: before.log })
  await before.stop()
  const env = {
    FUCHSBAU_FEDIVERSE_BLOCKED_HOSTS: 'localhost',
    FUCHSBAU_FEDIVERSE_LISTEN: `127.0.0.1:${port}`,
    FUCHSBAU_FEDIVERSE_URL: before.url,
  }
  await using after = await startFuchsbau({ data: before.data, env })
  await after.cli('note', 'without them')
  await waitFor(() => peer.posted.length === 3, { what: 'our note', context: after.log })
  expect(peer.posted[2]?.url).toBe(vera.inbox)
  expect(await after.cli('queue')).toEqual(['Nothing waits to be delivered.'])
  await before[Symbol.asyncDispose]()
})
