// Lists of the pages in the real process: thousands of tags with few requests, an upstream that is slow, and deleting by the
// pages, which is the same as by a client.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { INDEX, pusherTo } from '../../support/attached-image.ts'
import { type CookieBrowser, cookieBrowser } from '../../support/cookie-browser.ts'
import { type ListingUpstream, startListingUpstream } from '../../support/listing-upstream.ts'
import { person, type RegistryProcess, startRegistry } from '../../support/registry-process.ts'
import { PASSWORD } from '../../support/service-process.ts'

async function owner(registry: RegistryProcess): Promise<CookieBrowser> {
  const browser = cookieBrowser(registry.url)
  await browser.post('/login', { user: 'you', password: PASSWORD })
  await browser.get('/tokens')
  return browser
}

describe('in front of an upstream with 5,000 tags', () => {
  const tags = Array.from({ length: 5_000 }, (_, index) => `v${index + 1}`)
  let upstream: ListingUpstream
  let registry: RegistryProcess
  let browser: CookieBrowser
  beforeAll(async () => {
    upstream = await startListingUpstream('den/app', tags)
    registry = await startRegistry({
      env: { FUCHSBAU_REGISTRY_UPSTREAM: upstream.url, FUCHSBAU_REGISTRY_UPSTREAM_BEARER: 'false' },
    })
    browser = await owner(registry)
  })
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]()
    await upstream?.[Symbol.asyncDispose]()
  })
  beforeEach(() => {
    upstream.asked = []
    upstream.mostAtOnce = 0
    upstream.silentOn = undefined
    upstream.deletion = { status: 202 }
  })

  test('a page asks for what it shows, few at once, and for what has a digest only once', async () => {
    const { body } = await browser.get('/repositories/den/app')
    expect(body).toContain('5,000 tags')
    expect(body).toContain('Page 1 of 200')
    // Nobody pushed through us, so that the last by name comes first.
    expect(body).toMatch(/v5000<[\s\S]*4\.8 MiB · linux\/amd64 · made[^<]*<time[^>]*>3 Feb 2026/)
    expect(body).not.toContain('pushed')
    const cold = upstream.asked.length
    // 6 for the names; for each image what it names, its manifest, its referrers; one configuration that all share.
    expect(cold).toBeLessThanOrEqual(6 + 25 * 3 + 25)
    expect(upstream.mostAtOnce).toBeLessThanOrEqual(8)
    upstream.asked = []
    await browser.get('/repositories/den/app')
    expect(upstream.asked.filter((each) => /GET .*\/(manifests|blobs)\//.test(each))).toEqual([])
  })

  test('the list of repositories counts tags to a limit', async () => {
    expect((await browser.get('/')).body).toContain('more than 1,000 tags')
    expect(upstream.asked.length).toBeLessThanOrEqual(2)
  })

  test('a word and an order find tags; a page that is not there is the nearest', async () => {
    const found = (await browser.get('/repositories/den/app?q=V123&sort=name')).body
    expect(found).toContain('>v123<')
    expect(found).toContain('>v1239<')
    expect(found).not.toContain('>v5000<')
    expect((await browser.get('/repositories/den/app?page=9999')).body).toContain('Page 200 of 200')
    expect(
      (await browser.get('/repositories/den/app?page=-1&q=%22%3E%3Cscript%3E')).body,
    ).not.toContain('<script')
  })

  test('an upstream that is silent about one tag spoils that line, and says so', async () => {
    upstream.silentOn = /manifests\/v4999$/
    const { status, body } = await browser.get('/repositories/den/app?q=v4999')
    expect(status).toBe(200)
    expect(body).toContain('did not answer in time')
    expect(body).not.toContain('not signed')
  })

  test('a signature that could not be looked for is not said to be none', async () => {
    upstream.silentOn = /referrers/
    const { status, body } = await browser.get('/repositories/den/app/tags/v1')
    expect(status).toBe(200)
    expect(body).toContain('Whether it is signed is not known')
    expect(body).not.toContain('Not signed.')
  })

  test.each([
    [{ status: 405, code: 'UNSUPPORTED' }, 'tag', 'cannot delete a tag alone'],
    // docker-registry 2.8.
    [{ status: 400, code: 'DIGEST_INVALID' }, 'tag', 'cannot delete a tag alone'],
    [{ status: 405, code: 'UNSUPPORTED' }, 'digest', 'deleting is switched off there'],
    [{ status: 404, code: 'MANIFEST_UNKNOWN' }, 'tag', 'It is not there any more.'],
    [{ status: 400, code: 'X"><script>' }, 'tag', 'it answered 400.'],
    [{ status: 409, code: 'MANIFEST_INVALID' }, 'digest', 'wants its tags deleted first'],
    [{ status: 409, code: 'DENIED' }, 'tag', 'it answered 409 (DENIED).'],
  ])(
    'an upstream that answers %j to a deletion by %s is put into words',
    async (deletion, kind, words) => {
      const { body: image } = await browser.get('/repositories/den/app/tags/v7')
      const digest = /sha256:[a-f0-9]{64}/.exec(image)?.[0] ?? ''
      upstream.deletion = deletion
      const reference = kind === 'tag' ? 'v7' : digest
      const answer = await browser.post('/delete', { repository: 'den/app', reference })
      expect(answer.status).toBe(422)
      expect(answer.body).toContain(words)
      expect(answer.body).not.toContain('<script')
      const audit = await registry.cli('audit', 'list', '--event', 'delete')
      expect(audit.join('\n')).not.toContain('v7')
    },
  )

  test('before an image is deleted it is said how many tags nobody looked at', async () => {
    const { body: image } = await browser.get('/repositories/den/app/tags/v4998')
    const digest = /sha256:[a-f0-9]{64}/.exec(image)?.[0] ?? ''
    const { body } = await browser.get(`/delete?repository=den/app&reference=${digest}`)
    expect(body).toContain('4,600 more tags were not looked at')
  })
})

