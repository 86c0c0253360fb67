// What others wrote never becomes a script on our pages; no path leads out of what is public; WebFinger answers only
// what it is asked rightly. Against the real process.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { elementsOf } from '../../../services/fediverse/web/tree.fixture.ts'
import { heldMiB, MEASURABLE } from '../../support/heap.ts'
import { openScene, type Scene, type WithId } from '../../support/hostile-scene.ts'
import { ask } from '../../support/http-post.ts'
import { type Json, PUBLIC } from '../../support/peer.ts'
import { speak } from '../../support/raw-socket.ts'
import { signIn, type Visitor } from '../../support/visitor.ts'
import { settle } from '../../support/vitals.ts'

const NASTY = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg><script>alert(1)</script><animate onbegin=alert(1) attributeName=x></svg>',
  '<svg/onload=alert(1)>',
  '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
  '<a href="javascript:alert(1)">a</a><a href="&#106;avascript:alert(1)">b</a>',
  '<a href="data:text/html,<script>alert(1)</script>">c</a>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe><object data=x></object><embed src=x>',
  '<p style="background:url(javascript:alert(1))" onclick=alert(1)>p</p>',
  '<base href="http://evil.example/"><meta http-equiv=refresh content="0;url=javascript:alert(1)">',
  '"><script>alert(1)</script>',
  "' onmouseover='alert(1)",
  '</title></textarea></style></noscript><script>alert(1)</script>',
  '<!--><script>alert(1)</script>-->',
  '{{constructor.constructor("alert(1)")()}}',
].join('\n')

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'

const FORBIDDEN = ['script', 'math', 'iframe', 'object', 'embed', 'base', 'style', 'animate']

let scene: Scene
let visitor: Visitor
let note: WithId

beforeAll(async () => {
  scene = await openScene(MEASURABLE)
  visitor = await signIn(scene.server)
  note = await writeNastily()
})

afterEach(() => scene.expectWell())

afterAll(() => scene?.[Symbol.asyncDispose]())

/** Mallory puts scripts wherever there is room, answers our post, follows and reacts. */
async function writeNastily(): Promise<WithId> {
  const { server, mallory, us, inbox, ourPost } = scene
  const link = { type: 'Link', href: 'javascript:alert(1)', mediaType: 'text/html', name: NASTY }
  Object.assign(mallory.document, {
    name: NASTY,
    preferredUsername: NASTY,
    summary: NASTY,
    url: 'javascript:alert(1)',
    icon: { type: 'Image', mediaType: 'image/svg+xml', url: `data:image/svg+xml,${SVG}` },
    image: { type: 'Image', mediaType: NASTY, url: `http://x/"><script>alert(1)</script>` },
    attachment: [{ type: 'PropertyValue', name: NASTY, value: NASTY }],
    tag: [
      { type: 'Emoji', name: ':"><script>:', icon: { type: 'Image', url: 'http://x/" onerror="' } },
    ],
  })
  const nasty: Json = {
    summary: NASTY,
    name: NASTY,
    url: [link],
    inReplyTo: ourPost,
    contentMap: { '"><script>alert(1)</script>': NASTY },
    attachment: [
      {
        type: 'Document',
        mediaType: 'image/svg+xml',
        url: 'http://127.0.0.1:1/x.svg',
        name: NASTY,
      },
      { type: 'Document', mediaType: NASTY, url: 'javascript:alert(1)', name: NASTY },
      { type: 'Image', mediaType: 'image/png', url: `http://x/'"><script>`, name: NASTY },
      { type: 'Video', mediaType: 'text/html', url: link, name: NASTY, width: NASTY },
    ],
    tag: [
      { type: 'Hashtag', name: `#${NASTY}`, href: 'javascript:alert(1)' },
      { type: 'Mention', name: NASTY, href: us },
      { type: 'Emoji', name: ':x:', icon: { type: 'Image', url: 'http://x/" onerror="alert(1)' } },
    ],
  }
  const create = mallory.create(`${NASTY} :x:`, [us, PUBLIC], nasty)
  const options = [
    { type: 'Note', name: NASTY },
    { type: 'Note', name: '<svg/onload=alert(1)>' },
  ]
  const poll = mallory.create(NASTY, [us, PUBLIC], { ...nasty, type: 'Question', oneOf: options })
  const follow = mallory.activity('Follow', us, { content: NASTY })
  const like = mallory.activity('Like', ourPost, { content: NASTY })
  const flag = mallory.activity('Flag', [us], { content: NASTY })
  for (const activity of [create, poll, follow, like, flag]) {
    expect(await mallory.post(inbox, activity)).toMatchObject({ status: 202 })
  }
  await settle(server)
  await server.cli('boost', (create['object'] as WithId).id)
  return create['object'] as WithId
}

