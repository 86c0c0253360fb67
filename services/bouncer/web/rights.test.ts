// Who may see and do what: every page and form, by a stranger, by a person with another's ids, by somebody who is no
// administrator. A route that is missing here fails the first test.
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Scene, startScene } from '../bouncer.fixture.ts'
import type { Network } from '../network.ts'
import type { User } from '../user.ts'
import { type Browser, browse, servePages } from './browse.fixture.ts'
import { FORMS, PAGES } from './routes.ts'

let scene: Scene
let vixen: User
let network: Network
let others: Network
let app: ReturnType<typeof servePages>
/** Administrator, no administrator, nobody. */
let owner: Browser
let person: Browser
let stranger: Browser

beforeAll(async () => {
  scene = await startScene({ channels: ['#burrow'] })
  vixen = await scene.addPerson('vixen')
  network = scene.network
  const [first] = vixen.networks.values()
  if (!first) throw new Error('vixen has no network')
  others = first
  scene.server.say('#burrow', 'reynard', 'the secret of the burrow')
  await scene.settled()
  scene.store.commitTurn()
  app = servePages(scene.bouncer)
  owner = browse(app)
  person = browse(app)
  stranger = browse(app)
  await owner.logIn('you')
  await person.logIn('vixen')
})
afterAll(async () => {
  await app?.close()
  await scene?.[Symbol.asyncDispose]()
})

const ADMIN = /^\/(users|audit|status)\b/
const OF_NETWORK = /^\/networks\/:id/
const query = '?target=%23burrow&name=%23burrow&format=text'
const at = (path: string, id: number) => path.replace(':id', String(id)) + query

test('the map has pages and forms of every kind', () => {
  expect(Object.keys(PAGES).filter((path) => OF_NETWORK.test(path)).length).toBeGreaterThan(5)
  expect(Object.keys(FORMS).filter((path) => ADMIN.test(path)).length).toBeGreaterThan(3)
})

describe.each(Object.keys(PAGES))('the page %s', (path) => {
  test('sends a stranger to the login', async () => {
    const { status, location } = await stranger.get(at(path, network.record.id))
    expect(status).toBe(303)
    expect(location).toMatch(/^\/login\?next=/)
  })

  test.runIf(OF_NETWORK.test(path))('is for the owner, and nothing for anybody else', async () => {
    const own = await owner.get(at(path, network.record.id))
    expect(own.status).toBe(200)
    for (const [who, id] of [
      [person, network.record.id],
      [owner, others.record.id],
      [person, 999_999],
    ] as const) {
      const { status, body } = await who.get(at(path, id))
      expect(status).toBe(404)
      expect(body).not.toContain('burrow</')
      expect(body).not.toContain('secret of')
    }
  })

  test.runIf(ADMIN.test(path))('is for administrators only', async () => {
    expect((await owner.get(at(path, vixen.record.id))).status).toBe(200)
    expect((await person.get(at(path, vixen.record.id))).status).toBe(404)
  })
})

describe.each(Object.keys(FORMS))('the form %s', (path) => {
  test('is refused from a stranger, and with a wrong token or origin', async () => {
    const url = at(path, network.record.id)
    expect((await stranger.post(url)).status).toBe(403)
    expect((await owner.post(url, { csrf: 'wrong' })).status).toBe(403)
    expect((await owner.post(url, {}, { origin: 'https://evil.example' })).status).toBe(403)
    expect((await owner.get('/')).status).toBe(200)
  })

  test.runIf(OF_NETWORK.test(path))("does nothing to another's network", async () => {
    const before = structuredClone(network.record)
    const fields = { target: '#burrow', name: '#burrow', channel: '#new', host: 'evil.example' }
    const { status } = await person.post(at(path, network.record.id), fields)
    expect(status).toBe(404)
    expect(network.record).toEqual(before)
    expect([...network.channels.keys()]).toEqual(['#burrow'])
    expect(network.keeper.state).toBe('connected')
    expect(scene.user.networks.has(network.record.id)).toBe(true)
    const { messages } = scene.store
    expect(messages.sizes(network.record.id).map(({ target }) => target)).toContain('#burrow')
  })

  test.runIf(ADMIN.test(path))('is nothing for who is no administrator', async () => {
    const users = scene.bouncer.users.size
    const before = { ...scene.user.record }
    const answer = await person.post(at(path, scene.user.record.id), { name: 'evil' })
    expect(answer.status).toBe(404)
    expect(scene.bouncer.users.size).toBe(users)
    expect(scene.user.record).toEqual(before)
  })
})

describe('what is not a network', () => {
  test('search finds nothing of others, and not in their networks', async () => {
    expect((await owner.get('/search?q=secret')).body).toContain('the secret of the burrow')
    expect((await person.get('/search?q=secret')).body).not.toContain('of the burrow')
    const inIt = await person.get(`/search?q=secret&network=${network.record.id}`)
    expect(inIt.status).toBe(404)
    expect((await person.get(`/history?network=${network.record.id}`)).status).toBe(404)
    expect((await person.get('/history')).body).not.toContain('#burrow')
  })

  test("nobody ends another's client, or revokes another's password, certificate or file", async () => {
    const client = await scene.client('desk')
    const [downstream] = scene.user.downstreams
    const made = await owner.post('/passwords', { label: 'desk' })
    expect(made.status).toBe(200)
    const [app] = scene.store.credentials.appPasswords(scene.user.record.id)
    const fingerprint = 'ab'.repeat(32)
    expect((await owner.post('/certificates', { fingerprint, name: 'desk' })).status).toBe(303)
    const upload = await scene.store.uploads.write(
      { userId: scene.user.record.id, fileName: 'den.png', mediaType: 'image/png', createdAt: 0 },
      Readable.from(['png']),
      100,
    )
    if (!upload.ok) throw new Error(upload.reason)
    for (const [path, fields] of [
      ['/files/delete', { name: upload.upload.name }],
      [`/clients/${downstream?.id}/disconnect`, {}],
      [`/passwords/${app?.id}/revoke`, {}],
      ['/certificates/remove', { fingerprint }],
    ] as const) {
      expect((await person.post(path, fields)).status, path).toBe(404)
    }
    expect(client.isClosed).toBe(false)
    expect(scene.store.credentials.appPasswords(scene.user.record.id)).toHaveLength(1)
    expect(scene.store.uploads.list(scene.user.record.id)).toHaveLength(1)
    expect((await owner.get('/files')).body).toContain('den.png')
    expect((await person.get('/files')).body).not.toContain('den.png')
    expect((await person.get('/passwords')).body).not.toContain('desk')
    expect((await person.get('/clients')).body).not.toContain('desk')
    expect((await owner.post(`/clients/${downstream?.id}/disconnect`)).status).toBe(303)
    await client.closed
  })

  test('a person who is disabled is out at once', async () => {
    const other = await scene.addPerson('grimbert')
    const browser = browse(app)
    await browser.logIn('grimbert')
    expect((await browser.get('/')).status).toBe(200)
    const saved = await owner.post(`/users/${other.record.id}`, {})
    expect(saved.status).toBe(303)
    expect((await browser.get('/')).status).toBe(303)
    expect((await browser.logIn('grimbert')).status).toBe(401)
  })
})