describe('deleting', () => {
  const POLICY = `rules:
  - who: owner
    repositories: "**"
    allow: [pull, push, overwrite, delete, catalog]
  - who: people
    repositories: "**"
    allow: [pull, catalog]
immutable:
  - repositories: "**"
    tags: ["v*"]
`
  let registry: RegistryProcess
  let browser: CookieBrowser
  beforeAll(async () => {
    registry = await startRegistry({
      policy: POLICY,
      seed: (store) => store.people.add(person('ann')),
    })
    browser = await owner(registry)
  })
  afterAll(() => registry?.[Symbol.asyncDispose]())

  const get = (path: string) => registry.request(path, { as: registry.owner })
  const exists = async (reference: string, repository: string) =>
    (await get(`/v2/${repository}/manifests/${reference}`)).status === 200

  test('a tag leaves its image, and a line in the audit like that of a client', async () => {
    const to = pusherTo(registry, 'del/tag')
    const image = await to.image('one', 'a')
    await to.image('one', 'b')
    const page = await browser.get('/delete?repository=del/tag&reference=a')
    expect(page.body).toContain('Only the tag goes.')
    const answer = await browser.post('/delete', { repository: 'del/tag', reference: 'a' })
    expect(answer.location).toBe(`${registry.url}/repositories/del/tag?m=deleted`)
    expect(await exists('a', 'del/tag')).toBe(false)
    expect(await exists('b', 'del/tag')).toBe(true)
    expect(await exists(image.digest, 'del/tag')).toBe(true)
    const byPage = await registry.cli('audit', 'list', '--event', 'delete', '--json')
    await registry.request('/v2/del/tag/manifests/b', { method: 'DELETE', as: registry.owner })
    const byClient = await registry.cli('audit', 'list', '--event', 'delete', '--json')
    const line = (lines: string[]) => {
      const { id, at, credential, reference, ...rest } = JSON.parse(lines[0] ?? '{}')
      return rest
    }
    expect(line(byPage)).toEqual(line(byClient))
  })

  test('an image takes its tags along, which are named before; what refers to it stays', async () => {
    const to = pusherTo(registry, 'del/image')
    const image = await to.image('one', 'a')
    await to.image('one', 'b')
    await to.image('two', 'c')
    const note = await to.attach(image, 'application/vnd.den.note', {})
    const { body } = await browser.get(`/delete?repository=del/image&reference=${image.digest}`)
    expect(body).toMatch(/<code>a<\/code>[\s\S]*<code>b<\/code>/)
    expect(body).not.toContain('<code>c</code>')
    expect(body).toContain('1 thing refers to it')
    const fields = { repository: 'del/image', reference: image.digest }
    expect((await browser.post('/delete', fields)).status).toBe(303)
    expect(await exists('a', 'del/image')).toBe(false)
    expect(await exists('c', 'del/image')).toBe(true)
    expect(await exists(note.digest, 'del/image')).toBe(true)
  })

  test('an immutable tag stays, whoever asks, and its image with it', async () => {
    const to = pusherTo(registry, 'del/fixed')
    const image = await to.image('one', 'v1')
    await to.image('one', 'other')
    for (const reference of ['v1', image.digest]) {
      const page = await browser.get(`/delete?repository=del/fixed&reference=${reference}`)
      expect(page.body).toContain('The tag v1 is immutable (line 9 of the policy)')
      expect(page.body).not.toContain('<button class="danger"')
      const answer = await browser.post('/delete', { repository: 'del/fixed', reference })
      expect(answer.status).toBe(403)
      expect(answer.body).toMatch(/The tag v1 is immutable|The immutable tag v1 needs it/)
      expect(answer.body).toContain('Nobody may delete it.')
    }
    expect(await exists('v1', 'del/fixed')).toBe(true)
  })

  test('takes the token of the session, our own origin, and the right to delete', async () => {
    const to = pusherTo(registry, 'del/safe')
    await to.image('one', 'a')
    const fields = { repository: 'del/safe', reference: 'a' }
    expect((await browser.post('/delete', { ...fields, csrf: 'x' })).status).toBe(403)
    expect((await cookieBrowser(registry.url).post('/delete', fields)).status).toBe(403)
    registry.writePolicy(POLICY.replace('overwrite, delete,', 'overwrite,'))
    await expect
      .poll(async () => (await browser.get('/repositories/del/safe/tags/a')).body, {
        timeout: 20_000,
      })
      .not.toContain('Delete the tag')
    const answer = await browser.post('/delete', fields)
    expect(answer.status).toBe(403)
    expect(answer.body).toContain('No rule of the policy allows delete in del/safe.')
    expect((await browser.get('/delete?repository=del/safe&reference=a')).status).toBe(403)
    expect(await exists('a', 'del/safe')).toBe(true)
    expect((await registry.cli('audit', 'list', '--event', 'denied')).join('\n')).toContain(
      'del/safe',
    )
  })

  test.each([
    '/delete',
    '/delete?repository=del/safe',
    '/delete?repository=A&reference=a',
    '/delete?repository=del/nothing&reference=a',
  ])('%s is not there', async (path) => {
    registry.writePolicy(POLICY)
    await expect.poll(async () => (await browser.get(path)).status, { timeout: 20_000 }).toBe(404)
  })
})

test('when a tag was pushed is known from the push, and forgotten with it', async () => {
  await using registry = await startRegistry()
  const browser = await owner(registry)
  const to = pusherTo(registry, 'den/app')
  await to.image('one', 'first')
  await to.image('two', 'second')
  await to.manifest({ mediaType: INDEX, manifests: [] }, 'third')
  const order = async () => {
    const { body } = await browser.get('/repositories/den/app')
    return [...body.matchAll(/tags\/([a-z]+)"/g)].map(([, tag]) => tag)
  }
  expect(await order()).toEqual(['third', 'second', 'first'])
  await to.image('one', 'first')
  expect(await order()).toEqual(['first', 'third', 'second'])
  expect((await browser.get('/')).body).toMatch(/3 tags · pushed/)
  await browser.get('/delete?repository=den/app&reference=first')
  await browser.post('/delete', { repository: 'den/app', reference: 'first' })
  expect(await order()).toEqual(['third', 'second'])
})
