import { beforeEach, describe, expect, test } from 'vitest'
import { type Browser, browse } from './browse.fixture.ts'
import { elementsOf } from './tree.fixture.ts'

const own = (page: string) => `/reynard/admin${page}`
const ID = 'http://localhost:3000/reynard/p/a4'
const alertOf = (page: string) =>
  elementsOf(page).find(({ attributes }) => attributes.role === 'alert')?.text

let browser: Browser

beforeEach(() => {
  browser = browse()
})

describe('forms', () => {
  const forms: [path: string, fields: Record<string, string>][] = [
    ['/like', { id: ID }],
    ['/remove', { id: ID }],
    ['/follow', { whom: '@vixen@wood.example' }],
    ['/block', { whom: 'https://wood.example/users/vixen' }],
    ['/vote', { id: ID, option: 'a' }],
    ['/publish', { text: 'x' }],
    ['/edit', { id: ID, text: 'x' }],
    ['/profile', { displayName: 'x' }],
  ]

  test.each(forms)('%s does nothing without the token of the session', async (path, fields) => {
    const csrf = await browser.signIn()
    for (const wrong of [
      {},
      { csrf: '' },
      { csrf: 'x' },
      { csrf: `${csrf}x` },
      { csrf: csrf.toUpperCase() },
    ]) {
      expect((await browser.post(own(path), { ...fields, ...wrong })).status).toBe(403)
    }
    expect(browser.calls).toEqual([])
  })

  test.each(forms)('%s does nothing for a page of another site', async (path, fields) => {
    const csrf = await browser.signIn()
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost:3001' },
    ]) {
      expect((await browser.post(own(path), { ...fields, csrf }, headers)).status).toBe(403)
    }
    expect(browser.calls).toEqual([])
  })

  test.each(forms)(
    '%s does nothing for who is not signed in, or someone else',
    async (path, fields) => {
      const csrf = await browser.signIn()
      expect((await browser.post(`/vixen/admin${path}`, { ...fields, csrf })).status).toBe(403)
      browser.cookie = ''
      expect((await browser.post(own(path), { ...fields, csrf })).status).toBe(403)
      expect(browser.calls).toEqual([])
    },
  )

  test('a token of another session does not count', async () => {
    const csrf = await browser.signIn()
    const { cookie } = browser
    await browser.post('/logout', { csrf })
    const second = await browser.signIn()
    expect(second).not.toBe(csrf)
    expect(browser.cookie).not.toBe(cookie)
    expect((await browser.post(own('/like'), { id: ID, csrf })).status).toBe(403)
  })

  test.each(['like', 'unlike', 'boost', 'unboost', 'pin', 'unpin', 'remove'])(
    '%s is done to the post',
    async (verb) => {
      const csrf = await browser.signIn()
      const { status, headers } = await browser.post(own(`/${verb}`), {
        id: ID,
        csrf,
        back: '#p-a4',
      })
      expect(status).toBe(303)
      expect(headers.location?.startsWith(own(''))).toBe(true)
      expect(browser.calls).toEqual([[verb, 'reynard', ID]].map(([, ...args]) => [verb, ...args]))
    },
  )

  test.each(['unfollow', 'accept', 'reject', 'block', 'unblock'])(
    '%s is done to the actor',
    async (verb) => {
      const csrf = await browser.signIn()
      const whom = 'https://wood.example/users/vixen'
      const { headers } = await browser.post(own(`/${verb}`), {
        whom,
        csrf,
        back: 'people?list=followers',
      })
      expect(headers.location).toMatch(
        new RegExp(
          `^/reynard/admin/people\\?list=followers&m=${verb === 'accept' ? 'accept' : verb}$`,
        ),
      )
      expect(browser.calls).toEqual([[verb, 'reynard', whom]])
    },
  )

  test.each([
    ['#p-a4', '/reynard/admin#p-a4'],
    ['?before=16%2Fdef#p-a4', '/reynard/admin?before=16%2Fdef#p-a4'],
    [
      `post?id=${encodeURIComponent(ID)}#p-a4`,
      `/reynard/admin/post?id=${encodeURIComponent(ID)}#p-a4`,
    ],
    ['//evil.example', '/reynard/admin'],
    ['https://evil.example', '/reynard/admin'],
    ['../../x', '/reynard/admin'],
    ['people?a=b\r\nset-cookie: x=y', '/reynard/admin'],
  ])('go back to %j only below her own pages', async (back, location) => {
    const csrf = await browser.signIn()
    expect((await browser.post(own('/like'), { id: ID, csrf, back })).headers.location).toBe(
      location,
    )
  })

  test('say why it could not be done', async () => {
    const csrf = await browser.signIn()
    browser.answer.outcome = { ok: false, message: 'The post <is> gone.' }
    const { status, body } = await browser.post(own('/like'), { id: ID, csrf })
    expect(status).toBe(422)
    expect(body).toContain('The post &lt;is&gt; gone.')
  })

  test('a deleted post is not gone back to', async () => {
    const csrf = await browser.signIn()
    const back = `post?id=${encodeURIComponent(ID)}`
    expect((await browser.post(own('/remove'), { id: ID, csrf, back })).headers.location).toBe(
      own('?m=remove'),
    )
  })

  test('a vote has all chosen options', async () => {
    const csrf = await browser.signIn()
    const fields = new URLSearchParams([
      ['csrf', csrf],
      ['id', ID],
      ['option', 'a'],
      ['option', 'b'],
    ])
    await browser.post(own('/vote'), fields)
    expect(browser.calls).toEqual([['vote', 'reynard', ID, ['a', 'b']]])
  })

  test('the form to follow shows what was typed when nobody was found', async () => {
    const csrf = await browser.signIn()
    browser.answer.outcome = { ok: false, message: 'Nobody has that name there.' }
    const { status, body } = await browser.post(own('/follow'), {
      whom: ' @who@wood.example ',
      csrf,
    })
    expect(status).toBe(422)
    expect(alertOf(body)).toBe('Nobody has that name there.')
    expect(
      elementsOf(body).find(({ attributes }) => attributes.id === 'whom')?.attributes.value,
    ).toBe('@who@wood.example')
    expect(browser.calls).toEqual([['follow', 'reynard', '@who@wood.example']])
  })

  test('too large a form is refused in words', async () => {
    const csrf = await browser.signIn()
    const { status, body } = await browser.post(own('/like'), { id: 'x'.repeat(100_000), csrf })
    expect(status).toBe(413)
    expect(body).toContain('Too large')
  })
})
