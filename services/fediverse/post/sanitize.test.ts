import { parse, type DefaultTreeAdapterTypes as Tree } from 'parse5'
import { describe, expect, test } from 'vitest'
import { MAX_HTML_CHARS, plainText, sanitize, textWithEmoji } from './sanitize.ts'

const clean = (source: string) => sanitize(source).html
const REL = 'rel="nofollow noopener noreferrer"'

const allowed: Record<string, readonly string[]> = {
  a: ['href', 'class', 'rel'],
  img: ['class', 'src', 'alt', 'title', 'width', 'height', 'loading'],
  li: ['value'],
  ol: ['start', 'reversed'],
  p: ['class'],
  span: ['class'],
}
const bare =
  'b bdi blockquote br cite code del em h3 h4 h5 h6 hr i ins kbd pre q rp rt ruby s small strong sub sup u ul wbr abbr'.split(
    ' ',
  )

/** What a browser (parse5 builds the tree of the HTML standard) would find wrong with `html` within a page. */
function faults(html: string): string[] {
  const page = parse(
    `<!doctype html><html><head><title>t</title></head><body><ul><li><article><div id="box">${html}</div><p id="after">after</p></article></li></ul></body></html>`,
  )
  const found: string[] = []
  const path: string[] = []
  const visit = (node: Tree.Node, isInside: boolean) => {
    if (node.nodeName === '#comment') found.push('comment')
    if (!('tagName' in node)) return
    const id = node.attrs.find(({ name }) => name === 'id')?.value
    if (id === 'after') path.push(ancestors(node))
    if (isInside) {
      const attributes = allowed[node.tagName] ?? (bare.includes(node.tagName) ? [] : undefined)
      if (!attributes || node.namespaceURI !== 'http://www.w3.org/1999/xhtml')
        found.push(node.tagName)
      for (const { name, value } of node.attrs) {
        if (!attributes?.includes(name)) found.push(`${node.tagName}[${name}]`)
        if (name === 'href' && !/^(https?|mailto|xmpp|gemini|magnet):/i.test(value))
          found.push(value)
      }
    }
    for (const child of node.childNodes) visit(child, isInside || id === 'box')
  }
  for (const child of page.childNodes) visit(child, false)
  if (path.join() !== 'html/body/ul/li/article') found.push(`the page broke: ${path.join()}`)
  return found
}

function ancestors(node: Tree.Element): string {
  const names: string[] = []
  for (let at = node.parentNode; at && 'tagName' in at; at = at.parentNode)
    names.unshift(at.tagName)
  return names.join('/')
}

