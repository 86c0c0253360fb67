// What anybody may ask of us, held to the specifications: ActivityPub by npm's activitypub-testing and by hand,
// WebFinger (RFC 7033), host-meta (RFC 6415), NodeInfo, and HTTP (RFC 9110).
import { ActorUrlTestRun } from 'activitypub-testing/test-actor'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fuchsbau, startFuchsbau } from '../../support/fuchsbau.ts'
import { type Answer, ask } from '../../support/http-post.ts'

const ACTIVITY = 'application/activity+json; charset=utf-8'
const PAGE = 'text/html; charset=utf-8'

let fuchs: Fuchsbau
let us: string
let host: string
const posts = { open: '', pinned: '', poll: '', boost: '', secret: '', direct: '', deleted: '' }

beforeAll(async () => {
  fuchs = await startFuchsbau()
  us = `${fuchs.url}/you`
  host = new URL(us).host
  const note = async (...words: string[]) => (await fuchs.cli('note', ...words))[0] ?? ''
  posts.open = await note('for **everybody**', '--cw', 'a warning')
  posts.pinned = await note('pinned')
  posts.poll = await note('Tea?', '--option', 'yes', '--option', 'no')
  posts.secret = await note('for followers', '--to', 'followers')
  posts.direct = await note('for nobody', '--to', 'direct')
  posts.deleted = await note('gone soon')
  await fuchs.cli('pin', posts.pinned)
  await fuchs.cli('boost', posts.open)
  await fuchs.cli('delete', posts.deleted)
  const { orderedItems } = json(await get(`${us}/outbox?page=true`)) as {
    orderedItems: { type: string; id: string }[]
  }
  posts.boost = orderedItems.find(({ type }) => type === 'Announce')?.id ?? ''
})
afterAll(() => fuchs?.[Symbol.asyncDispose]())

const get = (url: string, headers: Record<string, string> = {}) =>
  ask(url, { headers: { accept: 'application/activity+json', ...headers } })
const json = ({ body }: Answer) => JSON.parse(body) as Record<string, unknown>

describe('activitypub-testing', () => {
  /** Slug and outcome, where that is not "passed", and why. */
  const unmet: Record<string, string> = {
    // An actor need not have these collections; ours do not show what they like.
    'liked-collection-must-be-a-collection': 'inapplicable',
    'likes-collection-must-be-a-collection': 'inapplicable',
    'shares-collection-must-be-a-collection': 'inapplicable',
    // The inbox is its owner's alone, who reads it in the pages.
    'inbox-must-be-an-orderedcollection': 'inapplicable',
    // We are no client-to-server server: a POST to the outbox is answered 405, as section 6 asks of those.
    'outbox-post-must-accept-non-activity-object': 'inapplicable',
    'outbox-post-servers-must-return-a-201-created-http-code': 'inapplicable',
    'outbox-wraps-object-with-create-checked-using-get-location': 'inapplicable',
    'post-outbox-server-overwrites-id-property': 'inapplicable',
    'outbox-post-server-adds-to-outbox-collection-checked-by-outbox-get': 'inapplicable',
    'create-then-update-modifies-object-checked-by-get': 'inapplicable',
  }

  test('finds no failure in our actor', async () => {
    const silent = { ...console, debug() {}, warn() {} }
    const outcomes: Record<string, string> = {}
    for await (const { test, result } of new ActorUrlTestRun(new URL(us), { console: silent })) {
      outcomes[test.slug] = result.outcome
    }
    expect(outcomes).toEqual({
      'actor-must-serve-as2-object-to-get': 'passed',
      'actor-objects-must-have-inbox-outbox-properties': 'passed',
      'followers-collection-must-be-a-collection': 'passed',
      'following-collection-must-be-a-collection': 'passed',
      'outbox-must-be-an-orderedcollection': 'passed',
      ...unmet,
    })
  })
})

