// Who may do what, cell by cell: every kind of identity × every endpoint and action × a repository of theirs and a foreign
// one, by a short token and by name and secret. https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hashSecret, makeSecret } from '../../../services/registry/token/secret.ts'
import {
  digestOf,
  MANIFEST,
  manifest,
  pushBlob,
  pushImage,
  pushManifest,
} from '../../support/registry-image.ts'
import {
  type Login,
  person,
  type RegistryProcess,
  type RegistryRequest,
  startRegistry,
} from '../../support/registry-process.ts'
import { waitFor } from '../../support/wait-for.ts'

const OWN = 'own/app'
const FOREIGN = 'foreign/app'
const EVERYTHING = 'pull,push,overwrite,delete'

const POLICY = `rules:
  - {who: owner, repositories: "**", allow: [pull, push, overwrite, delete, catalog, admin]}
  - {who: "group:readers", repositories: "own/**", allow: [pull, catalog]}
  - {who: "user:writer", repositories: "own/**", allow: [pull, push, catalog]}
  - {who: "user:keeper", repositories: "own/**", allow: [pull, push, overwrite, delete, catalog]}
  - {who: robots, repositories: "**", allow: [pull, push, overwrite, delete, catalog]}
  - {who: anonymous, repositories: "open/**", allow: pull}
  - {who: everyone, repositories: "own/denied", deny: [pull, push]}
immutable:
  - {repositories: "**", tags: "release-*"}
`

/** The last of each line is nobody any more. */
const ROBOTS = ['robot', 'idle-robot'] as const
const PEOPLE = ['reader', 'writer', 'keeper', 'expired', 'revoked', 'disabled', 'gone'] as const
type Who = 'anonymous' | 'admin' | (typeof ROBOTS)[number] | (typeof PEOPLE)[number]
const NOBODY: readonly Who[] = ['anonymous', 'expired', 'revoked', 'disabled', 'gone', 'idle-robot']
const SOMEBODY: readonly Who[] = ['reader', 'writer', 'keeper', 'admin', 'robot']
const ALL: readonly Who[] = [...SOMEBODY, ...NOBODY]

let registry: RegistryProcess
const logins = new Map<Who, Login>()
const images = new Map<string, string>()
/** A token that may do everything in the repositories. */
let preparer = ''

beforeAll(async () => {
  registry = await startRegistry({ policy: POLICY, seed })
  logins.set('admin', registry.owner)
  const scopes = [OWN, FOREIGN, 'open/app'].map((name) => `repository:${name}:*`)
  preparer = await registry.token(registry.owner, ...scopes)
  for (const repository of [OWN, FOREIGN, 'open/app']) {
    images.set(repository, await pushImage(registry, preparer, repository, 'v1'))
  }
})

afterAll(() => registry[Symbol.asyncDispose]())

function seed(store: Parameters<NonNullable<Parameters<typeof startRegistry>[0]>['seed'] & {}>[0]) {
  const now = Date.now()
  const add = (who: Who, owner: { personId: number } | { robotId: number }) => {
    const secret = makeSecret('fbr')
    const limits =
      who === 'robot'
        ? [{ repositories: ['own/**'], actions: ['pull' as const, 'push' as const] }]
        : [{ repositories: ['**'], actions: ['pull', 'push', 'overwrite', 'delete'] as const }]
    store.accessTokens.add({
      ...owner,
      label: who,
      hash: hashSecret(secret),
      limits: limits.map((limit) => ({ ...limit, actions: [...limit.actions] })),
      createdAt: now - 100_000,
      expiresAt: who === 'expired' ? now - 1 : now + 3_600_000,
      ...(who === 'revoked' && { revokedAt: now - 1 }),
    })
    logins.set(who, { name: who, secret })
  }
  for (const name of PEOPLE) {
    const state = { isEnabled: name !== 'disabled', isGone: name === 'gone' }
    const groups = name === 'writer' || name === 'keeper' ? [] : ['readers']
    add(name, { personId: store.people.add({ ...person(name, groups), ...state })?.id ?? 0 })
  }
  for (const name of ROBOTS) {
    const isEnabled = name === 'robot'
    const robot = { name, about: '', isEnabled, createdAt: now, createdBy: 'test' }
    add(name, { robotId: store.robots.add(robot)?.id ?? 0 })
  }
  logins.set('anonymous', undefined)
}

/** Asks in the name of somebody. */
type Ask = (path: string, options?: RegistryRequest) => Promise<Response>