describe('what others wrote is no script', () => {
  const id = (text: string) => encodeURIComponent(text)
  test.each<[string, () => string]>([
    ['the landing page', () => '/'],
    ['our profile', () => '/you'],
    ['our post, with the answer', () => scene.ourPost],
    ['a tag', () => `/?t=${id(NASTY)}`],
    ['home', () => '/you/admin'],
    ['home with a message', () => `/you/admin?m=${id(NASTY)}&before=${id(NASTY)}`],
    ['notifications', () => '/you/admin/notifications'],
    ['people', () => '/you/admin/people?list=followers'],
    ['the post itself', () => `/you/admin/post?id=${id(note.id)}`],
    ['our post, to answer', () => `/you/admin/post?id=${id(scene.ourPost)}`],
    ['the edit page', () => `/you/admin/edit?id=${id(note.id)}`],
    ['a page that is not there', () => `/${id('<script>alert(1)</script>')}/p/${id('<svg>')}`],
  ])('on %s', async (_, path) => {
    const page = await visitor.get(path())
    expect(page.type).toMatch(/^text\/(html|plain)/)
    expect(page.policy).toMatch(/default-src 'none'/)
    expect(page.policy).not.toMatch(/script-src|unsafe/)
    const elements = elementsOf(page.html)
    for (const { name, attributes } of elements) {
      expect(FORBIDDEN).not.toContain(name)
      // Our own: a picture in place of a missing one, the bar of a poll.
      if (name === 'svg') expect(['avatar', 'bar']).toContain(attributes['class'])
      expect(Object.keys(attributes).filter((key) => /^on|^style$|^srcdoc$/.test(key))).toEqual([])
      if (name === 'meta') expect(attributes['http-equiv']).toBeUndefined()
      for (const key of ['href', 'src', 'action', 'formaction', 'poster']) {
        expect(attributes[key] ?? '').not.toMatch(/^\s*(javascript|data|vbscript):/i)
      }
    }
  })

  test('and yet it is shown', async () => {
    const pages = [
      '/you/admin/notifications',
      scene.ourPost,
      `/you/admin/post?id=${encodeURIComponent(note.id)}`,
    ]
    for (const path of pages) {
      expect((await visitor.get(path)).html).toContain('&lt;script&gt;')
    }
  })

  test('as text for the terminal it has no control characters', async () => {
    const { server, mallory, us, inbox } = scene
    const wipe = '\u001b[2J\u001b]0;owned\u0007\u009b31m\r\u0008'
    await mallory.post(inbox, mallory.create(`wiped${wipe}out`, [us], { summary: wipe }))
    await settle(server)
    const shown = await server.cli('show', 'notifications', '--limit', '1')
    expect(shown.join('\n')).toContain('wiped')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(shown.join('\n')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  })
})

describe('files', () => {
  test.each([
    ['an SVG', 'x.svg', 'image/svg+xml', SVG],
    ['an SVG that says it is a PNG', 'x.png', 'image/png', SVG],
    ['a page', 'x.html', 'text/html', '<!doctype html><script>alert(1)</script>'],
    ['a page that begins as a GIF', 'x.gif', 'image/gif', 'GIF<script>alert(1)</script>'],
  ])('%s cannot be attached', async (_, name, type, content) => {
    const file = new File([content], name, { type })
    const page = await visitor.send('/you/admin/publish', {
      text: 'x',
      file1: file,
      audience: 'public',
    })
    expect(page.status).toBeGreaterThanOrEqual(400)
    expect((await visitor.get('/you')).html).not.toContain('/you/s/')
  })

  test('are served as what cannot run, whatever lies there', async () => {
    const directory = join(scene.server.data, 'fediverse', 'media', 'you')
    mkdirSync(directory, { recursive: true })
    for (const name of [
      'x.svg',
      'x.html',
      'x.xml',
      'x',
      'x.png',
      '.x.png',
      'x.png.tmp',
      'x.svgz',
    ]) {
      writeFileSync(join(directory, name), SVG)
      const { status, headers } = await ask(`${scene.us}/s/${name}`)
      if (status === 404) continue
      expect(name).toBe('x.png')
      expect(headers).toMatchObject({
        'content-type': 'image/png',
        'x-content-type-options': 'nosniff',
        'content-security-policy': expect.stringContaining('sandbox'),
      })
    }
  })

  test.each([
    '/you/s/../../keys/you.json',
    '/you/s/..%2f..%2fkeys%2fyou.json',
    '/you/s/%2e%2e/%2e%2e/keys/you.json',
    '/you/s/..%252f..%252fkeys%252fyou.json',
    '/you/s/..\\..\\keys\\you.json',
    '/you/s/%2fetc%2fpasswd',
    '/you/s//etc/passwd',
    '/you/s/..',
    '/you/s/.',
    '/you/s/',
    '/you/s/you.json%00.png',
    '/you/s/%ff%fe.png',
    '/you/s/%',
    '/../keys/you.json',
    '/..%2fkeys%2fyou.json/s/x.png',
    '/%2e%2e/s/x.png',
    '/you/p/..%2f..%2f..%2fkeys%2fyou',
    '/keys/you.json',
    '/you.json',
    '/objects/',
    'http://other.example/you/s/../../keys/you.json',
  ])('GET %s leads nowhere', async (path) => {
    const host = new URL(scene.us).host
    const status = await speak(
      scene.us,
      `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`,
    )
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
  })
})

describe('WebFinger', () => {
  const host = () => new URL(scene.us).host
  test.each<[string, () => string, number]>([
    ['no resource', () => '', 400],
    ['an empty one', () => '?resource=', 400],
    ['two', () => `?resource=acct:you@${host()}&resource=acct:you@${host()}`, 400],
    ['a list', () => `?resource[]=acct:you@${host()}`, 400],
    ['no host', () => '?resource=acct:you', 400],
    ['no user', () => `?resource=acct:@${host()}`, 400],
    ['two hosts', () => `?resource=acct:you@${host()}@evil.example`, 400],
    ['a bad host', () => '?resource=acct:you@%5B', 400],
    ['a line break', () => `?resource=acct:you@${host()}%0d%0ax:y`, 400],
    ['a script', () => '?resource=javascript:alert(1)', 400],
    ['too much', () => `?resource=acct:${'x'.repeat(3_000)}@${host()}`, 400],
    ['another host', () => '?resource=acct:you@evil.example', 404],
    ['nobody', () => `?resource=acct:nobody@${host()}`, 404],
    ['the prototype', () => `?resource=acct:__proto__@${host()}`, 404],
    ['a folder', () => `?resource=acct:..%252f@${host()}`, 404],
    ['a URL elsewhere', () => '?resource=http://evil.example/you', 404],
    ['a post', () => `?resource=${encodeURIComponent(scene.ourPost)}`, 404],
  ])('with %s is refused', async (_, query, status) => {
    const answer = await ask(`${scene.server.url}/.well-known/webfinger${query()}`)
    expect(answer).toMatchObject({ status })
    expect(answer.headers['content-type']).toMatch(/json/)
  })

  test('of 5,000 made-up names and spellings keeps no memory', async () => {
    const before = await heldMiB(scene.server)
    for (let count = 0; count < 5_000; count += 1) {
      const name = count % 2 ? `name${count}` : `%25${(0x61 + (count % 20)).toString(16)}ou${count}`
      await ask(`${scene.server.url}/.well-known/webfinger?resource=acct:${name}@${host()}`)
    }
    expect((await heldMiB(scene.server)) - before).toBeLessThan(8)
  })
})

describe('odd requests', () => {
  test.each<[string, string]>([
    ['GET', '/__proto__'],
    ['GET', '/constructor'],
    ['GET', '/toString/outbox'],
    ['GET', '/constructor/p/1.1'],
    ['POST', '/constructor/inbox'],
    ['POST', '/__proto__/inbox'],
    ['POST', '/nobody/inbox'],
    ['GET', '/you/inbox'],
    ['PUT', '/you/inbox'],
    ['DELETE', '/you'],
    ['PATCH', '/shared-inbox'],
    ['TRACE', '/you'],
    ['BREW', '/you'],
    ['OPTIONS', '*'],
    ['GET', '/%'],
    ['GET', '/%00'],
    ['GET', '/%ff'],
    ['GET', '/you%0d%0aset-cookie:x'],
    ['GET', `/${'x'.repeat(600)}`],
    ['GET', '/you/p/1.1/Create/x'],
    ['GET', '/nodeinfo/__proto__'],
  ])('%s %s is a 4xx', async (method, path) => {
    const { host } = new URL(scene.us)
    const head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n`
    const status = await speak(scene.us, `${head}content-length: 0\r\n\r\n`)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
  })

  test.each([
    '/you/outbox?page=true&before=nonsense',
    '/you/outbox?page=true&before=9999999999999999-zz',
    '/you/outbox?page=1&page=2&before=a&before=b',
    '/you/outbox?__proto__=x&page=true',
    '/you?before=__proto__',
    '/?t[]=x&t=y',
  ])('GET %s is answered', async (path) => {
    const { status } = await ask(`${scene.server.url}${path}`)
    expect(status).toBeLessThan(500)
  })
})
