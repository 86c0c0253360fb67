// The administrators' pages in the real process: who gets there, each page and form by each kind of visitor, and that what is
// changed there counts at once and stands in the audit.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN_FORMS, ADMIN_PAGES } from '../../../services/registry/web/admin/routes.ts'
import { cookieBrowser } from '../../support/cookie-browser.ts'
import { logInTo, peopleWithPassword } from '../../support/registry-people.ts'
import { type RegistryProcess, startRegistry } from '../../support/registry-process.ts'
import { waitFor } from '../../support/wait-for.ts'

const POLICY = `rules:
  - who: [owner, "group:admins"]
    repositories: "**"
    allow: [pull, push, overwrite, delete, catalog, admin]
  - who: people
    repositories: "\${username}/**"
    allow: [pull, push, catalog]
  - {who: robots, repositories: "**", allow: [pull, push]}
  - {who: everyone, repositories: "closed/**", deny: [pull, push]}
`
const PEOPLE = { ann: [], rita: ['admins'], fred: ['admins'], dora: ['makers'] }

let registry: RegistryProcess
let ids = new Map<string, number>()
beforeAll(async () => {
  const addPeople = await peopleWithPassword(PEOPLE)
  registry = await startRegistry({
    policy: POLICY,
    seed(store) {
      ids = addPeople(store)
      const at = Date.now()
      const robot = { name: 'idle', about: '', isEnabled: true, createdAt: at, createdBy: 'test' }
      ids.set('idle', store.robots.add(robot)?.id ?? 0)
    },
  })
})
afterAll(() => registry?.[Symbol.asyncDispose]())

const logIn = (name: string) => logInTo(registry, name)
const pathOf = (route: string) => route.replace(':id', '1').replace('*', 'nowhere')
const auditOf = (...args: string[]) => registry.cli('audit', 'list', ...args)
const idIn = (body: string, pattern: RegExp) => pattern.exec(body)?.[1] ?? ''

describe('for who is no administrator there is nothing', () => {
  test.each(Object.keys(ADMIN_PAGES))('GET %s', async (route) => {
    const path = pathOf(route)
    const nobody = await cookieBrowser(registry.url).get(path)
    expect(nobody.location).toBe(`${registry.url}/login?next=${encodeURIComponent(path)}`)
    const ann = await logIn('ann')
    const answer = await ann.get(path)
    // Word for word what an address is answered with that nobody ever thought of.
    expect(answer).toEqual(await ann.get('/never-thought-of'))
    expect(answer.status).toBe(404)
  })

  test.each(Object.keys(ADMIN_FORMS))('POST %s', async (route) => {
    const path = pathOf(route)
    expect((await cookieBrowser(registry.url).post(path)).status).toBe(403)
    const ann = await logIn('ann')
    const answer = await ann.post(path, { name: 'made', label: 'x' })
    expect([answer.status, answer.body]).toEqual([404, (await ann.get('/never-thought-of')).body])
    // Not even by a form without the token of the session.
    expect((await ann.post(path, { csrf: 'wrong' })).status).toBe(404)
  })

  test('and no page of theirs speaks of it', async () => {
    const ann = await logIn('ann')
    for (const path of ['/', '/tokens', '/account', '/repositories/team/app']) {
      expect((await ann.get(path)).body).not.toMatch(/admin\/|Administration/)
    }
    const events = (await auditOf('--who', 'ann')).map((line) => line.split('  ')[1])
    expect(new Set(events)).toEqual(new Set(['login', 'denied']))
  })

  test('a token of a robot or of an administrator opens none', async () => {
    const [secret = ''] = await registry.cli('token', 'create', 'rita')
    const as = { name: 'rita', secret }
    const response = await registry.request('/admin/people', { as })
    expect(response.url).toContain('/login')
  })
})

