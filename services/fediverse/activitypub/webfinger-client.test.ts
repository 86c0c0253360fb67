// RFC 7033 from the asking side, against real servers on loopback.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestRemote, type Peer, startPeer } from './peer.fixture.ts'
import type { Remote } from './remote.ts'
import { lookupHandle, parseHandle } from './webfinger-client.ts'

describe('a handle', () => {
  test.each([
    ['@bob@remote.example', { user: 'bob', host: 'remote.example' }],
    ['bob@remote.example', { user: 'bob', host: 'remote.example' }],
    [' acct:bob@Remote.Example ', { user: 'bob', host: 'remote.example' }],
    ['@bob@remote.example:8443', { user: 'bob', host: 'remote.example:8443' }],
    ['@bob@bücher.example', { user: 'bob', host: 'xn--bcher-kva.example' }],
    ['@b.o-b_1@remote.example', { user: 'b.o-b_1', host: 'remote.example' }],
  ])('%s is read', (text, handle) => {
    expect(parseHandle(text)).toEqual(handle)
  })

  test.each([
    'bob',
    '@bob',
    '@@remote.example',
    '@bob@',
    '@bob@remote.example@evil.example',
    '@bob@remote.example/path',
    '@bob@remote.example?x',
    '@bob@remote.example#x',
    '@bob@remote.example\\x',
    '@bob@[::1]',
    '@bob@remote.example:99999',
    '@bo b@remote.example',
    '@bob@remote example',
    `@${'b'.repeat(129)}@remote.example`,
    `@bob@${'b'.repeat(254)}`,
    'https://remote.example/@bob',
    '',
  ])('%s is none', (text) => {
    expect(parseHandle(text)).toBeUndefined()
  })
})

describe('looked up', () => {
  let peer: Peer
  let remote: Remote
  let host: string

  beforeEach(async () => {
    peer = await startPeer()
    remote = createTestRemote()
    host = new URL(peer.origin).host
  })

  afterEach(async () => {
    await remote.close()
    await peer.close()
  })

  /** Answers every query with this descriptor. */
  const describeAs = (descriptor: unknown, type = 'application/jrd+json', on = peer) => {
    on.handler = (_, response) => {
      response.writeHead(200, { 'content-type': type }).end(JSON.stringify(descriptor))
    }
  }

  const selfLink = (href: unknown) => ({ rel: 'self', type: 'application/activity+json', href })
  const lookUp = (user = 'bob') => lookupHandle(remote, `@${user}@${host}`)

  test('is the actor of its self link', async () => {
    const id = `${peer.origin}/users/bob`
    describeAs({
      subject: `acct:bob@${host}`,
      links: [
        { rel: 'http://webfinger.net/rel/profile-page', type: 'text/html', href: `${id}/page` },
        { rel: 'self', type: 'application/atom+xml', href: `${id}/atom` },
        selfLink(id),
      ],
    })
    expect(await lookUp()).toEqual({ ok: true, id, handle: `@bob@${host}` })
    const query = new URLSearchParams({ resource: `acct:bob@${host}` })
    expect(peer.requests[0]?.url).toBe(`/.well-known/webfinger?${query}`)
    expect(peer.requests[0]?.headers['user-agent']).toContain('Fuchsbau')
  })

  test('may come as plain JSON, in another case, or without subject', async () => {
    const id = `${peer.origin}/users/bob`
    describeAs(
      { subject: `acct:Bob@${host}`, links: [selfLink(id)] },
      'application/json; charset=utf-8',
    )
    expect(await lookUp()).toEqual({ ok: true, id, handle: `@Bob@${host}` })
    describeAs({ links: [selfLink(id)] })
    expect(await lookUp()).toEqual({ ok: true, id, handle: `@bob@${host}` })
  })

  test('with the subject of another host, counts when that host confirms it', async () => {
    const other = await startPeer()
    const otherHost = new URL(other.origin).host
    const id = `${other.origin}/users/bob`
    const descriptor = { subject: `acct:bob@${otherHost}`, links: [selfLink(id)] }
    describeAs(descriptor)
    describeAs(descriptor, 'application/jrd+json', other)
    expect(await lookUp()).toEqual({ ok: true, id, handle: `@bob@${otherHost}` })

    const eve = { ...descriptor, links: [selfLink(`${other.origin}/users/eve`)] }
    describeAs(eve, 'application/jrd+json', other)
    expect(await lookUp()).toMatchObject({ ok: false, kind: 'bad-id' })
    const alias = { ...descriptor, subject: `acct:eve@${otherHost}` }
    describeAs(alias, 'application/jrd+json', other)
    expect(await lookUp()).toMatchObject({ ok: false, kind: 'bad-id' })
    await other.close()
  })

  test.each([
    ['a subject that is no handle', { subject: 'https://x.example/bob' }, 'bad-id'],
    ['no links', {}, 'not-found'],
    ['links of another kind', { links: 'none' }, 'not-found'],
    ['no self link', { links: [{ rel: 'alternate', href: 'https://x.example/' }] }, 'not-found'],
    ['a self link of a page', { links: [{ rel: 'self', type: 'text/html' }] }, 'not-found'],
    ['rubbish among the links', { links: [null, 1, 'self', []] }, 'not-found'],
    ['an array', [], 'bad-json'],
  ])('with %s is refused', async (_, descriptor, kind) => {
    const links = [selfLink(`${peer.origin}/users/bob`)]
    describeAs(kind === 'bad-id' ? { ...descriptor, links } : descriptor)
    expect(await lookUp()).toMatchObject({ ok: false, kind })
  })

  test.each([undefined, 7, 'users/bob', 'javascript:alert(1)', 'ftp://x.example/bob'])(
    'with a self link to %s is refused',
    async (href) => {
      describeAs({ subject: `acct:bob@${host}`, links: [selfLink(href)] })
      expect(await lookUp()).toMatchObject({ ok: false, kind: 'not-found' })
    },
  )

  test('to nobody, or in HTML, is a failure', async () => {
    expect(await lookUp('nobody')).toMatchObject({ ok: false, kind: 'not-found' })
    describeAs({}, 'text/html')
    expect(await lookUp()).toMatchObject({ ok: false, kind: 'bad-content-type' })
    expect(await lookupHandle(remote, 'nobody')).toMatchObject({ ok: false, kind: 'bad-url' })
  })

  test('asks over https alone outside of tests', async () => {
    const guarded = createTestRemote({ allowPrivateAddress: false })
    const found = await lookupHandle(guarded, `@bob@${host}`)
    expect(found).toMatchObject({ ok: false, kind: 'private-address' })
    expect(peer.requests).toEqual([])
    await guarded.close()
  })
})
