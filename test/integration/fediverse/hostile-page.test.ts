// What others wrote never becomes a script on our pages, nor a command to a terminal. Against the real process.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { elementsOf } from '../../../services/fediverse/web/tree.fixture.ts'
import { openScene, type Scene, type WithId } from '../../support/hostile-scene.ts'
import { type Json, PUBLIC } from '../../support/peer.ts'
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
  scene = await openScene()
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