describe('an administrator', () => {
  test.each(['you', 'rita'])('%s sees each page', async (name) => {
    const browser = await logIn(name)
    expect((await browser.get('/')).body).toContain('Administration')
    expect((await browser.get('/admin')).location).toBe(`${registry.url}/admin/people`)
    for (const path of [
      'people',
      'people/1',
      'people/2/delete',
      'robots',
      'tokens',
      'audit',
      'policy',
    ]) {
      const answer = await browser.get(`/admin/${path}`)
      expect([path, answer.status]).toEqual([path, 200])
      expect(answer.body).toMatch(/aria-current="page">Administration/)
    }
  })

  test('who is disabled is nobody', async () => {
    const browser = await logIn('fred')
    expect((await browser.get('/admin/people')).status).toBe(200)
    await registry.cli('person', 'disable', 'fred')
    expect((await browser.get('/admin/people')).location).toContain('/login')
    expect((await browser.post('/admin/robots', { name: 'late' })).status).toBe(403)
    await registry.cli('person', 'enable', 'fred')
    expect(await registry.cli('robot', 'list')).toEqual(['idle'])
  })

  test('is one no more when the policy says so', async () => {
    const browser = await logIn('fred')
    expect((await browser.get('/admin/people')).status).toBe(200)
    registry.writePolicy(POLICY.replace('"group:admins"', '"user:rita"'))
    await waitFor(async () => (await browser.get('/admin/people')).status === 404, {
      what: 'the new policy',
    })
    registry.writePolicy(POLICY)
    await waitFor(async () => (await browser.get('/admin/people')).status === 200, {
      what: 'the old policy',
    })
  })

  test.each(['people', 'robots', 'tokens'])('%s with an odd number are not there', async (kind) => {
    const browser = await logIn('you')
    for (const id of ['0', '-1', '999', '1e3', '%00', 'x']) {
      expect((await browser.get(`/admin/${kind}/${id}`)).status).toBe(404)
      const path = kind === 'tokens' ? `/admin/tokens/${id}/revoke` : `/admin/${kind}/${id}/disable`
      expect((await browser.post(path)).status).toBe(404)
    }
  })
})

