import { beforeAll, describe, expect, test } from 'vitest'
import { type Browser, browse } from './browse.fixture.ts'
import { NASTY } from './sample.fixture.ts'
import { style } from './style.ts'
import { elementsOf, type Found } from './tree.fixture.ts'

const own = (page: string) => `/reynard/admin${page}`
const thread = encodeURIComponent('http://localhost:3000/reynard/p/a4')
const publicPaths = [
  '/',
  '/?t=fox',
  '/?t=fox&before=1',
  '/?t=%3Cfox%3E',
  '/login',
  '/reynard',
  '/reynard?before=1',
  '/reynard/p/a4',
  '/reynard/p/gone',
  '/nobody',
]
const privatePaths = [
  ...[
    '',
    '?before=1',
    '?m=publish',
    '/notifications',
    '/people',
    '/people?list=followers',
    '/people?list=requests',
  ],
  ...[
    '/people?list=blocked',
    `/post?id=${thread}`,
    `/edit?id=${thread}`,
    '/profile',
    '/post?id=none',
  ],
].map(own)

const pages = new Map<string, { html: string; elements: Found[] }>()
let browser: Browser

beforeAll(async () => {
  browser = browse()
  const load = async (path: string) => {
    const { body } = await browser.get(path)
    pages.set(path, { html: body, elements: elementsOf(body) })
  }
  for (const path of publicPaths) await load(path)
  await browser.signIn()
  for (const path of privatePaths) await load(path)
})

const elements = (path: string) => pages.get(path)?.elements ?? []
const all = [...publicPaths, ...privatePaths]

describe.each(all)('the page %s', (path) => {
  test('has no script, style or handler of its own', () => {
    for (const { name, attributes } of elements(path)) {
      expect(['script', 'style', 'iframe', 'object', 'base']).not.toContain(name)
      for (const [attribute, value] of Object.entries(attributes)) {
        expect(attribute).not.toMatch(/^on|^style$/)
        expect(value).not.toMatch(/^\s*(?:javascript|data):/i)
      }
    }
    expect(elements(path).length).toBeGreaterThan(10)
  })

  test('has a label for each control, and a name for each button', () => {
    const labels = new Set(elements(path).map(({ attributes }) => attributes.for))
    for (const { name, attributes, text, path: within } of elements(path)) {
      const isControl =
        ['textarea', 'select'].includes(name) || (name === 'input' && attributes.type !== 'hidden')
      const isLabelled =
        labels.has(attributes.id) || within.includes('label') || attributes['aria-label']
      if (isControl && !isLabelled) expect.fail(`${name} ${attributes.name} has no label`)
      if (name === 'button') expect(text || attributes['aria-label']).not.toBe('')
    }
    expect(elements(path).filter(({ name }) => name === 'h1')).toHaveLength(1)
  })

  test('says its language, has one main part, a way to skip to it, and no id twice', () => {
    const found = elements(path)
    expect(found.find(({ name }) => name === 'html')?.attributes.lang).toBe('en')
    const ids = found.flatMap(({ attributes }) => attributes.id ?? [])
    expect(new Set(ids).size).toBe(ids.length)
    expect(
      found.filter(({ name }) => name === 'main').map(({ attributes }) => attributes.id),
    ).toEqual(['main'])
    expect(found.find(({ attributes }) => attributes.class === 'skip')?.attributes.href).toBe(
      '#main',
    )
    for (const { name, attributes } of found) {
      if (name === 'img') expect(attributes.alt).toBeTypeOf('string')
      if (name === 'time') expect(attributes.datetime).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
      for (const ids of [attributes['aria-labelledby'], attributes['aria-describedby']]) {
        if (ids) expect(found.some(({ attributes: { id } }) => id === ids)).toBe(true)
      }
    }
  })

  test('sends each form with a token', () => {
    for (const [index, { name, attributes }] of elements(path).entries()) {
      if (name !== 'form' || attributes.action === '/login') continue
      expect(attributes.method).toBe('post')
      const [next] = elements(path).slice(index + 1)
      expect(next?.attributes).toMatchObject({
        type: 'hidden',
        name: 'csrf',
        value: expect.stringMatching(/^[\w-]{43}$/),
      })
    }
    expect(
      elements(path).some(
        ({ attributes }) => attributes.href === '/login' || attributes.action === '/logout',
      ),
    ).toBe(true)
  })
})