describe('WebFinger, RFC 7033', () => {
  const finger = (query: string) => ask(`${fuchs.url}/.well-known/webfinger${query}`)
  const acct = () => `?resource=acct:you@${host}`

  test.each([
    ['an acct URI', () => acct()],
    ['an acct URI, percent-encoded', () => `?resource=${encodeURIComponent(`acct:you@${host}`)}`],
    ['a handle without scheme, as some servers ask', () => `?resource=you@${host}`],
    ['the actor', () => `?resource=${encodeURIComponent(us)}`],
  ])('answers for %s (section 4.4)', async (_, query) => {
    const answer = await finger(query())
    expect(answer.status).toBe(200)
    expect(json(answer)).toEqual({
      subject: `acct:you@${host}`,
      aliases: [us],
      links: [
        { rel: 'self', type: 'application/activity+json', href: us },
        { rel: 'http://webfinger.net/rel/profile-page', type: 'text/html', href: us },
      ],
    })
  })

  test('is of its own media type (section 10.2), for every site (section 5), with or without Accept', async () => {
    for (const headers of [{}, { accept: 'text/html' }, { accept: 'application/jrd+json' }]) {
      const answer = await ask(`${fuchs.url}/.well-known/webfinger${acct()}`, { headers })
      expect(answer.status).toBe(200)
      expect(answer.headers).toMatchObject({
        'content-type': 'application/jrd+json; charset=utf-8',
        'access-control-allow-origin': '*',
      })
    }
  })

  test.each([
    ['absent', '', 400],
    ['empty', '?resource=', 400],
    ['no URI', '?resource=you', 400],
    ['an acct URI without host', '?resource=acct:you', 400],
    ['an acct URI without user', '?resource=acct:@fuchs.example', 400],
    ['given twice', '?resource=acct:you@HOST&resource=acct:you@HOST', 400],
    ['not percent-encoded', '?resource=%', 400],
    ['of somebody elsewhere', '?resource=acct:you@elsewhere.example', 404],
    ['of nobody', '?resource=acct:nobody@HOST', 404],
    ['a URL of nobody', '?resource=http://HOST/nobody', 404],
    ['a URL elsewhere', '?resource=https://elsewhere.example/you', 404],
  ])('with a resource that is %s (section 4.2)', async (_, query, status) => {
    const answer = await finger(query.replaceAll('HOST', host))
    expect(answer.status).toBe(status)
    expect(answer.headers['access-control-allow-origin']).toBe('*')
  })

  test.each([
    ['one', '&rel=self', ['self']],
    [
      'several',
      '&rel=self&rel=http://webfinger.net/rel/profile-page&rel=other',
      ['self', 'http://webfinger.net/rel/profile-page'],
    ],
    ['none that we have', '&rel=http://example.org/other', []],
  ])('gives only the links of %s that are asked for (section 4.3)', async (_, rels, expected) => {
    const answer = await finger(`${acct()}${rels}`)
    expect(answer.headers['content-type']).toBe('application/jrd+json; charset=utf-8')
    const { subject, links } = json(answer) as { subject: string; links: { rel: string }[] }
    expect(subject).toBe(`acct:you@${host}`)
    expect(links.map(({ rel }) => rel)).toEqual(expected)
  })
})

test('host-meta says where WebFinger is (RFC 6415)', async () => {
  const answer = await ask(`${fuchs.url}/.well-known/host-meta`)
  expect(answer.status).toBe(200)
  expect(answer.headers['content-type']).toBe('application/xrd+xml; charset=utf-8')
  expect(answer.body).toContain('<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">')
  const [, rel, template = ''] = /<Link rel="(\w+)" [^>]*template="([^"]+)"/.exec(answer.body) ?? []
  expect(rel).toBe('lrdd')
  expect((await ask(template.replace('{uri}', `acct:you@${host}`))).status).toBe(200)
})

