import { afterEach, describe, expect, test } from 'vitest'
import { html } from '../html.ts'
import { createHttp } from '../http.ts'
import { silentLog } from '../log.ts'
import type { RelyingParty } from '../login/oidc.ts'
import { createMetrics } from '../metrics.ts'
import { type PageContent, renderPrivate } from './layout.ts'
import { makePageSender, type PageExchange, type PageWeb } from './sender.ts'
import { makePageSite } from './site.ts'

type Visit = PageExchange & { name: string }

const site = makePageSite('https://den.test', { name: 'fuchsbau', version: '0' }, '')
const { sendOwn, sendPublic, sendError, done } = makePageSender({
  render: ({ site: at }: PageWeb, page: PageContent<'' | 'hole'>, visit: Visit | undefined) =>
    renderPrivate(page, { site: at, footer: visit && html`<p>Log out ${visit.name}</p>` }),
  messages: { dug: 'The hole is dug.' },
  texts: { 404: ['No such hole', 'Dig one.'] },
  home: 'To your holes',
})

const servers: { close(): PromiseLike<unknown> }[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function answer(
  respond: (visit: Visit) => unknown,
  { query = '', party }: { query?: string; party?: RelyingParty } = {},
) {
  const app = createHttp({ log: silentLog(), metrics: createMetrics(), name: 'test' })
  servers.push(app)
  app.get('/', (request, reply) => respond({ web: { site, party }, request, reply, name: 'fox' }))
  return await app.inject(`/${query}`)
}

const page = { title: 'Holes', body: html`<h1>Holes</h1>` }

describe('a page of a person', () => {
  test('has the message that its address names, once, and no other', async () => {
    const own = (query: string) => answer((visit) => sendOwn(visit, page), { query })
    const { body, headers } = await own('?m=dug')
    expect(body).toContain('<p class="notice good" role="status">The hole is dug.</p>')
    expect(body).toContain('Log out fox')
    expect(headers['cache-control']).toBe('private, no-store')
    for (const query of ['', '?m=other', '?m=dug&m=dug', '?m=constructor', '?m=__proto__']) {
      expect((await own(query)).body, query).not.toContain('role="status"')
    }
  })

  test('that says what went wrong has no message, and says so in its title', async () => {
    const { body, statusCode } = await answer(
      (visit) => sendOwn(visit, { ...page, problem: 'A <root>.' }, 422),
      { query: '?m=dug' },
    )
    expect(statusCode).toBe(422)
    expect(body).toContain('<title>Error: Holes · den.test</title>')
    expect(body).toContain('role="alert">A &lt;root&gt;.</p>')
    expect(body).not.toContain('The hole is dug.')
  })

  test('is for no search engine', async () => {
    const { body } = await answer((visit) => sendPublic(visit, page))
    expect(body).toContain('<meta name="robots" content="noindex">')
    expect(body).not.toContain('Log out')
  })

  test('lets its forms lead to the identity provider, and nowhere else', async () => {
    const party = { origins: () => ['https://id.test', 'https://out.test'] } as RelyingParty
    const policyOf = async (options: { party?: RelyingParty }) =>
      (await answer((visit) => sendPublic(visit, page), options)).headers['content-security-policy']
    expect(await policyOf({ party })).toContain(
      "form-action 'self' https://id.test https://out.test;",
    )
    expect(await policyOf({})).toContain("form-action 'self';")
  })
})

describe('the page for what went wrong', () => {
  test.each([
    [404, 'No such hole', 'Dig one.'],
    [403, 'You may not do that', 'Go back, reload the page and try again.'],
    [418, 'That request makes no sense', 'Go back and try again.'],
    [500, 'Something broke in the burrow', 'it has been logged'],
    [507, 'Something broke in the burrow', 'it has been logged'],
  ])('%d says %j, and what can be done', async (status, title, text) => {
    const { body, statusCode } = await answer((visit) => sendError(visit, status))
    expect(statusCode).toBe(status)
    expect(body).toContain(`<h1>${title}</h1>`)
    expect(body).toContain(text)
    expect(body).toContain('<p><a href="/">To your holes</a></p>')
    expect(body).not.toContain('Log out')
  })

  test('names the request where the log says more', async () => {
    const errorOf = async (status: number) =>
      (await answer((visit) => sendError(visit, status, 'No <spade>.'))).body
    expect(await errorOf(503)).toMatch(
      /<p>No &lt;spade&gt;.<\/p>\n<p class="small">Request [\w-]+</,
    )
    expect(await errorOf(422)).not.toContain('Request')
  })
})

test.each([
  ['holes', '/holes?m=dug'],
  ['holes?page=2', '/holes?page=2&m=dug'],
  ['', '/?m=dug'],
])('a form that was taken leads to %j, which shows the message', async (path, location) => {
  const { statusCode, headers } = await answer((visit) => done(visit, path, 'dug'))
  expect(statusCode).toBe(303)
  expect(headers.location).toBe(location)
})