describe('what others wrote', () => {
  test.each([
    '/reynard',
    own(''),
    own('/notifications'),
    own('/people'),
    own(`/post?id=${thread}`),
  ])('is text on %s, not markup', (path) => {
    const { html = '' } = pages.get(path) ?? {}
    expect(html).not.toContain('<script')
    expect(html).toContain('&lt;script&gt;')
    expect(elements(path).some(({ name, text }) => name === 'bdi' && text.startsWith(NASTY))).toBe(
      true,
    )
  })

  test('cannot leave its attribute', () => {
    const links = elements(own('')).filter(({ attributes }) =>
      attributes.href?.startsWith('https://evil.example/'),
    )
    expect(links.map(({ attributes }) => attributes.href)).toContain(
      'https://evil.example/"><script>',
    )
    expect(elements(own('')).some(({ attributes }) => attributes.lang === '"><script>')).toBe(true)
  })

  test('can claim the page by rel=me only in its own fields (https://microformats.org/wiki/rel-me)', () => {
    const claims = elements('/reynard').filter(({ attributes }) =>
      attributes.rel?.split(' ').includes('me'),
    )
    expect(claims.map(({ text }) => text)).toEqual(['den.example'])
    expect(claims[0]?.path).toContain('dl')
  })
})

describe('the profile', () => {
  test('is an h-card with an h-feed of h-entries (https://microformats.org/wiki/h-entry)', () => {
    const classes = elements('/reynard').flatMap(
      ({ attributes }) => attributes.class?.split(' ') ?? [],
    )
    for (const name of [
      'h-card',
      'u-uid',
      'p-note',
      'h-feed',
      'h-entry',
      'p-author',
      'e-content',
      'dt-published',
      'u-in-reply-to',
    ]) {
      expect(classes).toContain(name)
    }
  })

  test('tells of its other form, its address, and OpenGraph', () => {
    const head = elements('/reynard').filter(({ path }) => path.includes('head'))
    const link = (rel: string) => head.find(({ attributes }) => attributes.rel === rel)?.attributes
    expect(link('alternate')).toMatchObject({
      type: 'application/activity+json',
      href: 'http://localhost:3000/reynard',
    })
    expect(link('canonical')?.href).toBe('http://localhost:3000/reynard')
    const og = head.filter(({ attributes }) => attributes.property?.startsWith('og:'))
    expect(
      Object.fromEntries(og.map(({ attributes }) => [attributes.property, attributes.content])),
    ).toMatchObject({
      'og:title': 'Reynard (@reynard@den.example)',
      'og:description': expect.stringContaining('usually underground'),
    })
  })

  test('shows pinned posts first and pages through the rest', () => {
    const posts = (path: string) =>
      elements(path).filter(({ attributes }) => attributes.class?.includes('post '))
    expect(posts('/reynard')[0]?.text).toMatch(/^Pinned/)
    const older = elements('/reynard').find(({ attributes }) => attributes.rel === 'next')
    expect(older?.attributes.href).toBe('/reynard?before=17%2Fabc')
    expect(posts('/reynard?before=1')[0]?.text).not.toMatch(/^Pinned/)
  })
})

