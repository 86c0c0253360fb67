// The audit for administrators, as a page, as a file and on the command line; the policy, explained; and what those are told
// who may not do what they ask for.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pushImage } from '../../support/registry-image.ts'
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

let registry: RegistryProcess
beforeAll(async () => {
  const addPeople = await peopleWithPassword({ ann: [], fred: ['admins'] })
  registry = await startRegistry({
    policy: POLICY,
    seed(store) {
      addPeople(store)
      const at = Date.now()
      store.robots.add({ name: 'idle', about: '', isEnabled: true, createdAt: at, createdBy: '' })
    },
  })
})
afterAll(() => registry?.[Symbol.asyncDispose]())

const logIn = (name: string) => logInTo(registry, name)
const auditOf = (...args: string[]) => registry.cli('audit', 'list', ...args)

describe('the audit', () => {
  test('is read in words, by filters, and the newest first', async () => {
    await pushImage(registry, registry.owner, 'den/app', 'v1')
    await registry.request('/v2/', { as: { name: 'stranger', secret: '=cmd()' } })
    const browser = await logIn('you')
    const { body } = await browser.get('/admin/audit')
    expect(body).toContain('you pushed den/app:v1')
    expect(body.indexOf('failed to log in as stranger')).toBeLessThan(
      body.indexOf('you pushed den/app'),
    )
    const has = async (query: string) =>
      (await browser.get(`/admin/audit?${query}`)).body.includes('pushed den/app')
    expect(await has('repository=den/app&event=push&who=you&outcome=ok&address=127.0.0.1')).toBe(
      true,
    )
    for (const query of [
      'repository=den',
      'event=pull',
      'who=ann',
      'outcome=refused',
      'address=::1',
      'to=2026-01-01',
      'from=2999-01-01T00:00',
    ]) {
      expect([query, await has(query)]).toEqual([query, false])
    }
    expect((await browser.get('/admin/audit?outcome=x')).status).toBe(422)
    expect((await browser.get('/admin/audit?from=yesterday')).body).toContain(
      'A time is 2026-12-01',
    )
    expect((await browser.get('/admin/audit?event=%3Cb%3E&who=%22')).body).not.toContain('<b>')
  })

  test('is a file of JSON lines or a table, with the same filters, as on the command line', async () => {
    const browser = await logIn('you')
    await browser.get('/admin/people/2')
    const filters = 'who=anonymous&outcome=refused&to=2999-01-01'
    const json = await browser.get(`/admin/audit/export?format=json&${filters}`)
    const lines = json.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) {
      expect(line).toMatchObject({ who: 'anonymous', event: 'login' })
      expect(line.time).toMatch(/^20\d\d-.*Z$/)
    }
    const options = ['--who', 'anonymous', '--outcome', 'refused', '--to', '2999-01-01']
    expect(await registry.cli('audit', 'export', ...options)).toEqual(
      json.body.trimEnd().split('\n'),
    )
    const csv = await browser.get(`/admin/audit/export?format=csv&${filters}`)
    expect(csv.body.split('\r\n')[0]).toBe(
      'id,time,event,who,credential,repository,reference,digest,address,outcome',
    )
    expect(csv.body.trimEnd().split('\r\n')).toEqual(
      await registry.cli('audit', 'export', '--format', 'csv', ...options),
    )
    expect((await browser.get('/admin/audit/export?format=xls')).status).toBe(422)
    await expect(registry.cli('audit', 'export', '--from', 'noon')).rejects.toThrow('A time is')
  })

  test('holds what the command line changes, too', async () => {
    await registry.cli('person', 'disable', 'fred')
    await registry.cli('person', 'enable', 'fred')
    const lines = await auditOf('--who', 'operator', '--event', 'person disabled')
    expect(lines.at(-1)).toContain('operator  command-line')
  })
})

