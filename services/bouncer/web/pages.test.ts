// What the forms do, and what the pages show of it.

import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type Scene, startScene } from '../bouncer.fixture.ts'
import { DEFAULT_LIMITS } from '../bouncer.ts'
import { retentionRule } from '../history/retention.ts'
import { type Browser, browse, servePages } from './browse.fixture.ts'

interface Den {
  scene: Scene
  browser: Browser
  /** Path of a page of her network. */
  at(page: string): string
}

async function den(): Promise<Den> {
  const scene = await startScene({ channels: ['#burrow'] })
  onTestFinished(() => scene[Symbol.asyncDispose]())
  const browser = browse(servePages(scene.bouncer))
  await browser.logIn('you')
  const { id } = scene.network.record
  return { scene, browser, at: (page) => `/networks/${id}${page && `/${page}`}` }
}

test('a well-known network is added in one step, once', async () => {
  const { scene, browser } = await den()
  const fields = { network: 'libera', nick: 'vulpes' }
  expect((await browser.post('/networks/well-known', fields)).location).toMatch(/\?m=added$/)
  const { record } = scene.user.networkNamed('libera') ?? scene.network
  expect(record).toMatchObject({
    host: 'irc.libera.chat',
    port: 6697,
    transport: 'tls',
    nick: 'vulpes',
  })
  expect((await browser.get('/')).body).not.toContain('value="libera"')
  const again = await browser.post('/networks/well-known', fields)
  expect(again.status).toBe(422)
  expect(again.body).toContain('You have a network libera already')
})

test('what is wrong in a form is said at its field, and what was typed stays, but no secret', async () => {
  const { browser } = await den()
  const { status, body } = await browser.post('/networks', {
    host: 'irc.example.org',
    port: '70000',
    nick: 'a<b',
    transport: 'tls',
    saslMechanism: 'PLAIN',
    saslUser: 'fox',
    saslPassword: 'geheim',
  })
  expect(status).toBe(422)
  expect(body).toMatch(/<title>Error: /)
  expect(body).toMatch(/role="alert">A port is 1 to 65535\./)
  expect(body).toMatch(
    /id="port"[^>]*aria-describedby="port-hint port-problem" aria-invalid="true"/,
  )
  expect(body).toContain('value="irc.example.org"')
  expect(body).toContain('value="a&lt;b"')
  expect(body).not.toContain('geheim')
})

test('settings of a network keep a secret that is not typed again, and give it up when asked to', async () => {
  const { scene, browser, at } = await den()
  const { port } = scene.network.record
  const fields = { host: '127.0.0.1', port: String(port), transport: 'plain', nick: 'fox' }
  await browser.post(at('edit'), { ...fields, nickservPassword: 'geheim' })
  expect(scene.network.record.nickservPassword).toBe('geheim')
  expect((await browser.get(at('edit'))).body).not.toContain('geheim')
  await browser.post(at('edit'), { ...fields, name: 'earth', alternateNicks: 'fox_, fuchs' })
  expect(scene.network.record).toMatchObject({
    name: 'earth',
    nickservPassword: 'geheim',
    alternateNicks: ['fox_', 'fuchs'],
    isAutoAway: false,
  })
  await browser.post(at('edit'), { ...fields, 'nickservPassword-remove': 'yes' })
  expect(scene.network.record.nickservPassword).toBe('')
})

test('a channel is joined, detached, ruled and left', async () => {
  const { scene, browser, at } = await den()
  expect((await browser.post(at('channels'), { channel: 'no channel' })).status).toBe(422)
  await browser.post(at('channels'), { channel: '#den', key: 'dig' })
  await scene.server.expectLine('JOIN #den dig')
  await browser.post(at('channels/detach'), { name: '#den', detached: 'yes' })
  expect(scene.network.isDetached('#den')).toBe(true)
  const rules = {
    name: '#den',
    reattachOn: 'highlight',
    relayDetached: 'none',
    key: '',
    detachAfterMs: '90',
  }
  await browser.post(at('channels/edit'), rules)
  expect(scene.network.channels.get('#den')).toMatchObject({
    isDetached: false,
    reattachOn: 'highlight',
    detachAfterMs: 5_400_000,
  })
  expect((await browser.post(at('channels/edit'), { ...rules, reattachOn: 'x' })).status).toBe(422)
  await browser.post(at('channels/part'), { name: '#den' })
  await scene.server.expectLine('PART #den')
  expect([...scene.network.channels.keys()]).toEqual(['#burrow'])
})