describe('a post', () => {
  test('hides what it warns of behind the warning, pictures too', () => {
    const picture = elements('/reynard').find(({ attributes }) =>
      attributes.alt?.startsWith('A muddy slope'),
    )
    expect(picture?.path).toContain('details')
    expect(
      elements('/reynard').some(
        ({ name, text }) => name === 'summary' && text.includes('Mud, lots of it'),
      ),
    ).toBe(true)
  })

  test('shows the alt text of a picture, and says when there is none', () => {
    const captions = elements('/reynard/p/a4').flatMap(({ name, text }) =>
      name === 'figcaption' ? text : [],
    )
    expect(captions).toContain('Description: A fox in a burrow')
    expect(captions).toContain('No description')
  })

  test('has results of a poll in words, and a form for who has not voted', () => {
    expect(pages.get('/reynard/p/a4')?.html).toContain('62 %')
    const form = elements(own('')).filter(
      ({ attributes }) => attributes.name === 'option' && attributes.type === 'radio',
    )
    expect(form.map(({ attributes }) => attributes.value)).toEqual([
      'The front door',
      'The one under the roots',
      'None, I never leave',
    ])
  })

  test('has a heading for its thread, and its replies below it', () => {
    const text = elements('/reynard/p/a4').map(({ name, text }) =>
      name === 'h1' || name === 'h2' ? text : '',
    )
    expect(text.filter(Boolean)).toEqual([
      'Reynard: @vixen As the old book says: A fox that digs one hole sleep…',
      'Replies',
    ])
  })

  test('offers only what its reader may do', () => {
    const verbs = elements(own('')).flatMap(
      ({ attributes }) => attributes.formaction?.split('/').pop() ?? [],
    )
    // Six posts, one of them direct: it cannot be boosted. Two are her own: she may delete them.
    expect(verbs.filter((verb) => verb === 'like' || verb === 'unlike')).toHaveLength(6)
    expect(verbs.filter((verb) => verb === 'boost' || verb === 'unboost')).toHaveLength(5)
    expect(verbs.filter((verb) => verb === 'remove')).toHaveLength(2)
    expect(verbs.filter((verb) => verb === 'block')).toHaveLength(4)
  })
})

describe('below a path', () => {
  test('every link and form of the site stays below it', async () => {
    const den = browse('https://den.example/social')
    await den.signIn()
    for (const path of [
      '/',
      '/reynard',
      '/reynard/p/a4',
      '/nobody',
      own(''),
      own('/people'),
      own('/profile'),
      own('/notifications'),
    ]) {
      const { body } = await den.get(path)
      for (const { attributes } of elementsOf(body)) {
        for (const url of [
          attributes.href,
          attributes.action,
          attributes.formaction,
          attributes.src,
        ]) {
          if (url?.startsWith('/')) expect(url).toMatch(/^\/social\//)
        }
      }
    }
    expect((await den.get('/social/style.css')).body).toBe(style)
  })
})

describe('the style sheet', () => {
  const themes = style.match(/:root \{[^}]*\}/g) ?? []
  const pairs = [
    ...[
      'ink paper',
      'soft paper',
      'fox paper',
      'ink raised',
      'soft raised',
      'fox raised',
      'ink wash',
      'soft wash',
    ],
    ...['on-fox fox', 'on-earth earth', 'paper ink', 'fox wash'],
  ]

  test('has at most 12 kB', () => {
    expect(Buffer.byteLength(style)).toBeLessThanOrEqual(12_000)
  })

  test.each(pairs)(
    'has enough contrast by day and by night: %s (https://www.w3.org/TR/WCAG22/#contrast-minimum)',
    (pair) => {
      const [front = '', back = ''] = pair.split(' ')
      expect(themes).toHaveLength(2)
      for (const theme of themes)
        expect(contrast(color(theme, front), color(theme, back))).toBeGreaterThanOrEqual(4.5)
    },
  )
})

function color(theme: string, name: string): number[] {
  const hex = new RegExp(`--${name}: #([0-9a-f]+);`).exec(theme)?.[1] ?? ''
  const full = hex.length === 3 ? hex.replace(/./g, '$&$&') : hex
  return [0, 2, 4].map((at) => Number.parseInt(full.slice(at, at + 2), 16) / 255)
}

function contrast(front: number[], back: number[]): number {
  const luminance = (rgb: number[]) => {
    const [r = 0, g = 0, b = 0] = rgb.map((c) =>
      c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4,
    )
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const [light = 0, dark = 0] = [luminance(front), luminance(back)].sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}