describe('HTML of other servers', () => {
  test.each([
    ['paragraphs and breaks', '<p>a<br />b</p><p>c</p>', '<p>a<br>b</p><p>c</p>'],
    [
      'mentions',
      '<span class="h-card"><a href="https://x.y/@a" class="u-url mention" target="_blank">@<span>a</span></a></span>',
      `<span class="h-card"><a href="https://x.y/@a" class="u-url mention" ${REL}>@a</a></span>`,
    ],
    [
      'hashtags',
      '<a href="https://x.y/t" class="mention hashtag" rel="tag">#<span>t</span></a>',
      '<a href="https://x.y/t" class="mention hashtag" rel="tag nofollow noopener noreferrer">#t</a>',
    ],
    [
      'shortened links',
      '<a href="https://x.y/"><span class="invisible">https://</span><span class="ellipsis">x</span></a>',
      `<a href="https://x.y/" ${REL}><span class="invisible">https://</span><span class="ellipsis">x</span></a>`,
    ],
    [
      'lists',
      '<ol start="3" reversed><li value="9">a</ol>',
      '<ol start="3" reversed><li value="9">a</li></ol>',
    ],
    [
      'code',
      '<pre><code class="language-c">a &lt; b\n c</code></pre>',
      '<pre><code>a &lt; b\n c</code></pre>',
    ],
    ['ruby', '<ruby>漢<rp>(</rp><rt>kan</rt></ruby>', '<ruby>漢<rp>(</rp><rt>kan</rt></ruby>'],
    ['headings go below those of the page', '<h1>a</h1><h6>b</h6>', '<h3>a</h3><h6>b</h6>'],
    ['divisions become lines', '<div>a</div><div>b</div><p>c</p>', 'a<br>b<p>c</p>'],
    ['cells become lines', '<table><tr><td>a</td></tr><tr><td>b</td></tr></table>', 'a<br>b'],
    ['an image becomes its text', 'a <img src="https://x.y/z.png" alt="fox"> b', 'a fox b'],
    ['unknown tags go, their text stays', '<font color=red>a</font><blink>b</blink>', 'ab'],
    [
      'scripts, styles and drawings go with their text',
      'a<script>b</script><style>c</style><svg>d</svg>e',
      'ae',
    ],
    ['unclosed tags are closed', '<p><b>a', '<p><b>a</b></p>'],
    ['crossed tags are put right', '<b><i>a</b>b</i>', '<b><i>a</i></b>b'],
    [
      'no link within a link',
      '<a href="https://a.b">a<b><a href="https://c.d">b</a></b></a>',
      `<a href="https://a.b" ${REL}>a<b>b</b></a>`,
    ],
    ['a list item without a list', '<li>a</li><li>b</li>', 'a<br>b'],
    ['what other characters hide', 'a\0b\x1bc&#0;', 'abc\ufffd'],
    ['text that looks like a tag', 'a < b && c > d', 'a &lt; b &amp;&amp; c &gt; d'],
  ])('%s', (_name, source, expected) => {
    expect(clean(source)).toBe(expected)
    expect(faults(expected)).toEqual([])
  })

  test('classes of ours are not taken over', () => {
    expect(clean('<p class="notice quote-inline">a</p><span class="skip">b</span>')).toBe(
      '<p class="quote-inline">a</p>b',
    )
  })

  test('a link can claim the page only on the own profile (rel-me)', () => {
    const source = '<a href="https://x.y/@eve" rel="me">x</a>'
    expect(clean(source)).toBe(`<a href="https://x.y/@eve" ${REL}>x</a>`)
    expect(sanitize(source, { isOwnProfile: true }).html).toContain('rel="me nofollow')
  })

  test('custom emoji are shown, except in code', () => {
    const emoji = new Map([
      ['fox', 'https://x.y/"fox.png'],
      ['bad', 'javascript:alert(1)'],
    ])
    const image =
      '<img class="emoji" src="https://x.y/&quot;fox.png" alt=":fox:" title=":fox:" width="20" height="20" loading="lazy">'
    const { html } = sanitize('<p>:fox: :bad: <code>:fox:</code></p>', { emoji })
    expect(html).toBe(`<p>${image} :bad: <code>:fox:</code></p>`)
    expect(textWithEmoji('<b>:fox:', emoji)).toBe(`&lt;b&gt;${image}`)
    expect(textWithEmoji('a :fox:')).toBe('a :fox:')
  })
})

describe('links', () => {
  test.each([
    ...[
      'https://x.y/',
      'HTTP://x.y',
      'mailto:a@b.c',
      'xmpp:a@b.c',
      'gemini://x.y/',
      'magnet:?xt=urn:btih:0',
    ],
  ])('%s is kept', (url) => {
    expect(clean(`<a href="${url}">a</a>`)).toBe(`<a href="${url}" ${REL}>a</a>`)
  })

  test.each([
    ...[
      'javascript:alert(1)',
      'JaVaScRiPt:alert(1)',
      ' javascript:alert(1)',
      'java\tscript:alert(1)',
    ],
    ...[
      'java\nscript:alert(1)',
      '&#106;avascript:alert(1)',
      '&#x6A;&#x61;vascript:alert(1)',
      'javascript&colon;alert(1)',
    ],
    ...[
      'java&Tab;script:alert(1)',
      'javascript&NewLine;:alert(1)',
      '\x01javascript:alert(1)',
      'vbscript:x',
      'data:text/html,x',
    ],
    ...[
      'data:text/html;base64,PHNjcmlwdD4=',
      'file:///etc/passwd',
      'blob:https://x.y/1',
      'about:blank',
      'view-source:x',
    ],
    ...[
      '//x.y/',
      '/login',
      'logout',
      '?a=b',
      '#a',
      'https:logout',
      'https:/x.y',
      'https:\\\\x.y',
      'http://',
      'ht\ttps://x.y',
      '',
    ],
  ])('%j is text only', (url) => {
    expect(clean(`<a href="${url}">a</a>`)).toBe('a')
  })
})

