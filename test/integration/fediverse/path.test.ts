// A public address with a path: every id, route and page lies below it, only `/.well-known` does not.
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type ActivityPubExpress,
  type ApexUser,
  startActivityPubExpress,
} from '../../support/activitypub-express.ts'
import { type Fuchsbau, startFuchsbau } from '../../support/fuchsbau.ts'
import { ask } from '../../support/http-post.ts'
import { waitFor } from '../../support/wait-for.ts'

let apex: ActivityPubExpress
let fuchs: Fuchsbau
let alice: ApexUser
let us: string

beforeAll(async () => {
  ;[apex, fuchs] = await Promise.all([
    startActivityPubExpress(['alice']),
    startFuchsbau({ path: '/social' }),
  ])
  alice = apex.user('alice')
  us = `${fuchs.url}/you`
})
afterAll(async () => {
  await fuchs?.[Symbol.asyncDispose]()
  await apex?.[Symbol.asyncDispose]()
})

const until = (what: string, check: () => unknown) =>
  waitFor(check, { what, context: () => `${apex.log()}\n${fuchs.log()}` })
const get = (url: string) => ask(url, { headers: { accept: 'application/activity+json' } })
const json = async (url: string) => JSON.parse((await get(url)).body) as Record<string, unknown>

test('WebFinger is at the root of the host, and leads below the path', async () => {
  const { origin, host } = new URL(fuchs.url)
  const answer = await get(`${origin}/.well-known/webfinger?resource=acct:you@${host}`)
  expect(JSON.parse(answer.body)).toMatchObject({
    subject: `acct:you@${host}`,
    links: [{ rel: 'self', href: `${origin}/social/you` }, {}],
  })
  const found = await json(`${origin}/.well-known/nodeinfo`)
  expect(JSON.stringify(found)).toContain(`${origin}/social/nodeinfo/2.1`)
  expect((await get(`${origin}/social/nodeinfo/2.1`)).status).toBe(200)
  expect((await get(`${fuchs.url}/.well-known/webfinger?resource=acct:you@${host}`)).status).toBe(
    404,
  )
})

test('nothing is served beside the path', async () => {
  const { origin } = new URL(fuchs.url)
  for (const path of ['/you', '/you/outbox', '/login', '/', '/socialyou', '/shared-inbox']) {
    expect((await get(`${origin}${path}`)).status, path).toBe(404)
  }
})

test('every id of the actor lies below it', async () => {
  const actor = await json(us)
  const ids = JSON.stringify(actor).match(/"http:\/\/127\.0\.0\.1[^"]*"/g) ?? []
  expect(ids.length).toBeGreaterThan(8)
  for (const id of ids) expect(id.startsWith(`"${fuchs.url}/`), id).toBe(true)
  for (const name of ['outbox', 'followers', 'following', 'featured']) {
    expect(await json(String(actor[name]))).toMatchObject({ id: `${us}/${name}` })
  }
})

test('federation works both ways', async () => {
  await alice.follow(us)
  await until('our Accept', () => alice.following().includes(us))
  await fuchs.cli('follow', alice.handle)
  await until('our Follow', () => alice.followers().includes(us))
  const [id = ''] = await fuchs.cli('note', `Hello ${alice.handle} #fox`)
  expect(id.startsWith(`${us}/p/`)).toBe(true)
  expect(await until('our note', () => apex.object(id))).toMatchObject({ attributedTo: [us] })
  const hers = await alice.note('hello back', { inReplyTo: id })
  await until('her answer', async () =>
    (await fuchs.cli('show', 'notifications')).join().includes(hers),
  )
  expect(await json(`${id}/replies`)).toMatchObject({ id: `${id}/replies`, items: [hers] })
  await fuchs.cli('like', hers)
  await until('our like', () => apex.reactions('likes', hers).includes(us))
})

test('so do the pages: every link and form stays below it', async () => {
  const page = await ask(us, { headers: { accept: 'text/html' } })
  expect(page.status).toBe(200)
  const links = [...page.body.matchAll(/ (?:href|src|action)="([^"]*)"/g)].map(
    ([, link = '']) => link,
  )
  const own = links.filter((link) => link.startsWith('/') || link.startsWith(new URL(us).origin))
  expect(own.length).toBeGreaterThan(3)
  for (const link of own) {
    expect(new URL(link, us).pathname, link).toMatch(/^\/social(?:\/|$)/)
    const { status } = await ask(new URL(link, us), { headers: { accept: 'text/html' } })
    expect([200, 302, 303, 405], link).toContain(status)
  }
})
