import { describe, expect, test } from 'vitest'
import { findMentions, MAX_SOURCE_CHARS, type MarkupContext, renderMarkdown } from './markup.ts'

const context: MarkupContext = {
  mentions: new Map([
    ['alice@example.org', { id: 'https://example.org/users/1', url: 'https://example.org/@alice' }],
    ['bob', { id: 'https://den.example/bob', url: 'https://den.example/bob' }],
  ]),
  tagUrl: (tag) => `https://den.example/?t=${encodeURIComponent(tag)}`,
  emoji: new Map([['blob_cat', 'https://den.example/blob_cat.png']]),
}
const render = (source: string) => renderMarkdown(source, context)
const html = (source: string) => render(source).html
const REL = 'rel="nofollow noopener noreferrer"'

describe('the dialect of snac(5), "Message Formatting"', () => {
  test.each([
    ['keeps every line break', 'one\ntwo', '<p>one<br>two</p>'],
    ['bold', '**b**', '<p><strong>b</strong></p>'],
    ['italic', '*i* _i_', '<p><em>i</em> <em>i</em></p>'],
    ['bold italic', '***both***', '<p><em><strong>both</strong></em></p>'],
    ['strikethrough', '~~s~~', '<p><s>s</s></p>'],
    ['underlined, where other Markdown is bold', '__u__', '<p><u>u</u></p>'],
    ['code', '`a <b> *c*`', '<p><code>a &lt;b&gt; *c*</code></p>'],
    ['preformatted', '```\n a\n\n*b*\n```\nend', '<pre><code> a\n\n*b*\n</code></pre><p>end</p>'],
    ['a rule, where other Markdown is a heading', 'a\n---\nb', '<p>a</p><hr><p>b</p>'],
    ['headings', '# a\n## b\n### c', '<h2>a</h2><h2>b</h2><h3>c</h3>'],
    ['a quote ends with its line', '> a\n> b\nc', '<blockquote><p>a<br>b</p></blockquote><p>c</p>'],
    ['a list ends with its line', '- a\n- b\nc', '<ul><li>a</li><li>b</li></ul><p>c</p>'],
    ['ordered lists', '3. a\n4. b', '<ol start="3"><li>a</li><li>b</li></ol>'],
    ['indentation is no code', '    a', '<p>a</p>'],
    ['emoticons', ':-) <3 :beer: >:-(', '<p>🙂 ❤️ 🍺 😡</p>'],
    ['emoticons only as words', 'a:-)b 18-oak http://', '<p>a:-)b 18-oak http://</p>'],
    ['arithmetic and names stay', '2 * 3 * 4 a_b_c', '<p>2 * 3 * 4 a_b_c</p>'],
    ['an escaped sign stays', '\\*a\\* \\#b', '<p>*a* #b</p>'],
    ['raw HTML is text', '<b onclick=x>&amp;</b>', '<p>&lt;b onclick=x&gt;&amp;&lt;/b&gt;</p>'],
    ['nothing', ' \n ', ''],
  ])('%s', (_name, source, expected) => {
    expect(html(source)).toBe(expected)
  })
})

describe('links', () => {
  const link = (url: string, text = url) => `<a href="${url}" ${REL}>${text}</a>`
  test.each([
    ['with a label', '[a *b*](https://x.y/)', link('https://x.y/', 'a <em>b</em>')],
    ['bare', 'https://x.y/a_b_c', link('https://x.y/a_b_c')],
    [
      'bare, with signs of emphasis in it',
      'https://x.y/__init__.py',
      link('https://x.y/__init__.py'),
    ],
    ['bare, in a sentence', 'https://x.y/a.', `${link('https://x.y/a')}.`],
    ['bare, in parentheses', '(https://x.y/a)', `(${link('https://x.y/a')})`],
    ['bare, with parentheses', 'https://x.y/F_(a)', link('https://x.y/F_(a)')],
    ['bare, in bold', '**https://x.y**', `<strong>${link('https://x.y')}</strong>`],
    ['bare, underlined', '__https://x.y__', `<u>${link('https://x.y')}</u>`],
    ['chat and mail', 'xmpp:a@b.c', link('xmpp:a@b.c')],
    ['in angle brackets', '<https://x.y>', link('https://x.y')],
    ['a script stays text', '[a](javascript:alert)', '[a](javascript:alert)'],
    ['data stays text', 'data:text/html,x', 'data:text/html,x'],
    ['a relative one stays text', '[a](/b)', '[a](/b)'],
    ['quotes are escaped', '[a](https://x.y/"b)', link('https://x.y/%22b', 'a')],
  ])('%s', (_name, source, expected) => {
    expect(html(source)).toBe(`<p>${expected}</p>`)
  })
})