interface Action {
  /** What it answers to who may. */
  status: number
  /** Who may, in a repository of theirs and in a foreign one. */
  own: readonly Who[]
  foreign: readonly Who[]
  /** Made by an administrator, before each. */
  prepare?(repository: string, unique: string): Promise<unknown>
  act(ask: Ask, repository: string, unique: string): Promise<Response>
}

const headers = { 'content-type': MANIFEST }
const image = (repository: string) => images.get(repository) ?? ''
const put = (ask: Ask, repository: string, reference: string, body: string) =>
  ask(`/v2/${repository}/manifests/${reference}`, { method: 'PUT', headers, body })
const add = (repository: string, unique: string) =>
  pushImage(registry, preparer, repository, unique, unique)

async function pathOf(response: Response): Promise<string> {
  await response.arrayBuffer()
  return response.headers.get('location') ?? ''
}

/** Begins an upload and goes on with it in this way; the first refusal is the answer. */
async function upload(ask: Ask, repository: string, rest: (path: string) => Promise<Response>) {
  const begun = await ask(`/v2/${repository}/blobs/uploads/`, { method: 'POST' })
  return begun.status === 202 ? await rest(await pathOf(begun)) : begun
}

const readers: readonly Who[] = ['reader', 'writer', 'keeper', 'admin', 'robot']
const writers: readonly Who[] = ['writer', 'keeper', 'admin', 'robot']
const keepers: readonly Who[] = ['keeper', 'admin']
const admin: readonly Who[] = ['admin']
const pull = { own: readers, foreign: admin, status: 200 }
const push = { own: writers, foreign: admin, status: 201 }
const remove = { own: keepers, foreign: admin, status: 202 }

const ACTIONS: Record<string, Action> = {
  'list tags': { ...pull, act: (ask, name) => ask(`/v2/${name}/tags/list`) },
  'look at a manifest by its tag': {
    ...pull,
    act: (ask, name) => ask(`/v2/${name}/manifests/v1`, { method: 'HEAD' }),
  },
  'pull a manifest by its tag': { ...pull, act: (ask, name) => ask(`/v2/${name}/manifests/v1`) },
  'pull a manifest by its digest': {
    ...pull,
    act: (ask, name) => ask(`/v2/${name}/manifests/${digestOf(image(name))}`),
  },
  'look at a blob': {
    ...pull,
    act: (ask, name) => ask(`/v2/${name}/blobs/${digestOf('{}')}`, { method: 'HEAD' }),
  },
  'pull a blob': { ...pull, act: (ask, name) => ask(`/v2/${name}/blobs/${digestOf('{}')}`) },
  'pull a part of a blob': {
    ...pull,
    status: 206,
    act: (ask, name) =>
      ask(`/v2/${name}/blobs/${digestOf('{}')}`, { headers: { range: 'bytes=0-0' } }),
  },
  'list referrers': {
    ...pull,
    act: (ask, name) => ask(`/v2/${name}/referrers/${digestOf(image(name))}?artifactType=x`),
  },
  'begin an upload': {
    ...push,
    status: 202,
    act: (ask, name) => ask(`/v2/${name}/blobs/uploads/`, { method: 'POST' }),
  },
  'push a blob at once': {
    ...push,
    act: (ask, name, unique) =>
      ask(`/v2/${name}/blobs/uploads/?digest=${digestOf(unique)}`, {
        method: 'POST',
        body: unique,
      }),
  },
  'send a part of an upload': {
    ...push,
    status: 202,
    act: (ask, name) => upload(ask, name, (path) => ask(path, { method: 'PATCH', body: 'part' })),
  },
  'ask how an upload is': {
    ...push,
    status: 204,
    act: (ask, name) => upload(ask, name, (path) => ask(path)),
  },
  'cancel an upload': {
    ...push,
    status: 204,
    act: (ask, name) => upload(ask, name, (path) => ask(path, { method: 'DELETE' })),
  },
  'end an upload': {
    ...push,
    act: (ask, name, unique) =>
      upload(ask, name, (path) =>
        ask(`${path}&digest=${digestOf(unique)}`, { method: 'PUT', body: unique }),
      ),
  },
  'mount a blob of a repository of hers': {
    ...push,
    act: (ask, name) =>
      ask(`/v2/${name}/blobs/uploads/?mount=${digestOf('{}')}&from=${OWN}`, { method: 'POST' }),
  },
  'push a new tag': { ...push, act: (ask, name, unique) => put(ask, name, unique, image(name)) },
  'push what a tag names already': {
    ...push,
    act: (ask, name) => put(ask, name, 'v1', image(name)),
  },
  'push a manifest by its digest': {
    ...push,
    act: (ask, name, unique) => put(ask, name, digestOf(manifest(unique)), manifest(unique)),
  },
  'push a manifest by its digest, with a new tag': {
    ...push,
    act: (ask, name, unique) =>
      put(ask, name, `${digestOf(manifest(unique))}?tag=${unique}`, manifest(unique)),
  },
  'push a referrer': {
    ...push,
    act: (ask, name, unique) => {
      const body = manifest(unique, image(name))
      return put(ask, name, digestOf(body), body)
    },
  },
  'move a tag': {
    ...push,
    own: keepers,
    prepare: add,
    act: (ask, name, unique) => put(ask, name, unique, manifest(`not ${unique}`)),
  },
  'move a tag by the digest of another manifest': {
    ...push,
    own: keepers,
    prepare: add,
    act: (ask, name, unique) => {
      const body = manifest(`not ${unique}`)
      return put(ask, name, `${digestOf(body)}?tag=${unique}`, body)
    },
  },
  'delete a tag': {
    ...remove,
    prepare: add,
    act: (ask, name, unique) => ask(`/v2/${name}/manifests/${unique}`, { method: 'DELETE' }),
  },
  'delete a manifest by its digest': {
    ...remove,
    prepare: add,
    act: (ask, name, unique) =>
      ask(`/v2/${name}/manifests/${digestOf(manifest(unique))}`, { method: 'DELETE' }),
  },
  'delete a blob': {
    ...remove,
    prepare: (name, unique) => pushBlob(registry, preparer, name, Buffer.from(unique)),
    act: (ask, name, unique) => ask(`/v2/${name}/blobs/${digestOf(unique)}`, { method: 'DELETE' }),
  },
  // The built-in upstream has none: who may gets its answer.
  'use an extension': {
    own: admin,
    foreign: admin,
    status: 404,
    act: (ask) => ask('/v2/_zot/ext/x'),
  },
  'change by an extension': {
    own: admin,
    foreign: admin,
    status: 404,
    act: (ask) => ask('/v2/_zot/ext/x', { method: 'POST', body: '{}' }),
  },
  'see the catalog': {
    own: SOMEBODY,
    foreign: SOMEBODY,
    status: 200,
    act: (ask) => ask('/v2/_catalog'),
  },
  'see that there is a registry': {
    own: SOMEBODY,
    foreign: SOMEBODY,
    status: 200,
    act: (ask) => ask('/v2/'),
  },
}