describe('NodeInfo', () => {
  // By hand what the schemas ask for: https://nodeinfo.diaspora.software/ns/schema/2.0, …/2.1 (additionalProperties: false)
  test.each(['2.0', '2.1'])('%s fits its schema, and is found by its link', async (version) => {
    const found = await ask(`${fuchs.url}/.well-known/nodeinfo`)
    expect(found.headers['content-type']).toMatch(/^application\/json/)
    const rel = `http://nodeinfo.diaspora.software/ns/schema/${version}`
    const { links } = json(found) as { links: { rel: string; href: string }[] }
    const answer = await ask(links.find((link) => link.rel === rel)?.href ?? '')
    expect(answer.headers['content-type']).toBe(
      `application/json; profile="${rel}#"; charset=utf-8`,
    )
    const count = expect.toSatisfy((value) => Number.isInteger(value) && value >= 0)
    const info = json(answer)
    expect(info).toEqual({
      version,
      software: {
        name: expect.stringMatching(/^[a-z0-9-]+$/),
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      },
      protocols: ['activitypub'],
      services: { inbound: [], outbound: [] },
      openRegistrations: false,
      usage: {
        users: { total: count, activeHalfyear: count, activeMonth: count },
        localPosts: count,
      },
      metadata: {},
    })
    expect(info).toMatchObject({ usage: { users: { total: 1, activeMonth: 1 }, localPosts: 4 } })
  })

  test('lists the newest version first, and has no others', async () => {
    const { links } = json(await ask(`${fuchs.url}/.well-known/nodeinfo`)) as { links: unknown[] }
    expect(links).toHaveLength(2)
    expect(links[0]).toMatchObject({ rel: 'http://nodeinfo.diaspora.software/ns/schema/2.1' })
    expect((await ask(`${fuchs.url}/nodeinfo/1.0`)).status).toBe(404)
  })
})

const documents: [string, () => string, string][] = [
  ['the actor', () => us, 'Person'],
  ['the outbox', () => `${us}/outbox`, 'OrderedCollection'],
  ['its first page', () => `${us}/outbox?page=true`, 'OrderedCollectionPage'],
  ['the followers', () => `${us}/followers`, 'OrderedCollection'],
  ['whom we follow', () => `${us}/following`, 'OrderedCollection'],
  ['the pinned posts', () => `${us}/featured`, 'OrderedCollection'],
  ['a note', () => posts.open, 'Note'],
  ['its Create', () => `${posts.open}/Create`, 'Create'],
  ['its replies', () => `${posts.open}/replies`, 'Collection'],
  ['a poll', () => posts.poll, 'Question'],
  ['a boost', () => posts.boost, 'Announce'],
]

describe.each(documents)('%s', (_, url, type) => {
  test('is an object with the id that it was asked for by', async () => {
    const answer = await get(url())
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe(ACTIVITY)
    expect(json(answer)).toMatchObject({ '@context': expect.anything(), id: url(), type })
  })

  test('is not sent again to who has it (RFC 9110, sections 13.1.2 and 15.4.5)', async () => {
    const { headers } = await get(url())
    const etag = String(headers.etag)
    expect(etag).toMatch(/^"[\w-]+"$/)
    expect(headers['cache-control']).toBe('no-cache')
    for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await get(url(), { 'if-none-match': tags })
      expect([again.status, again.body, again.headers.etag], tags).toEqual([304, '', etag])
      expect(again.headers.vary).toBe(headers.vary)
    }
    expect((await get(url(), { 'if-none-match': '"other"' })).status).toBe(200)
  })

  test('has a HEAD (RFC 9110, section 9.3.2)', async () => {
    const { status, headers } = await get(url())
    const head = await ask(url(), {
      method: 'HEAD',
      headers: { accept: 'application/activity+json' },
    })
    expect([head.status, head.body]).toEqual([status, ''])
    for (const name of ['content-type', 'content-length', 'etag', 'vary'] as const) {
      expect(head.headers[name], name).toBe(headers[name])
    }
  })
})

