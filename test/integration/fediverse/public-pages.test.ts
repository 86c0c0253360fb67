// What anybody sees of our posts beside the profile: hashtags as pages and collections, the feed, files, error pages.
// Against the real process.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pictures } from '../../../services/fediverse/post/picture.fixture.ts'
import { type Fuchsbau, startFuchsbau } from '../../support/fuchsbau.ts'
import { signIn, type Visitor } from '../../support/visitor.ts'

const ACTIVITY = 'application/activity+json'
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

let server: Fuchsbau
let visitor: Visitor

beforeAll(async () => {
  server = await startFuchsbau()
  visitor = await signIn(server)
})
afterAll(() => server?.[Symbol.asyncDispose]())

const ask = async (path: string, accept: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${server.url}${path}`, { headers: { accept, ...headers } })
  const { status } = response
  return { status, headers: response.headers, text: await response.text() }
}

test('a hashtag is a page, and a collection of ids for who asks so', async () => {
  const [id = ''] = await server.cli('note', 'A walk with #Füchse')
  const path = `/?t=${encodeURIComponent('füchse')}`
  const page = await ask(path, BROWSER)
  expect(page).toMatchObject({
    status: 200,
    text: expect.stringContaining('<h1 dir="auto">#füchse'),
  })
  expect(page.text).toContain('A walk with')
  const collection = await ask(path, ACTIVITY)
  expect(collection.headers.get('content-type')).toContain(ACTIVITY)
  expect(collection.headers.get('vary')).toBe('accept')
  const { first, ...rest } = JSON.parse(collection.text)
  expect(rest).toMatchObject({ type: 'OrderedCollection', totalItems: 1, id: server.url + path })
  const { orderedItems } = JSON.parse((await ask(first.slice(server.url.length), ACTIVITY)).text)
  expect(orderedItems).toEqual([id.split(' ').at(-1)])
  await server.cli('delete', orderedItems[0])
  expect((await ask(path, ACTIVITY)).status).toBe(404)
  expect((await ask(path, BROWSER)).status).toBe(404)
})

test.each([
  ['a post', async () => (await server.cli('note', 'Two forms of one #thing')).at(-1) ?? ''],
  ['an actor', async () => `${server.url}/you`],
  ['a hashtag', async () => `${server.url}/?t=thing`],
])('%s is a page for a browser and a document for a server, in any order', async (_, urlOf) => {
  const path = ((await urlOf()).split(' ').at(-1) ?? '').slice(server.url.length)
  for (const accept of [ACTIVITY, BROWSER, ACTIVITY, BROWSER]) {
    const { text, headers } = await ask(path, accept)
    expect(headers.get('vary')).toBe('accept')
    expect(text).toMatch(accept === ACTIVITY ? /^\{"@context"/ : /^<!doctype html>/)
  }
})

test('a page of a hashtag is a page for a browser and a document for a server', async () => {
  const at = (page: string) => `/?t=thing${page}&before=9999999999999-${'f'.repeat(32)}`
  expect((await ask(at('&page=true'), ACTIVITY)).text).toMatch(/^\{"@context"/)
  expect((await ask(at(''), BROWSER)).text).toMatch(/^<!doctype html>/)
})

test('the feed has what was just published, and 304 for who has that', async () => {
  await server.cli('note', 'News from the den')
  const { status, headers, text } = await ask('/you.rss', '*/*')
  expect(status).toBe(200)
  expect(headers.get('content-type')).toBe('application/rss+xml; charset=utf-8')
  expect(text).toContain('<title>News from the den</title>')
  const etag = { 'if-none-match': headers.get('etag') ?? '' }
  expect((await ask('/you.rss', '*/*', etag)).status).toBe(304)
  await server.cli('note', 'More news')
  expect((await ask('/you.rss', '*/*', etag)).text).toContain('<title>More news</title>')
})

describe.each(Object.entries(pictures))('an uploaded picture (%s)', (kind, bytes) => {
  test('is served without its place', async () => {
    const file1 = new File([new Uint8Array(bytes)], `photo.${kind}`, { type: 'image/jpeg' })
    const text = `a ${kind}`
    const sent = await visitor.send('/you/admin/publish', {
      text,
      file1,
      audience: 'public',
    })
    expect(sent.status).toBe(303)
    const { text: feed } = await ask('/you.rss', '*/*')
    const [, url = '', length] = /<enclosure url="([^"]+)" length="(\d+)"/.exec(feed) ?? []
    const served = Buffer.from(await (await fetch(url)).arrayBuffer())
    expect(served.length).toBe(Number(length))
    expect(served.length).toBeGreaterThan(50)
    expect(served.includes('SpyCam')).toBe(false)
  })
})

test('a damaged picture is refused in words', async () => {
  const half = new Uint8Array(pictures.jpeg.subarray(0, 300))
  const file1 = new File([half], 'photo.jpg', { type: 'image/jpeg' })
  const sent = await visitor.send('/you/admin/publish', { text: 'x', file1 })
  expect(sent.status).toBe(422)
  expect(sent.html).toContain('The picture is damaged')
})

test.each(['/no/such/page', '/you/s/none.png', '/nobody/outbox', '/x.rss'])(
  'a browser at %s gets a page that says so',
  async (path) => {
    const { status, headers, text } = await ask(path, BROWSER)
    expect(status).toBe(404)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(text).toContain('There is nothing here')
  },
)

test('with authorized fetch a stranger gets no collection of a hashtag', async () => {
  const env = { FUCHSBAU_FEDIVERSE_AUTHORIZED_FETCH: 'true' }
  const strict = await startFuchsbau({ env })
  try {
    await strict.cli('note', 'A walk with #fox')
    const asJson = await fetch(`${strict.url}/?t=fox`, { headers: { accept: ACTIVITY } })
    expect(asJson.status).toBe(401)
    const asPage = await fetch(`${strict.url}/?t=fox`, { headers: { accept: BROWSER } })
    expect(asPage.status).toBe(200)
  } finally {
    await strict[Symbol.asyncDispose]()
  }
})