/** By name and secret each time, or by a short token that she asks everything for. */
async function askerOf(who: Who, way: 'Basic' | 'token', repository: string): Promise<Ask> {
  const login = logins.get(who)
  const scopes = [`repository:${repository}:*`, `repository:${OWN}:pull`, 'registry:catalog:*']
  const asked = way === 'token' ? await registry.askToken(login, ...scopes) : undefined
  if (asked && asked.status !== 200) {
    expect([who, asked.status]).toEqual([who, 401])
    // She gets none: then she comes with nothing.
    return (path, options) => registry.request(path, options)
  }
  const as = asked ? ((await asked.json()) as { token: string }).token : login
  return (path, options) => registry.request(path, { ...options, as })
}

describe.each(Object.entries(ACTIONS))('%s', (name, action) => {
  test.each(
    (['own', 'foreign'] as const).flatMap((where) =>
      (['Basic', 'token'] as const).map((way) => [where, way] as const),
    ),
  )('in a repository that is %s, by %s', async (where, way) => {
    const repository = where === 'own' ? OWN : FOREIGN
    const found: Record<string, number> = {}
    for (const who of ALL) {
      const unique = `${name} ${where} ${way} ${who}`.replaceAll(/[^a-z]+/gi, '-')
      await action.prepare?.(repository, unique)
      const ask = await askerOf(who, way, repository)
      const response = await action.act(ask, repository, unique)
      found[who] = response.status
      await response.arrayBuffer()
    }
    const expected = ALL.map((who) => {
      if (action[where].includes(who)) return [who, action.status]
      return [who, NOBODY.includes(who) ? 401 : 403]
    })
    // A token for nobody in particular is a token: it is what the base is asked with.
    const isBase = name === 'see that there is a registry' && way === 'token'
    const anonymous = isBase ? { anonymous: 200 } : {}
    expect(found).toEqual({ ...Object.fromEntries(expected), ...anonymous })
  })
})