test('the history goes out as a file, has its own rule, and is deleted', async () => {
  const { scene, browser, at } = await den()
  scene.server.say('#burrow', 'reynard', 'hello <fox>')
  await scene.settled()
  scene.store.commitTurn()
  const target = '?target=%23BURROW'
  const text = await browser.get(`${at('history/export')}${target}&format=text`)
  expect(text.headers['content-disposition']).toMatch(/^attachment; filename="den-_BURROW\.txt"$/)
  expect(text.headers['x-content-type-options']).toBe('nosniff')
  expect(text.body).toMatch(/<reynard> hello <fox>\n$/)
  const json = await browser.get(`${at('history/export')}${target}&format=json`)
  expect(JSON.parse(json.body).at(-1)).toMatchObject({ kind: 'PRIVMSG', text: 'hello <fox>' })
  await browser.post(at('retention'), { target: '#burrow', days: '30', megabytes: '' })
  const scope = { networkId: scene.network.record.id, foldedTarget: '#burrow' }
  expect(retentionRule(scene.store, scope)).toEqual({ days: 30 })
  expect((await browser.post(at('retention'), { days: '0' })).status).toBe(422)
  expect((await browser.get(`${at('history/delete')}${target}`)).body).toContain('cannot be undone')
  expect((await browser.post(at('history/delete'), { target: '#burrow' })).status).toBe(303)
  expect((await browser.get(`${at('history')}${target}`)).status).toBe(404)
})

test('a rule is for a conversation that there is, or a channel: none is kept for other names', async () => {
  const { scene, browser, at } = await den()
  const set = vi.spyOn(scene.store.properties, 'set')
  for (const target of ['#nowhere', 'x'.repeat(5_000)]) {
    const query = `?target=${encodeURIComponent(target)}`
    expect((await browser.get(`${at('retention')}${query}`)).status).toBe(404)
    expect((await browser.post(at('retention'), { target, days: '3' })).status).toBe(404)
  }
  expect(set).not.toHaveBeenCalled()
  scene.server.say('fox', 'owl', 'hoo')
  await scene.settled()
  scene.store.commitTurn()
  const networkId = scene.network.record.id
  for (const target of ['OWL', '#Burrow']) {
    expect((await browser.post(at('retention'), { target, days: '3' })).status).toBe(303)
    const foldedTarget = target.toLowerCase()
    expect(retentionRule(scene.store, { networkId, foldedTarget })).toEqual({ days: 3 })
  }
})

test('pages of a conversation meet without a gap, also within one millisecond', async () => {
  const { scene, browser, at } = await den()
  const networkId = scene.network.record.id
  for (let index = 0; index < 250; index += 1) {
    scene.store.messages.append({
      networkId,
      target: 'owl',
      foldedTarget: 'owl',
      time: 1_767_268_800_000,
      kind: 'PRIVMSG',
      source: 'owl!o@w.l',
      text: `line ${index};`,
      isOwn: false,
    })
  }
  scene.store.commitTurn()
  const seen: string[] = []
  let next: string | undefined = `${at('history')}?target=owl`
  for (let page = 0; next !== undefined && page < 5; page += 1) {
    const { body } = await browser.get(next)
    seen.unshift(...[...body.matchAll(/line (\d+);/g)].map(([, number = '']) => number))
    next = /rel="prev" href="([^"]+)"/.exec(body)?.[1]?.replaceAll('&amp;', '&')
  }
  expect(seen).toEqual(Array.from({ length: 250 }, (_, index) => String(index)))
})

test('when nothing can be stored the pages are still there, and forms say why they are not taken', async () => {
  const { scene, browser, at } = await den()
  await browser.get('/settings')
  const failure = new StoreUnavailable('the disk is full')
  scene.store.networks.put = () => {
    throw failure
  }
  expect((await browser.get('/')).status).toBe(200)
  const { status, body } = await browser.post(at('disconnect'))
  expect(status).toBe(503)
  expect(body).toContain('Nothing can be stored at the moment')
})

test('the page of uploads says when they are deleted', async () => {
  const { scene } = await den()
  const HOUR = 3_600_000
  for (const [uploadRetentionMs, words] of [
    [90 * 24 * HOUR, 'deleted after 90 days'],
    [12 * HOUR, 'deleted after 12 hours'],
    [0, 'kept until you delete them'],
  ] as const) {
    const browser = browse(servePages(scene.bouncer, { uploadRetentionMs }))
    await browser.logIn('you')
    expect((await browser.get('/files')).body).toContain(words)
  }
})

test('a person sees how many lines are kept of her, and may be; so does an administrator', async () => {
  const scene = await startScene({ bouncer: { limits: { ...DEFAULT_LIMITS, lines: 2_000_000 } } })
  onTestFinished(() => scene[Symbol.asyncDispose]())
  const browser = browse(servePages(scene.bouncer))
  await browser.logIn('you')
  const words = /\d+ lines? kept; of more than 2,000,000 the oldest are deleted/
  expect((await browser.get('/settings')).body).toMatch(words)
  expect((await browser.get(`/users/${scene.user.record.id}`)).body).toMatch(words)
})