describe('who may not is told why, and whom to ask', () => {
  test('in a page, which is the same whether the repository is there or not', async () => {
    await pushImage(registry, registry.owner, 'team/present', 'v1')
    const ann = await logIn('ann')
    const pages = await Promise.all(
      ['present', 'absent'].map(async (name) => {
        const { status, body } = await ann.get(`/repositories/team/${name}/tags/v1`)
        expect(status).toBe(403)
        expect(body).toContain(`No rule of the policy allows pull in team/${name}.`)
        expect(body).toContain('If you need it, ask whoever runs this registry.')
        return body.replaceAll(name, 'X')
      }),
    )
    expect(pages[0]).toBe(pages[1])
    const closed = await ann.get('/repositories/closed/app')
    expect(closed.body).toContain('The rule in line 9 of the policy denies pull in closed/app.')
    expect(
      (await registry.cli('policy', 'explain', 'ann', 'pull', 'closed/app')).slice(0, 2),
    ).toEqual([
      'ann may not pull in closed/app.',
      'The rule in line 9 of the policy denies pull in closed/app.',
    ])
    expect((await auditOf('--who', 'ann', '--event', 'denied')).at(-1)).toContain('closed/app')
  })

  // https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
  test('by the registry, in the form of the specification', async () => {
    const [secret = ''] = await registry.cli('token', 'create', 'ann', '--allow', 'pull,push')
    const as = { name: 'ann', secret }
    const told = async (path: string) => {
      const response = await registry.request(path, { as })
      expect(response.status).toBe(403)
      return ((await response.json()) as { errors: unknown[] }).errors
    }
    expect(await told('/v2/team/present/tags/list')).toEqual([
      {
        code: 'DENIED',
        message:
          'No rule of the policy allows pull in team/present. If you need it, ask whoever runs this registry.',
        detail: { right: 'pull', repository: 'team/present' },
      },
    ])
    expect(await told('/v2/closed/app/tags/list')).toEqual([
      expect.objectContaining({ detail: { right: 'pull', repository: 'closed/app', line: 9 } }),
    ])
    const [narrow = ''] = await registry.cli('token', 'create', 'ann', '--repository', 'ann/x')
    const response = await registry.request('/v2/ann/y/tags/list', {
      as: { name: 'ann', secret: narrow },
    })
    expect(await response.text()).toContain(
      `This token is not for pull in ann/y. Make one that is for it: ${registry.url}/tokens.`,
    )
  })
})

describe('the policy', () => {
  test('is explained by its lines', async () => {
    const browser = await logIn('you')
    const ask = async (query: string) => (await browser.get(`/admin/policy?${query}`)).body
    const allowed = await ask('who=ann&right=push&repository=ann/app')
    expect(allowed).toContain('ann may push in ann/app.')
    expect(allowed).toContain('The rule in line 5 of the policy allows push in ann/app.')
    expect(await ask('who=anonymous&right=pull&repository=x')).toContain('No rule of the policy')
    expect(await ask('who=robot:idle&right=admin')).toContain('robot:idle may not admin.')
    expect(await ask('who=nobody&right=pull&repository=x')).toContain(
      'There is nobody called nobody',
    )
    expect(await ask('who=ann&right=pull')).toContain('Say in which repository')
    expect(await ask('who=ann&right=pull&repository=A')).toContain('cannot be the name')
    expect(await ask('who=ann&right=own&repository=x')).toContain('Say what for')
  })

  test('that is bad is shown as refused, until it is mended', async () => {
    const browser = await logIn('you')
    const shows = (text: string, isThere = true) =>
      waitFor(async () => (await browser.get('/admin/policy')).body.includes(text) === isThere, {
        what: text,
      })
    registry.writePolicy(`${POLICY}  - nothing\n`)
    await shows('The newest file is not in force.')
    await shows('line 10: must have who')
    registry.writePolicy(POLICY)
    await shows('The newest file is not in force.', false)
  })
})