describe('a mount', () => {
  test.each(['Basic', 'token'] as const)(
    'from where she may not read becomes an upload, and tells nothing: by %s',
    async (way) => {
      const secret = Buffer.from(`secret by ${way}`)
      await pushBlob(registry, registry.owner, FOREIGN, secret)
      const found: Record<string, number> = {}
      for (const who of ['writer', 'keeper', 'robot', 'admin'] as const) {
        const ask = await askerOf(who, way, OWN)
        const mount = (digest: string) =>
          ask(`/v2/${OWN}/blobs/uploads/?mount=${digest}&from=${FOREIGN}`, { method: 'POST' })
        if (who !== 'admin') expect((await mount(digestOf('nowhere'))).status).toBe(202)
        // An administrator's token was made for one repository: it has to ask for the other.
        found[who] = (await mount(digestOf(secret))).status
      }
      const ofAdmin = way === 'token' ? 401 : 201
      expect(found).toEqual({ writer: 202, keeper: 202, robot: 202, admin: ofAdmin })
    },
  )

  test.each([
    ['no from', `mount=${digestOf('{}')}`],
    ['two from', `mount=${digestOf('{}')}&from=${OWN}&from=${FOREIGN}`],
    ['a from that is no name', `mount=${digestOf('{}')}&from=../${FOREIGN}`],
    ['an escaped key', `mount=${digestOf('{}')}&fro%6d=${FOREIGN}`],
  ])('with %s becomes an upload', async (_, query) => {
    const as = logins.get('writer')
    await pushBlob(registry, registry.owner, 'own/other')
    const response = await registry.request(`/v2/own/mounted/blobs/uploads/?${query}`, {
      method: 'POST',
      as,
    })
    expect(response.status).toBe(202)
  })
})

test('the catalog has what she may read, and no more', async () => {
  const catalogOf = async (who: Who, query = '') => {
    const response = await registry.request(`/v2/_catalog${query}`, { as: logins.get(who) })
    const { repositories } = (await response.json()) as { repositories: string[] }
    return { repositories, link: response.headers.get('link') }
  }
  const { repositories } = await catalogOf('admin')
  expect(repositories).toEqual(expect.arrayContaining([OWN, FOREIGN, 'open/app']))
  for (const who of ['reader', 'writer', 'keeper', 'robot'] as const) {
    const seen = (await catalogOf(who)).repositories
    expect([who, seen]).toEqual([who, repositories.filter((name) => name.startsWith('own/'))])
  }
  const all: string[] = []
  for (let link: string | null = '?n=1'; link; ) {
    const page = await catalogOf('admin', /\?[^>]*/.exec(link)?.[0])
    expect(page.repositories.length).toBeLessThanOrEqual(1)
    all.push(...page.repositories)
    link = page.link
  }
  expect(all).toEqual(repositories)
})

test('nobody in particular reads what is open, and nothing else of it', async () => {
  const get = (path: string, method = 'GET') => registry.request(path, { method })
  expect((await get('/v2/open/app/manifests/v1')).status).toBe(200)
  expect((await get(`/v2/open/app/blobs/${digestOf('{}')}`)).status).toBe(200)
  expect((await get('/v2/open/app/tags/list')).status).toBe(200)
  expect((await get('/v2/open/app/manifests/v1', 'DELETE')).status).toBe(401)
  expect((await get('/v2/open/app/blobs/uploads/', 'POST')).status).toBe(401)
})

test('a rule that denies wins, over an administrator too', async () => {
  for (const who of SOMEBODY) {
    const response = await registry.request('/v2/own/denied/tags/list', { as: logins.get(who) })
    expect([who, response.status]).toEqual([who, 403])
  }
})

