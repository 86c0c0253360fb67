import { Parser } from 'htmlparser2'
import { describe, expect, test } from 'vitest'
import { browse } from './browse.fixture.ts'
import { renderFeed } from './feed.ts'
import { makeSample, NASTY, NOW } from './sample.fixture.ts'
import { makeSite } from './site.ts'
import { elementsOf } from './tree.fixture.ts'

type Element = { name: string; attributes: Record<string, string>; text: string }

/** All elements of an XML document, in order of their ends. */
function xmlOf(text: string): Element[] {
  const found: Element[] = []
  const open: Element[] = []
  const parser = new Parser(
    {
      onopentag: (name, attributes) => void open.push({ name, attributes, text: '' }),
      ontext(piece) {
        for (const element of open) element.text += piece
      },
      onclosetag() {
        const closed = open.pop()
        if (closed) found.push(closed)
      },
    },
    { xmlMode: true, decodeEntities: true },
  )
  parser.end(text)
  return found
}

const { deps } = makeSample('https://den.example')
const site = makeSite(deps.base, deps.software)
const view = deps.views.feed('reynard')
if (!view) throw new Error('no feed')
const all = (name: string) => xmlOf(renderFeed(view, site)).filter((found) => found.name === name)

describe('the feed of a user (RSS 2.0, https://www.rssboard.org/rss-specification)', () => {
  test('comes with an ETag, and as 304 to who has it', async () => {
    const browser = browse()
    const { status, headers, body } = await browser.get('/reynard.rss')
    expect({ status, type: headers['content-type'] }).toEqual({
      status: 200,
      type: 'application/rss+xml; charset=utf-8',
    })
    expect(body).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<rss version="2\.0"/)
    const again = await browser.get('/reynard.rss', { 'if-none-match': `W/${headers.etag}` })
    expect({ status: again.status, body: again.body }).toEqual({ status: 304, body: '' })
    expect((await browser.get('/nobody.rss')).status).toBe(404)
  })

  test('is named by the profile', async () => {
    const links = elementsOf((await browse().get('/reynard')).body).filter(
      ({ attributes }) => attributes.type === 'application/rss+xml',
    )
    expect(links.map(({ attributes }) => attributes.href)).toEqual([
      'http://localhost:3000/reynard.rss',
    ])
  })

  test('has an item for each post, known by the id of the post', () => {
    expect(all('guid').map(({ text }) => text)).toEqual(view.posts.map(({ post }) => post.id))
    expect(all('link').map(({ text }) => text)).toEqual([
      'https://den.example/reynard',
      'https://den.example/reynard', // of the picture
      ...view.posts.map(({ post }) => post.url),
    ])
    const [newest] = view.posts
    expect(all('pubDate')[0]?.text).toBe(new Date(newest?.post.publishedAt ?? NOW).toUTCString())
  })

  test('has the HTML of a post as text, after its warning', () => {
    const contents = all('description').map(({ text }) => text)
    const [plain] = view.posts
    expect(contents).toContain(plain?.post.content.text)
    const warned = contents.find((text) => text.includes('Content warning:</strong> &lt;'))
    expect(warned).toContain('<strong>Content warning:</strong> &lt;script&gt;')
    expect(warned).not.toContain(NASTY)
  })

  test('is XML whatever was written: tags, quotes, characters that XML has not', () => {
    const [{ post }] = view.posts as [(typeof view.posts)[number]]
    const nasty = {
      ...post,
      title: `a\u0000\u000b\ud800b ]]> ${NASTY} \u{1f98a}`,
      id: 'https://x/?a&b"',
    }
    const text = renderFeed({ ...view, posts: [{ post: nasty, enclosures: [] }] }, site)
    const found = xmlOf(text)
    expect(['\u0000', '\u000b'].filter((char) => text.includes(char))).toEqual([])
    expect(text.isWellFormed()).toBe(true)
    expect(found.filter(({ name }) => name === 'title').at(-1)?.text).toBe(
      `a\ufffd\ufffd\ufffdb ]]> ${NASTY} \u{1f98a}`,
    )
    expect(found.map(({ name }) => name)).not.toContain('script')
    expect(found.find(({ name }) => name === 'guid')?.text).toBe('https://x/?a&b"')
  })

  test('has one enclosure an item, and all attachments with their descriptions', () => {
    const [{ post }] = view.posts as [(typeof view.posts)[number]]
    const enclosure = (i: number) => ({
      url: `https://den.example/reynard/s/${i}.png?a&b`,
      mediaType: 'image/png',
      name: `Picture <${i}>`,
      bytes: i * 100,
    })
    const posts = [{ post, enclosures: [enclosure(1), enclosure(2)] }]
    const found = xmlOf(renderFeed({ ...view, posts }, site))
    expect(found.filter(({ name }) => name === 'enclosure').map((each) => each.attributes)).toEqual(
      [{ url: enclosure(1).url, length: '100', type: 'image/png' }],
    )
    expect(
      found.filter(({ name }) => name === 'media:description').map((each) => each.text),
    ).toEqual(['Picture <1>', 'Picture <2>'])
  })
})
