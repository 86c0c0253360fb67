import { beforeEach, describe, expect, test } from 'vitest'
import { type Browser, browse } from './browse.fixture.ts'
import { elementsOf } from './tree.fixture.ts'

const own = (page: string) => `/reynard/admin${page}`
const ID = 'http://localhost:3000/reynard/p/a4'
const at = (path: string, id = ID) => `${path}?id=${encodeURIComponent(id)}`

let browser: Browser

beforeEach(() => {
  browser = browse()
})

describe('public pages', () => {
  test('come with an ETag, and as 304 to who has them (RFC 9110, section 13.1.2)', async () => {
    const { status, headers } = await browser.get('/reynard')
    expect({ status, type: headers['content-type'] }).toEqual({
      status: 200,
      type: 'text/html; charset=utf-8',
    })
    const again = await browser.get('/reynard', { 'if-none-match': headers.etag ?? '' })
    expect({ status: again.status, body: again.body }).toEqual({ status: 304, body: '' })
  })

  test.each([
    ['weakened by a proxy', (etag: string) => `W/${etag}`, 304],
    ['among others', (etag: string) => `"old", ${etag}`, 304],
    ['another', () => '"old"', 200],
  ])(
    'an ETag that is %s is compared weakly (RFC 9110, section 13.1.2)',
    async (_, sent, status) => {
      const { etag = '' } = (await browser.get('/reynard')).headers
      const again = await browser.get('/reynard', { 'if-none-match': sent(etag) })
      expect(again.status).toBe(status)
    },
  )

  test('are the same for who is signed in: caches may keep them', async () => {
    const before = await browser.get('/reynard')
    await browser.signIn()
    expect((await browser.get('/reynard')).body).toBe(before.body)
  })

  test.each([
    ['/nobody', 404, 'There is nothing here'],
    ['/reynard/p/none', 404, 'There is nothing here'],
    ['/reynard/p/gone', 410, 'This post is gone'],
  ])('%s is %i, in words', async (path, status, words) => {
    const answer = await browser.get(path)
    expect(answer.status).toBe(status)
    expect(answer.body).toContain(words)
  })

  test('a link to a hashtag leads to the posts with it, in pages', async () => {
    const { status, body } = await browser.get('/?t=fox')
    expect(status).toBe(200)
    const elements = elementsOf(body)
    expect(elements.find(({ name }) => name === 'h1')?.text).toBe('#fox')
    const older = elements.find(({ attributes }) => attributes.rel === 'next')?.attributes.href
    expect(older).toBe('/?t=fox&before=1-abc')
    expect((await browser.get(older ?? '')).body).toContain('>Newest</a>')
  })

  test('a hashtag that nobody used is not there', async () => {
    const { status, body } = await browser.get('/?t=%3Cfox%3E')
    expect(status).toBe(404)
    expect(body).toContain('#&lt;fox&gt;')
  })

  test.each([
    [
      'text/html,application/xhtml+xml,*/*;q=0.8',
      'text/html; charset=utf-8',
      /There is nothing here/,
    ],
    ['*/*', 'text/plain; charset=utf-8', /^Not found\n$/],
    ['application/activity+json, text/html;q=0.5', 'text/plain; charset=utf-8', /^Not found\n$/],
  ])('an unknown address, asked for as %s, is %s', async (accept, type, text) => {
    const { status, headers, body } = await browser.get('/no/such/page', { accept })
    expect({ status, type: headers['content-type'] }).toEqual({ status: 404, type })
    expect(headers.vary).toBe('accept')
    expect(body).toMatch(text)
  })

  test('forbid scripts, frames, and forms to elsewhere (https://www.w3.org/TR/CSP3/)', async () => {
    const { headers } = await browser.get('/reynard')
    const policy = headers['content-security-policy']
    expect(policy).toContain("default-src 'none'; style-src 'self'; img-src 'self' https: http:;")
    expect(policy).toContain("form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    expect(headers['x-content-type-options']).toBe('nosniff')
  })

  test('name style and logo by their content, which may be kept for ever', async () => {
    const links = elementsOf((await browser.get('/')).body).flatMap(
      ({ attributes }) => attributes.href ?? [],
    )
    const style = links.find((href) => href.startsWith('/style.css?v=')) ?? ''
    const answer = await browser.get(style)
    expect(answer.headers).toMatchObject({
      'content-type': 'text/css; charset=utf-8',
      'cache-control': expect.stringContaining('immutable'),
    })
    expect((await browser.get('/logo.svg')).headers['content-type']).toBe('image/svg+xml')
  })
})

describe('private pages', () => {
  const paths = ['', '/notifications', '/people', at('/post'), at('/edit'), '/profile'].map(own)

  test.each(paths)('%s sends strangers to the sign-in page', async (path) => {
    const { status, headers } = await browser.get(path)
    expect({ status, location: headers.location }).toEqual({
      status: 303,
      location: `/login?next=${encodeURIComponent(path)}`,
    })
  })

  test.each(paths)('%s is not kept by any cache', async (path) => {
    await browser.signIn()
    const { status, headers } = await browser.get(path)
    expect({ status, cache: headers['cache-control'] }).toEqual({
      status: 200,
      cache: 'private, no-store',
    })
  })

  test('of others are not there', async () => {
    await browser.signIn()
    expect((await browser.get('/vixen/admin')).status).toBe(404)
  })

  test('a made-up cookie is none', async () => {
    browser.cookie = `fuchsbau=${'a'.repeat(43)}`
    expect((await browser.get(own(''))).status).toBe(303)
  })

  test('a post that is gone or not for her is not there', async () => {
    await browser.signIn()
    expect((await browser.get(own(at('/post', 'gone')))).status).toBe(410)
    expect((await browser.get(own(at('/post', 'other')))).status).toBe(404)
    expect((await browser.get(own(at('/edit', 'other')))).status).toBe(404)
  })

  test('an answer begins with whom it is for', async () => {
    await browser.signIn()
    const { body } = await browser.get(own(at('/post')))
    expect(elementsOf(body).find(({ name }) => name === 'textarea')?.text).toBe('')
    expect(
      elementsOf(body).find(({ attributes }) => attributes.name === 'inReplyTo')?.attributes.value,
    ).toBe(ID)
  })

  test('show only messages of ours', async () => {
    await browser.signIn()
    const status = async (path: string) =>
      elementsOf((await browser.get(path)).body).find(
        ({ attributes }) => attributes.role === 'status',
      )?.text
    expect(await status(own('?m=publish'))).toBe('Published.')
    for (const code of ['evil', 'constructor', '__proto__', '<b>']) {
      expect(await status(own(`?m=${encodeURIComponent(code)}`))).toBeUndefined()
    }
  })
})
