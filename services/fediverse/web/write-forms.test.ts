import { beforeEach, describe, expect, test } from 'vitest'
import { type Browser, browse } from './browse.fixture.ts'
import { NOW } from './sample.fixture.ts'
import { elementsOf } from './tree.fixture.ts'

const own = (page: string) => `/reynard/admin${page}`
const ID = 'http://localhost:3000/reynard/p/a4'
const at = (path: string) => `${path}?id=${encodeURIComponent(ID)}`
const alertOf = (page: string) =>
  elementsOf(page).find(({ attributes }) => attributes.role === 'alert')?.text

let browser: Browser

beforeEach(() => {
  browser = browse()
})

describe('writing', () => {
  const png = (content: string) => ({ filename: 'a.png', type: 'image/png', content })
  const none = { filename: '', type: 'application/octet-stream', content: '' }

  test('publishes what was entered', async () => {
    const csrf = await browser.signIn()
    const { status, headers } = await browser.postFiles(own('/publish'), [
      ...([
        ['csrf', csrf],
        ['back', ''],
        ['text', 'One\r\ntwo'],
        ['audience', 'followers'],
      ] as [string, string][]),
      ...([
        ['language', 'de'],
        ['warning', ' mud '],
        ['inReplyTo', ID],
      ] as [string, string][]),
      ...([
        ['file1', png('bytes')],
        ['alt1', ' a fox '],
        ['file2', none],
        ['alt2', ''],
      ] as [string, string][]),
      ...([
        ['option', 'a'],
        ['option', 'b'],
        ['option', ' '],
        ['multiple', '1'],
        ['hours', '6'],
      ] as [string, string][]),
    ])
    expect({ status, location: headers.location }).toEqual({
      status: 303,
      location: own('?m=publish'),
    })
    expect(browser.uploads).toEqual(['bytes'])
    expect(browser.calls.at(-1)).toEqual([
      'publish',
      'reynard',
      {
        text: 'One\ntwo',
        audience: 'followers',
        language: 'de',
        warning: 'mud',
        inReplyTo: ID,
        attachments: [
          { url: 'http://localhost:3000/reynard/s/1.png', mediaType: 'image/png', name: 'a fox' },
        ],
        poll: { options: ['a', 'b'], isMultiple: true, endsAt: NOW + 6 * 3_600_000 },
      },
    ])
  })

  test('has defaults for what is missing or makes no sense', async () => {
    const csrf = await browser.signIn()
    await browser.postFiles(own('/publish'), [
      ['csrf', csrf],
      ['text', 'x'],
      ['audience', 'world'],
      ['language', '"><b>'],
    ])
    expect(browser.calls).toEqual([
      [
        'publish',
        'reynard',
        { text: 'x', audience: 'public', language: 'en', warning: '', attachments: [] },
      ],
    ])
  })

  test('keeps no file before it has seen the token', async () => {
    const csrf = await browser.signIn()
    const { status } = await browser.postFiles(own('/publish'), [
      ['file1', png('bytes')],
      ['csrf', csrf],
      ['text', 'x'],
    ])
    expect(status).toBe(303)
    const refused = await browser.postFiles(own('/publish'), [
      ['csrf', 'x'],
      ['file1', png('bytes')],
      ['text', 'x'],
    ])
    expect(refused.status).toBe(403)
    expect(browser.uploads).toEqual([])
  })

  test('shows the form again, with what was typed, when it is not taken', async () => {
    const csrf = await browser.signIn()
    browser.answer.outcome = { ok: false, message: 'The post is empty.' }
    const { status, body } = await browser.postFiles(own('/publish'), [
      ...([
        ['csrf', csrf],
        ['text', 'a </textarea><b>'],
        ['warning', 'mud'],
        ['audience', 'direct'],
      ] as [string, string][]),
      ['file1', png('bytes')],
    ])
    expect(status).toBe(422)
    expect(alertOf(body)).toBe('The post is empty. The files have to be chosen again.')
    const found = elementsOf(body)
    expect(found.find(({ name }) => name === 'textarea')?.text).toBe('a </textarea><b>')
    expect(found.find(({ attributes }) => attributes.id === 'warning')?.attributes.value).toBe(
      'mud',
    )
    expect(
      found
        .filter(({ attributes }) => 'selected' in attributes)
        .map(({ attributes }) => attributes.value),
    ).toContain('direct')
  })

  test('a file that is too large stops it', async () => {
    const csrf = await browser.signIn()
    const { status, body } = await browser.postFiles(own('/publish'), [
      ['csrf', csrf],
      ['file1', png('x'.repeat(20_000))],
      ['text', 'kept'],
    ])
    expect(status).toBe(422)
    expect(alertOf(body)).toContain('The file is too large.')
    expect(elementsOf(body).find(({ name }) => name === 'textarea')?.text).toBe('kept')
    expect(browser.calls.map(([verb]) => verb)).toEqual(['upload'])
  })

  test('more files than allowed are refused', async () => {
    const csrf = await browser.signIn()
    const files = Array.from({ length: 9 }, (_, index): [string, ReturnType<typeof png>] => [
      `file${index}`,
      png('x'),
    ])
    expect((await browser.postFiles(own('/publish'), [['csrf', csrf], ...files])).status).toBe(413)
    expect(browser.calls.some(([verb]) => verb === 'publish')).toBe(false)
  })

  test('an edit keeps the files that stay ticked, with their new descriptions', async () => {
    const csrf = await browser.signIn()
    const { headers } = await browser.postFiles(own('/edit'), [
      ...([
        ['csrf', csrf],
        ['id', ID],
        ['back', at('post')],
        ['text', 'new'],
        ['language', 'en'],
      ] as [string, string][]),
      ...([
        ['keep', 'http://localhost:3000/logo.svg?1'],
        ['kept0', 'better'],
        ['kept1', 'x'],
      ] as [string, string][]),
    ])
    expect(headers.location).toBe(`${own(at('/post'))}&m=edit`)
    const attachments = [
      { url: 'http://localhost:3000/logo.svg?1', mediaType: 'image/png', name: 'better' },
    ]
    expect(browser.calls).toEqual([
      ['edit', 'reynard', ID, { text: 'new', warning: '', language: 'en', attachments }],
    ])
  })

  test('the profile is saved with new pictures', async () => {
    const csrf = await browser.signIn()
    const { headers } = await browser.postFiles(own('/profile'), [
      ...([
        ['csrf', csrf],
        ['displayName', ' Rey '],
        ['bio', 'b'],
        ['no-header', '1'],
        ['avatar', png('face')],
      ] as [string, string][]),
      ...([
        ['fieldName0', 'Home'],
        ['fieldValue0', 'x'],
        ['fieldName2', 'only a label'],
        ['isBot', '1'],
        ['language', 'fr'],
      ] as [string, string][]),
    ])
    expect(headers.location).toBe(own('/profile?m=profile'))
    expect(browser.calls.at(-1)).toEqual([
      'changeProfile',
      'reynard',
      {
        ...{ displayName: 'Rey', bio: 'b', fields: [{ name: 'Home', value: 'x' }], language: 'fr' },
        ...{ isLocked: false, isDiscoverable: false, isBot: true },
        ...{ avatarUrl: 'http://localhost:3000/reynard/s/1.png', headerUrl: '' },
      },
    ])
  })

  test('a torn form is refused, and does no harm', async () => {
    const csrf = await browser.signIn()
    const part = (name: string, value: string) =>
      `--xyz\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
    for (const torn of ['--xyz\r\nContent-Dispo', '--xyz', part('text', 'x'), 'nonsense']) {
      const { statusCode, body } = await browser.app.inject({
        method: 'POST',
        url: own('/publish'),
        headers: {
          origin: 'http://localhost:3000',
          cookie: browser.cookie,
          'content-type': 'multipart/form-data; boundary=xyz',
        },
        payload: part('csrf', csrf) + torn,
      })
      expect(statusCode).toBe(400)
      expect(body).toContain('did not arrive whole')
    }
    expect(browser.calls).toEqual([])
  })
})