describe('mentions, as Mastodon writes them', () => {
  const alice =
    '<span class="h-card"><a href="https://example.org/@alice" class="u-url mention">@<span>alice</span></a></span>'

  test('are linked when they were resolved, and are text otherwise', () => {
    const { html, mentions } = render('Hi @alice@example.org, @who@x.y!')
    expect(html).toBe(`<p>Hi ${alice}, @who@x.y!</p>`)
    expect(mentions).toEqual(['alice@example.org'])
  })

  test('without a host are found too', () => {
    expect(render('@bob').mentions).toEqual(['bob'])
  })

  test('are found once each, in lower case, before they are resolved', () => {
    expect(findMentions('@Who@X.y @who@x.y (@bob) @a@localhost:8443 **@c_d_@e.f**')).toEqual([
      'who@x.y',
      'bob',
      'a@localhost:8443',
      'c_d_@e.f',
    ])
  })

  test('are not found in addresses, paths, code and links', () => {
    const source =
      'me@x.y x/@bob https://x.y/@bob `@bob` [@bob](https://x.y)\n```\n@bob\n```\n\\@bob'
    expect(findMentions(source)).toEqual([])
    expect(render(source).mentions).toEqual([])
  })

  test('escape the page of the actor', () => {
    const mentions = new Map([['bob', { id: 'x', url: 'https://x.y/"><script>' }]])
    expect(renderMarkdown('@bob', { ...context, mentions }).html).not.toContain('<script')
  })
})

describe('hashtags', () => {
  test('are linked as Mastodon does, and listed in lower case', () => {
    const { html, hashtags } = render('#Fox')
    expect(html).toBe(
      '<p><a href="https://den.example/?t=fox" class="mention hashtag" rel="tag">#<span>Fox</span></a></p>',
    )
    expect(hashtags).toEqual(['fox'])
  })

  test('are in any script, once each', () => {
    expect(render('#Füchse #füchse #日本語 #ｆｏｘ #a_b, (#c) #2024er').hashtags).toEqual([
      'füchse',
      '日本語',
      'fox',
      'a_b',
      'c',
      '2024er',
    ])
  })

  test('are not numbers, fragments, entities, code or parts of links', () => {
    const source = '#1 a#b &#35;x https://x.y/#z `#c` [#d](https://x.y) ##e \\#f'
    expect(render(source).hashtags).toEqual([])
  })
})

describe('custom emoji', () => {
  test('stay as shortcodes, and are listed', () => {
    const { html, emoji } = render(':blob_cat: :blob_cat: :none: *:blob_cat:*')
    expect(html).toBe('<p>:blob_cat: :blob_cat: :none: <em>:blob_cat:</em></p>')
    expect(emoji).toEqual(['blob_cat'])
  })
})

describe('images', () => {
  test('with an alt text, or alone on a line, become attachments', () => {
    const { html, images } = render('a\n![A fox](https://x.y/f.jpg)\nhttps://x.y/g.PNG?s=1\nb')
    expect(html).toBe('<p>a<br>b</p>')
    expect(images).toEqual([
      { url: 'https://x.y/f.jpg', name: 'A fox', mediaType: 'image/jpeg' },
      { url: 'https://x.y/g.PNG?s=1', name: '', mediaType: 'image/png' },
    ])
  })

  test('stay links where nothing can be attached', () => {
    const source = '![a](https://x.y/f.jpg)\nhttps://x.y/g.png'
    const { html, images } = renderMarkdown(source, { ...context, imagesAsLinks: true })
    expect(images).toEqual([])
    expect(html.match(/<a href/g)).toHaveLength(2)
  })

  test('leave nothing behind', () => {
    expect(html('https://x.y/f.jpg\n\n![a](https://x.y/g.png)')).toBe('')
  })

  test('within a sentence, of unknown type, or in a link stay links', () => {
    const { html, images } = render(
      'see https://x.y/f.jpg ![b](https://x.y/b) [![c](https://x.y/c.png)](https://x.y/d)',
    )
    expect(images).toEqual([])
    expect(html).toContain(`<a href="https://x.y/b" ${REL}>b</a>`)
    expect(html).toContain(`<a href="https://x.y/d" ${REL}>c</a>`)
  })
})

describe('hostile input', () => {
  test('that is too long is refused', () => {
    expect(() => render('a'.repeat(MAX_SOURCE_CHARS + 1))).toThrow(RangeError)
  })

  test.each([
    ...['[', '![', '[]', '](', '[a](', '*', '_', '*_ ', 'a**b', '`', '``a`', '~', '>', '> ', '- '],
    ...['>a\n- ', '- a\n', '1. ', '#', '# a\n', '@', '@a@', ':', ':a', 'http://', ' http://a', '<'],
    ...['&', '\\', '\n', '\t', '```\n', '<!--', 'https://a)', '![a](https://x/a.png)\n', '\0'],
  ])('100 kB of %j gives at most ten times as much', (pattern) => {
    const source = pattern.repeat(MAX_SOURCE_CHARS / pattern.length)
    const { html } = render(source)
    expect(html.length).toBeLessThan(10 * source.length)
  })

  test('nests at most a dozen deep, and loses no text', () => {
    const nested = html(`${'>'.repeat(500)}deep`)
    expect(nested.match(/<blockquote>/g)).toHaveLength(12)
    expect(nested).toContain('&gt;deep')
    expect(html(`${'- '.repeat(500)}deep`).match(/<ul>/g)).toHaveLength(6)
    expect(html(`${'*a '.repeat(50)}${'b* '.repeat(50)}`)).toContain('b')
  })
})
