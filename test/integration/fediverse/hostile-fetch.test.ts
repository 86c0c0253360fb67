// What our own fetches can be made to do, against the real process: go to private addresses, follow redirects to where they
// must not, read without end.
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Fuchsbau, startFuchsbau } from '../../support/fuchsbau.ts'
import { openScene, type Scene, type WithId } from '../../support/hostile-scene.ts'
import type { Json, PeerAnswer, PeerRequest } from '../../support/peer.ts'
import { countServerErrors, footprint, isReady, residentMiB } from '../../support/vitals.ts'

let scene: Scene

beforeAll(async () => {
  scene = await openScene()
})

afterEach(() => scene.expectWell())

afterAll(() => scene?.[Symbol.asyncDispose]())

describe('a server in the open', () => {
  let open: Fuchsbau

  beforeAll(async () => {
    open = await startFuchsbau({ env: { FUCHSBAU_ALLOW_PRIVATE_ADDRESS: 'false' } })
  })

  afterAll(() => open?.[Symbol.asyncDispose]())

  const port = () => new URL(scene.peer.origin).port

  /** Asserts that nobody was connected to, and soon. */
  async function expectNoConnection(attempt: () => Promise<unknown>): Promise<void> {
    const { connections } = scene.peer
    const before = footprint(open)
    const start = performance.now()
    await attempt()
    expect(performance.now() - start).toBeLessThan(4_000)
    expect(scene.peer.connections).toBe(connections)
    expect(footprint(open)).toEqual(before)
    expect(await countServerErrors(open)).toBe(0)
    expect(await isReady(open)).toBe(true)
  }

  test.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.0.0.1.',
    'localhost',
    'LOCALHOST.',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '0.0.0.0',
    '[::]',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '[fe80::1]',
    '[fd00::1]',
    'user:password@127.0.0.1',
  ])('does not go to %s for a key', async (host) => {
    const { mallory } = scene
    for (const scheme of ['https', 'http']) {
      const keyId = `${scheme}://${host}:${port()}/users/vera#main-key`
      await expectNoConnection(async () => {
        const activity = mallory.activity('Follow', `${open.url}/you`)
        const answer = await mallory.post(`${open.url}/you/inbox`, activity, { keyId })
        expect(answer).toMatchObject({ status: 401 })
      })
    }
  })

  test.each([
    ['follow', () => [scene.vera.id.replace('http', 'https')]],
    ['follow', () => [`@vera@127.0.0.1:${port()}`]],
    ['follow', () => [`@vera@localhost:${port()}`]],
    ['boost', () => [scene.veras.note.id.replace('http', 'https')]],
    ['note', () => ['x', '--reply-to', scene.veras.note.id]],
    ['show', () => [`@vera@127.0.0.1:${port()}`]],
  ])('does not go there for its own %s', async (verb, args) => {
    await expectNoConnection(() => expect(open.cli(verb, ...args())).rejects.toThrow())
  })
})

const deep = () => `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`

/** What a host may answer, that no document comes of. `id` is the URL that was asked for. */
const answers: [
  string,
  (good: Json, id: string) => PeerAnswer | ((request: PeerRequest) => PeerAnswer),
][] = [
  ['a redirect to another host', () => to(scene.veras.note.id)],
  ['a redirect to an actor of another host', () => to(scene.vera.id)],
  ['a redirect to itself', (_, id) => to(id)],
  [
    'a redirect without end',
    (_, id) =>
      ({ url }) =>
        to(`${id}?${url.length}`),
  ],
  ['a redirect to a file', () => to('file:///etc/passwd')],
  ['a redirect to a script', () => to('javascript:alert(1)')],
  ['a redirect to data', (good) => to(`data:application/activity+json,${JSON.stringify(good)}`)],
  ['a redirect to FTP', () => to('ftp://127.0.0.1/x')],
  ['a redirect with a password', (_, id) => to(id.replace('//', '//user:password@'))],
  ['a redirect to nothing', () => to('http://[')],
  ['a page', (good) => ({ headers: { 'content-type': 'text/html' }, body: good })],
  ['an upload', (good) => ({ headers: { 'content-type': 'application/json' }, body: good })],
  ['a picture', (good) => ({ headers: { 'content-type': 'image/png' }, body: good })],
  ['no type', (good) => ({ headers: { 'content-type': '' }, body: good })],
  ['2 MB', (good) => ({ body: { ...good, filler: 'x'.repeat(2_000_000) } })],
  ['100,000 levels', () => ({ body: deep() })],
  ['a list', (good) => ({ body: JSON.stringify([good]) })],
  ['half of it', (good) => ({ body: JSON.stringify(good).slice(0, -9) })],
  ['nothing', () => ({ body: '' })],
  ['no id', (good) => ({ body: { ...good, id: undefined } })],
  ['the id of another host', (good) => ({ body: { ...good, id: scene.vera.id } })],
  ['our id', (good) => ({ body: { ...good, id: scene.us } })],
  ['keys of the prototype', () => ({ body: '{"__proto__":{"id":"x"},"constructor":{}}' })],
]

const to = (location: string): PeerAnswer => ({ status: 302, headers: { location } })

describe('another server', () => {
  test.each(answers)('that answers with %s gives no key', async (_, answer) => {
    const { peer, mallory, inbox, hello, expectNothing } = scene
    const id = `${mallory.origin}/users/${mallory.newId('x').split('/').pop()}`
    peer.serve(id, answer({ ...mallory.document, id }, id))
    await expectNothing(401, () => mallory.post(inbox, hello(), { keyId: `${id}#main-key` }))
  })

  test.each(answers)('that answers with %s gives no note', async (what, answer) => {
    const { peer, mallory, us, inbox, expectNothing } = scene
    const { object } = mallory.create('x', [us])
    const { id } = object as WithId
    peer.serve(id, answer(object as Json, id))
    await expectNothing(202, () => mallory.post(inbox, mallory.activity('Create', id)))
    if (what === 'a redirect to another host') return // a boost of what it leads to is one
    await expectNothing(202, () => scene.vera.post(inbox, scene.vera.activity('Announce', id)))
  })

  test('that compresses without being asked gives nothing, however much it would be', async () => {
    const { peer, mallory, inbox, hello, expectNothing, server } = scene
    const before = residentMiB(server)
    const id = `${mallory.origin}/users/bomb`
    const bomb = gzipSync(Buffer.alloc(200_000_000, ' '))
    const headers = { 'content-encoding': 'gzip' }
    peer.serve(id, { headers, body: bomb.toString('latin1') })
    await expectNothing(401, () => mallory.post(inbox, hello(), { keyId: `${id}#main-key` }))
    expect(residentMiB(server) - before).toBeLessThan(60)
  })

  test('whose actor has our inbox makes us talk to ourselves, and nothing comes of it', async () => {
    const { server, mallory, us, inbox } = scene
    const shared = `${server.url}/shared-inbox`
    Object.assign(mallory.document, { inbox, endpoints: { sharedInbox: shared } })
    await mallory.post(inbox, mallory.activity('Update', mallory.document))
    await mallory.post(inbox, mallory.activity('Follow', us))
    const [id = ''] = await server.cli('note', 'to ourselves')
    await server.cli('edit', id, 'to ourselves, edited')
    await server.cli('like', scene.veras.note.id)
    await server.cli('delete', id)
    await server.cli('unlike', scene.veras.note.id)
    expect((await server.cli('followers')).join()).toContain(scene.vera.id)
    expect((await server.cli('show', 'posts')).join()).not.toContain('to ourselves')
    expect((await server.cli('show', 'home')).join()).not.toContain('to ourselves')
  })
})