describe('an actor or a post', () => {
  const profile = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
  test.each([
    ['application/activity+json', ACTIVITY],
    [profile, ACTIVITY],
    [`${profile}, application/activity+json`, ACTIVITY],
    ['application/json', ACTIVITY],
    ['application/activity+json, text/html;q=0.9', ACTIVITY],
    ['text/html;q=0.8, application/ld+json', ACTIVITY],
    ['text/html', PAGE],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', PAGE],
    ['application/activity+json;q=0.5, text/html', PAGE],
    ['*/*', PAGE],
    ['image/png', PAGE],
    ['', PAGE],
  ])('for Accept %s is %s, and says that it varies', async (accept, contentType) => {
    for (const url of [us, posts.open]) {
      const answer = await ask(url, { headers: { accept } })
      expect([answer.status, answer.headers['content-type']]).toEqual([200, contentType])
      expect(answer.headers.vary).toBe('accept')
    }
  })

  test('has a new tag when it has changed', async () => {
    const [before] = await fuchs.cli('note', 'before')
    const first = await get(before ?? '')
    await fuchs.cli('edit', before ?? '', 'after')
    const second = await get(before ?? '', { 'if-none-match': String(first.headers.etag) })
    expect(second.status).toBe(200)
    expect(json(second)).toMatchObject({ content: '<p>after</p>', updated: expect.any(String) })
    await fuchs.cli('delete', before ?? '')
    expect((await get(before ?? '')).status).toBe(410)
  })
})

describe('the pinned posts and the outbox', () => {
  test('have what is public, newest first', async () => {
    expect(json(await get(`${us}/featured`))).toMatchObject({
      totalItems: 1,
      orderedItems: [{ id: posts.pinned, type: 'Note' }],
    })
    const { orderedItems, partOf } = json(await get(`${us}/outbox?page=true`)) as {
      partOf: string
      orderedItems: { id: string }[]
    }
    expect(partOf).toBe(`${us}/outbox`)
    expect(orderedItems.map(({ id }) => id)).toEqual([
      posts.boost,
      ...[posts.poll, posts.pinned, posts.open].map((id) => `${id}/Create`),
    ])
    expect(json(await get(`${us}/outbox`))).toMatchObject({ totalItems: 4 })
  })
})

describe('what is gone', () => {
  test('is a Tombstone under its id, 410 (ActivityPub, section 6.4)', async () => {
    const answer = await get(posts.deleted)
    expect([answer.status, answer.headers['content-type']]).toEqual([410, ACTIVITY])
    expect(json(answer)).toMatchObject({ id: posts.deleted, type: 'Tombstone' })
    const etag = String(answer.headers.etag)
    expect((await get(posts.deleted, { 'if-none-match': etag })).status).toBe(410)
  })

  test.each(['', '/Create', '/replies'])('is 410 below it too: %s', async (below) => {
    expect((await get(`${posts.deleted}${below}`)).status).toBe(410)
  })

  test('is a page for people', async () => {
    const answer = await ask(posts.deleted, { headers: { accept: 'text/html' } })
    expect([answer.status, answer.headers['content-type']]).toEqual([410, PAGE])
  })
})

describe('what is not there, or not for everybody', () => {
  const nothing: [string, () => string][] = [
    ['an actor', () => `${fuchs.url}/nobody`],
    ['an actor in other letters', () => `${fuchs.url}/You`],
    ['an outbox', () => `${fuchs.url}/nobody/outbox`],
    ['a collection', () => `${us}/liked`],
    ['a post', () => `${us}/p/1`],
    ['a post of somebody else', () => posts.open.replace('/you/', '/nobody/')],
    ['a post for followers', () => posts.secret],
    ['its Create', () => `${posts.secret}/Create`],
    ['its replies', () => `${posts.secret}/replies`],
    ['a direct post', () => posts.direct],
    ['a file', () => `${us}/s/none.png`],
  ]
  test.each(nothing)('%s is 404', async (_, url) => {
    const answer = await get(url())
    expect(answer.status).toBe(404)
    expect(answer.body).not.toContain('followers')
    const page = await ask(url(), { headers: { accept: 'text/html' } })
    expect(page.status).toBe(404)
  })
})

test.each([
  ['GET', '/you/inbox', 'POST'],
  ['GET', '/shared-inbox', 'POST'],
  ['POST', '/you/outbox', 'GET, HEAD'],
])(
  '%s %s is 405 and says what is allowed (RFC 9110, section 15.5.6)',
  async (method, path, allow) => {
    const answer = await ask(`${fuchs.url}${path}`, {
      method,
      headers: { 'content-type': 'application/activity+json' },
    })
    expect([answer.status, answer.headers.allow]).toEqual([405, allow])
  },
)