describe('a challenge', () => {
  test('says where a token is to be had, and for what', async () => {
    const response = await registry.request(`/v2/${OWN}/manifests/v1`, { method: 'PUT' })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer realm="${registry.url}/token",service="${new URL(registry.url).host}",scope="repository:${OWN}:pull,push"`,
    )
  })

  test('is what a token gets that was made for something else', async () => {
    const reader = logins.get('reader')
    const token = await registry.token(
      reader,
      `repository:${FOREIGN}:pull`,
      'repository:own/x:pull',
    )
    const response = await registry.request(`/v2/${OWN}/tags/list`, { as: token })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
  })

  test.each(['x', 'e30.e30.', `${'a'.repeat(20_000)}`])(
    'is what a bad token gets',
    async (token) => {
      const response = await registry.request(`/v2/${OWN}/tags/list`, { as: token })
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"')
    },
  )
})

test('an upload that somebody else began is unknown', async () => {
  const begun = await registry.request(`/v2/${OWN}/blobs/uploads/`, {
    method: 'POST',
    as: logins.get('writer'),
  })
  const path = await pathOf(begun)
  const found: Record<string, number[]> = {}
  for (const who of ALL) {
    const statuses: number[] = []
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      if (who === 'writer') continue
      const target = method === 'PUT' ? `${path}&digest=${digestOf('x')}` : path
      const body = method === 'PATCH' || method === 'PUT' ? { body: 'x' } : {}
      const response = await registry.request(target, { method, as: logins.get(who), ...body })
      statuses.push(response.status)
    }
    found[who] = [...new Set(statuses)]
  }
  const others = { keeper: [404], admin: [404], robot: [404], reader: [403], writer: [] }
  expect(found).toEqual({ ...others, ...Object.fromEntries(NOBODY.map((who) => [who, [401]])) })
  const bare = path.replace(/[?&]_by=[^&]*/, '')
  for (const target of [bare, `${bare}?_by=`, path.replace(OWN, 'own/other')]) {
    expect((await registry.request(target, { as: logins.get('writer') })).status).toBe(404)
  }
  expect((await registry.request(path, { as: logins.get('writer') })).status).toBe(204)
})

test('a tag that is immutable stays what it is, whoever comes, and in whatever way', async () => {
  const as = registry.owner
  const body = await pushImage(registry, as, OWN, 'release-1')
  const other = manifest('another release')
  const attempts = [
    await pushManifest(registry, as, OWN, 'release-1', other),
    await pushManifest(registry, as, OWN, `${digestOf(other)}?tag=x&tag=release-1`, other),
    await pushManifest(registry, as, OWN, `${digestOf(other)}?t%61g=release-1`, other),
    await registry.request(`/v2/${OWN}/manifests/release-1`, { method: 'DELETE', as }),
    await registry.request(`/v2/${OWN}/manifests/${digestOf(body)}`, { method: 'DELETE', as }),
  ]
  expect(attempts.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403])
  expect(await attempts[0]?.text()).toContain('line 10')
  expect((await pushManifest(registry, as, OWN, 'release-1', body)).status).toBe(201)
  const { headers: seen } = await registry.request(`/v2/${OWN}/manifests/release-1`, { as })
  expect(seen.get('docker-content-digest')).toBe(digestOf(body))
})

describe('a short token ends at once', () => {
  /** A token that works, and what it says after this has happened. */
  async function statusAfter(
    name: string,
    happen: (id: string) => Promise<unknown>,
  ): Promise<number> {
    const allow = ['--repository', '**', '--allow', EVERYTHING, '--label', name]
    const [secret = ''] = await registry.cli('token', 'create', name, ...allow)
    const login = { name: name.replace('robot:', ''), secret }
    const token = await registry.token(login, `repository:${OWN}:pull`)
    const ask = async () => (await registry.request(`/v2/${OWN}/tags/list`, { as: token })).status
    expect(await ask()).toBe(200)
    const lines = await registry.cli('token', 'list', name)
    await happen(lines.find((line) => line.includes(`  ${name}  ${name}  `))?.split(' ')[0] ?? '')
    return await ask()
  }

  test('when the access token is revoked that it was made from', async () => {
    expect(await statusAfter('reader', (id) => registry.cli('token', 'revoke', id))).toBe(401)
  })

  test('when its person is disabled', async () => {
    expect(await statusAfter('keeper', () => registry.cli('person', 'disable', 'keeper'))).toBe(401)
    await registry.cli('person', 'enable', 'keeper')
  })

  test('when its person is deleted', async () => {
    expect(await statusAfter('writer', () => registry.cli('person', 'delete', 'writer'))).toBe(401)
  })

  test('when its robot is disabled', async () => {
    const status = await statusAfter('robot:robot', () => registry.cli('robot', 'disable', 'robot'))
    expect(status).toBe(401)
    await registry.cli('robot', 'enable', 'robot')
  })

  test('when the policy does not allow it any more', async () => {
    const status = await statusAfter('reader', async () => {
      registry.writePolicy(POLICY.replace('group:readers', 'group:nobody'))
      await waitFor(
        async () =>
          (await registry.cli('policy', 'explain', 'reader', 'pull', OWN))[0]?.includes('not'),
        { what: 'the new policy', context: registry.log },
      )
    })
    expect(status).toBe(403)
  })
})