/** From the OWASP cheat sheet, PortSwigger's list, DOMPurify's and sanitize-html's advisories. */
const vectors = [
  '<script>alert(1)</script>',
  '<ScRiPt src=//x.y/a.js></sCrIpT>',
  '<script/x>alert(1)</script\t\n bogus>',
  '<scr<script>ipt>alert(1)</scr</script>ipt>',
  '<svg onload=alert(1)>',
  '<svg/onload=alert(1)//',
  '<svg><script>alert(1)</script></svg>',
  '<svg><script href="data:,alert(1)"/></svg>',
  '<svg><animate onbegin=alert(1) attributeName=x dur=1s>',
  '<svg><a xlink:href="javascript:alert(1)"><text y=20>x</text></a></svg>',
  '<svg><set attributeName=href to=javascript:alert(1)>',
  '<svg><foreignObject><iframe srcdoc="<script>alert(1)</script>">',
  '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
  '<svg><style><img src=x onerror=alert(1)></style></svg>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  '<math><mtext><mglyph><style><img src=x onerror=alert(1)>',
  '<math><annotation-xml encoding="text/html"><script>alert(1)</script>',
  '<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '<math href="javascript:alert(1)">x</math>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<noembed><img title="</noembed><img src=x onerror=alert(1)>"></noembed>',
  '<noframes><p title="</noframes><script>alert(1)</script>">',
  '<xmp><p title="</xmp><img src=x onerror=alert(1)>">',
  '<textarea><img title="</textarea><img src=x onerror=alert(1)>"></textarea>',
  '<title><img title="</title><img src=x onerror=alert(1)>"></title>',
  '<template><script>alert(1)</script></template>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<iframe><b title="</iframe><img src=x onerror=alert(1)>">',
  '<iframe srcdoc="&lt;script&gt;alert(1)&lt;/script&gt;">',
  '<object data="javascript:alert(1)"></object><embed src="javascript:alert(1)">',
  '<img src=x onerror=alert(1)>',
  '<img src=x alt="<script>alert(1)</script>">',
  '<img """><script>alert(1)</script>">',
  '<IMG SRC=`javascript:alert("x")`>',
  '<img src="x` `<script>alert(1)</script>"` `>',
  '<p onclick=alert(1) style="background:url(javascript:alert(1))" id=x name=x>a</p>',
  '<a href="https://x.y" onmouseover="alert(1)" style="position:fixed;inset:0">a</a>',
  '<a href="https://x.y/\u2028\u2029" ping="https://x.y" download target=_top>a</a>',
  "<a href='https://x.y/\"onclick=alert(1)//'>a</a>",
  '<a href=https://x.y/onclick=alert(1)>a</a>',
  '<a href="https://x.y" class="mention&quot; onclick=&quot;alert(1)">a</a>',
  '<span class="mention\tonload=alert(1)">a</span>',
  '<ol start="1 onclick=alert(1)"><li value="&quot;>">a</ol>',
  '<base href="https://x.y/"><link rel=stylesheet href=x><meta http-equiv=refresh content="0;url=javascript:alert(1)">',
  '<form action="javascript:alert(1)"><input type=submit><button formaction=javascript:alert(1)>x</button></form>',
  '<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>',
  '<details open ontoggle=alert(1)>a</details><marquee onstart=alert(1)>b</marquee>',
  '<body onload=alert(1)><html onclick=alert(1)>',
  '<style>@import "javascript:alert(1)";</style><style><!--</style><script>alert(1)//--></script>',
  '<!--><script>alert(1)</script>-->',
  '<!--[if gte IE 4]><script>alert(1)</script><![endif]-->',
  '<!-- --!><img src=x onerror=alert(1)> -->',
  '<![CDATA[<script>alert(1)</script>]]>',
  '<?xml version="1.0"?><?x <script>alert(1)</script> ?>',
  '<!DOCTYPE html><!ENTITY x "<script>alert(1)</script>">&x;',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '&amp;lt;script&amp;gt;alert(1)',
  '<\0script>alert(1)</script>',
  '<s\0cript>alert(1)</s\0cript>',
  '\xbcscript\xbealert(1)\xbc/script\xbe',
  '<<script>alert(1)//<</script>',
  '<x onclick=alert(1)>a</x><x/onclick=alert(1)//>b',
  '<p/onclick=alert(1)/>a<p onclick\n=\nalert(1)>',
  '</div></article></li></ul><p id="after">x</p>',
  '</p></div></body></html><script>alert(1)</script>',
  '<li><ul></li></ul><li>x',
  '<table><td></div></table></article>x',
  '<plaintext><script>alert(1)</script>',
  '<select><style></select><script>alert(1)</script>',
  '<option><style></option></select><b><img src=x onerror=alert(1)>',
  '<frameset onload=alert(1)><frame src=javascript:alert(1)>',
  '<input autofocus onfocus=alert(1)><keygen autofocus onfocus=alert(1)>',
  '<a href="javascript\0:alert(1)">a</a><a href="&#0000106avascript:alert(1)">b</a>',
  '<b><p></b><i></p></i><a href="https://x.y"><p></a></p>',
  '<a href="https://x.y"><table><a href="https://x.y">x</table></a>',
  '<p><ul><p></ul><h1><h2><ruby><li><rt></ruby></p>',
  '<div><br></div></br></p><hr/><wbr/>x</wbr>',
]