describe('a person', () => {
  test('is found by name and by group, page by page', async () => {
    const browser = await logIn('you')
    const found = async (query: string) => {
      const { body } = await browser.get(`/admin/people?${query}`)
      return [...body.matchAll(/admin\/people\/\d+">(\w+)</g)].map(([, name]) => name)
    }
    expect(await found('q=ADMINS')).toEqual(['fred', 'rita'])
    expect(await found('q=or')).toEqual(['dora'])
    expect(await found('after=fred')).toEqual(['rita', 'you'])
    expect((await browser.get('/admin/people?q=%22%3Cb')).body).toContain('Nobody is called so')
  })

  test('who is disabled is out at once, and comes back', async () => {
    const browser = await logIn('you')
    const dora = await logIn('dora')
    const [secret = ''] = await registry.cli('token', 'create', 'dora')
    const status = async () =>
      (await registry.request('/v2/', { as: { name: 'dora', secret } })).status
    const path = `/admin/people/${ids.get('dora')}`
    expect((await browser.get(path)).body).toContain('1 session will end for good')
    expect((await browser.post(`${path}/disable`)).location).toContain('m=disabled')
    expect((await dora.get('/account')).location).toContain('/login')
    expect(await status()).toBe(401)
    await browser.post(`${path}/enable`)
    expect(await status()).toBe(200)
    expect((await dora.get('/account')).location).toContain('/login')
    const lines = (await auditOf('--who', 'you')).join('\n')
    expect(lines).toMatch(/person disabled {2}person:you {2}session .*dora .*ok/)
    expect(lines).toContain('person enabled')
  })

  test('loses one session, or all of them', async () => {
    const browser = await logIn('you')
    const [one, other] = [await logIn('fred'), await logIn('fred')]
    const path = `/admin/people/${ids.get('fred')}`
    const { body } = await browser.get(path)
    const session = idIn(body, /name="session" value="(\d+)"/)
    await browser.post(`${path}/sessions`, { session })
    const out = async () =>
      [await one.get('/account'), await other.get('/account')].filter(
        ({ status }) => status === 303,
      )
    expect(await out()).toHaveLength(1)
    // Those of others are not hers.
    expect((await browser.post(`${path}/sessions`, { session: '999' })).status).toBe(422)
    await browser.post(`${path}/sessions`)
    expect(await out()).toHaveLength(2)
    expect((await browser.get('/account')).status).toBe(200)
  })

  test('loses a token', async () => {
    const browser = await logIn('you')
    const [secret = ''] = await registry.cli('token', 'create', 'dora', '--label', 'of dora')
    const path = `/admin/people/${ids.get('dora')}`
    const { body } = await browser.get(path)
    const token = idIn(body, /tokens\/(\d+)\/revoke[\s\S]*?Revoke<span class="hidden"> of dora/)
    const back = `people/${ids.get('dora')}`
    const { location } = await browser.post(`/admin/tokens/${token}/revoke`, { back })
    expect(location).toBe(`${registry.url}${path}?m=revoked`)
    expect((await registry.request('/v2/', { as: { name: 'dora', secret } })).status).toBe(401)
    expect((await browser.post(`/admin/tokens/${token}/revoke`, { back })).status).toBe(404)
    expect((await auditOf('--event', 'token revoked')).at(-1)).toContain('of dora of dora')
  })

  test('is deleted after a page that says what goes with her', async () => {
    const browser = await logIn('rita')
    const path = `/admin/people/${ids.get('dora')}`
    expect((await browser.get(`${path}/delete`)).body).toMatch(
      /\d access tokens?\. They end at once/,
    )
    expect((await browser.post(`${path}/delete`)).location).toContain('m=deleted')
    expect((await browser.get(path)).status).toBe(404)
    expect((await auditOf('--event', 'person deleted')).at(-1)).toMatch(/person:rita .*dora/)
  })

  test('nobody disables or deletes herself, and nobody the owner', async () => {
    const rita = await logIn('rita')
    const own = `/admin/people/${ids.get('rita')}`
    for (const path of [
      `${own}/disable`,
      `${own}/delete`,
      '/admin/people/1/disable',
      '/admin/people/1/delete',
    ]) {
      expect([path, (await rita.post(path)).status]).toEqual([path, 422])
    }
    expect((await rita.get('/account')).status).toBe(200)
  })
})

describe('a robot', () => {
  test('is made, gets a token that is shown once, is disabled and deleted', async () => {
    const browser = await logIn('rita')
    const made = await browser.post('/admin/robots', { name: 'ci', about: 'builds' })
    const path = new URL(made.location).pathname
    const wanted = { label: 'server', repositories: 'team/**', action: 'push', days: '30' }
    const { body } = await browser.post(`${path}/tokens`, wanted)
    const secret = /fbr_\w{36}/.exec(body)?.[0] ?? ''
    const as = { name: 'ci', secret }
    const begin = async (name: string) =>
      (await registry.request(`/v2/${name}/blobs/uploads/`, { method: 'POST', as })).status
    expect(await begin('team/app')).toBe(202)
    expect(await begin('other/app')).toBe(403)
    expect((await browser.get(path)).body).not.toContain(secret)
    expect((await browser.get('/admin/tokens?q=robot:ci')).body).toContain('push in team/**')
    await browser.post(`${path}/disable`)
    expect(await begin('team/app')).toBe(401)
    await browser.post(`${path}/enable`)
    expect(await begin('team/app')).toBe(202)
    expect((await browser.get(`${path}/delete`)).body).toContain('1 access token')
    await browser.post(`${path}/delete`)
    expect(await begin('team/app')).toBe(401)
    const lines = await auditOf('--who', 'rita', '--from', '2026-01-01')
    for (const event of [
      'robot made',
      'token made',
      'robot disabled',
      'robot enabled',
      'robot deleted',
    ]) {
      expect(lines.join('\n')).toContain(`${event}  person:rita`)
    }
    expect(registry.log()).not.toContain(secret)
  })

  test('with a name that is taken or none is refused, and what was entered is still there', async () => {
    const browser = await logIn('you')
    for (const name of ['ann', 'idle', 'No', '']) {
      const answer = await browser.post('/admin/robots', { name, about: 'a "robot"' })
      expect([name, answer.status]).toEqual([name, 422])
      expect(answer.body).toContain('value="a &quot;robot&quot;"')
    }
    const path = `/admin/robots/${ids.get('idle')}/tokens`
    const wanted = { label: 'x', repositories: 'A', action: 'push', days: '9999' }
    expect((await browser.post(path, wanted)).status).toBe(422)
  })
})

describe('tokens', () => {
  test('are found by label, owner and state, page by page', async () => {
    const browser = await logIn('you')
    for (let count = 0; count < 52; count += 1) {
      await browser.post(`/admin/robots/${ids.get('idle')}/tokens`, {
        label: `number ${count}`,
        repositories: '**',
        action: 'pull',
        days: '7',
      })
    }
    const first = await browser.get('/admin/tokens?q=robot:idle')
    expect(first.body.match(/\/revoke"/g)).toHaveLength(50)
    const next = /admin\/tokens\?[^"]*before=\d+/.exec(first.body)?.[0] ?? ''
    const second = await browser.get(`/${next.replaceAll('&amp;', '&')}`)
    expect(second.body.match(/\/revoke"/g)).toHaveLength(2)
    const id = idIn(second.body, /tokens\/(\d+)\/revoke(?![\s\S]*\/revoke)/)
    await browser.post(`/admin/tokens/${id}/revoke`)
    expect((await browser.get('/admin/tokens?q=number+0')).body).toContain('No token and no')
    expect((await browser.get('/admin/tokens?q=number+0&show=all')).body).toContain('revoked')
  })
})