describe('attacks', () => {
  test('would be seen by the check below', () => {
    expect(faults('<img src=x onerror=y>')).toEqual(['img[onerror]'])
    expect(faults('<a href="java\nscript:x">a</a><svg></svg>')).toHaveLength(2)
    expect(faults('</div></article>')).toEqual(['the page broke: html/body/ul/li'])
  })

  test.each(vectors)('%s', (vector) => {
    const html = clean(vector)
    expect(faults(html)).toEqual([])
    const again = clean(html).replace(/(?<=<\/?h)\d/g, '_')
    expect(again).toBe(html.replace(/(?<=<\/?h)\d/g, '_'))
  })

  test('3,000 mixtures of them leave nothing that the page does not allow', () => {
    const pieces = vectors.flatMap((vector) => vector.split(/(?=[<"&])/))
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % below
    }
    const emoji = new Map([['x', 'https://x.y/z.png']])
    for (let round = 0; round < 3_000; round += 1) {
      const count = 2 + random(12)
      const source = Array.from({ length: count }, () => pieces[random(pieces.length)]).join('')
      expect(faults(sanitize(source, { emoji }).html), source).toEqual([])
    }
  })
})

describe('limits', () => {
  test('what is longer than 500,000 characters is cut, and said to be', () => {
    expect(sanitize('a'.repeat(MAX_HTML_CHARS))).toMatchObject({ isTruncated: false })
    const { html, isTruncated } = sanitize(`<b>${'a'.repeat(MAX_HTML_CHARS)}</b>`)
    expect(isTruncated).toBe(true)
    expect(html).toHaveLength(MAX_HTML_CHARS - 3 + '<b></b>'.length)
  })

  test.each([
    ...[
      '<b>',
      '<b></i>',
      '<',
      '&',
      '"',
      '<p>',
      '</p>',
      '<a href="http://a">x',
      'x<div>y</div>',
      '<svg>',
    ],
    ...[
      '<a a=',
      '<!--',
      '<ul><li>',
      '<table><tr><td>',
      '<script>',
      '<div>',
      '<form>',
      ':a:',
      '<h1>x',
    ],
  ])('500 kB of %s give at most six times as much, and no deep tree', (pattern) => {
    const { html } = sanitize(pattern.repeat(MAX_HTML_CHARS / pattern.length))
    expect(html.length).toBeLessThanOrEqual(6 * MAX_HTML_CHARS)
    expect(html.match(/^(?:<\w+>){41}/)).toBeNull()
  })

  test('a text that nests absurdly is cut, and said to be', () => {
    expect(sanitize(`${'<b>'.repeat(10_000)}a`).isTruncated).toBe(true)
    expect(sanitize(`${'<b>'.repeat(100)}a`)).toMatchObject({ isTruncated: false })
  })
})

describe('plain text', () => {
  test.each([
    ['<p>a</p><p>b<br>c</p>', 'a b c'],
    [' <b>x</b> &amp; &lt;y&gt; <script>z</script>', 'x & <y>'],
    ['Fox &#x1f98a;', 'Fox 🦊'],
    ['a\u001b[2J\r\n\u009bb', 'a[2J b'],
    ['', ''],
  ])('of %j', (source, expected) => {
    expect(plainText(source)).toBe(expected)
  })

  test('is cut with an ellipsis, never within a character', () => {
    expect(plainText('<p>one two three</p>', 8)).toBe('one two…')
    expect(plainText('🦊🦊🦊', 4)).toBe('🦊…')
    expect(plainText('a '.repeat(1_000_000), 50)).toHaveLength(50)
  })
})
