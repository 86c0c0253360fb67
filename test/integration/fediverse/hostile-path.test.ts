// No path leads out of what is public, no file is served as what runs, WebFinger answers only what it is asked rightly, odd
// requests are refused. Against the real process.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { heldMiB, MEASURABLE } from '../../support/heap.ts'
import { openScene, type Scene } from '../../support/hostile-scene.ts'
import { ask } from '../../support/http-post.ts'
import { speak } from '../../support/raw-socket.ts'
import { signIn } from '../../support/visitor.ts'

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'

let scene: Scene

beforeAll(async () => {
  scene = await openScene(MEASURABLE)
})

afterEach(() => scene.expectWell())

afterAll(() => scene?.[Symbol.asyncDispose]())

describe('files', () => {
  test.each([
    ['an SVG', 'x.svg', 'image/svg+xml', SVG],
    ['an SVG that says it is a PNG', 'x.png', 'image/png', SVG],
    ['a page', 'x.html', 'text/html', '<!doctype html><script>alert(1)</script>'],
    ['a page that begins as a GIF', 'x.gif', 'image/gif', 'GIF<script>alert(1)</script>'],
  ])('%s cannot be attached', async (_, name, type, content) => {
    const file = new File([content], name, { type })
    const visitor = await signIn(scene.server)
    const page = await visitor.send('/you/admin/publish', {
      text: 'x',
      file1: file,
      audience: 'public',
    })
    expect(page.status).toBeGreaterThanOrEqual(400)
    expect((await visitor.get('/you')).html).not.toContain('/you/s/')
  })

  test('are served as what cannot run, whatever lies there', async () => {
    const directory = join(scene.server.data, 'fediverse', 'media', 'you')
    mkdirSync(directory, { recursive: true })
    for (const name of [
      'x.svg',
      'x.html',
      'x.xml',
      'x',
      'x.png',
      '.x.png',
      'x.png.tmp',
      'x.svgz',
    ]) {
      writeFileSync(join(directory, name), SVG)
      const { status, headers } = await ask(`${scene.us}/s/${name}`)
      if (status === 404) continue
      expect(name).toBe('x.png')
      expect(headers).toMatchObject({
        'content-type': 'image/png',
        'x-content-type-options': 'nosniff',
        'content-security-policy': expect.stringContaining('sandbox'),
      })
    }
  })

  test.each([
    '/you/s/../../keys/you.json',
    '/you/s/..%2f..%2fkeys%2fyou.json',
    '/you/s/%2e%2e/%2e%2e/keys/you.json',
    '/you/s/..%252f..%252fkeys%252fyou.json',
    '/you/s/..\\..\\keys\\you.json',
    '/you/s/%2fetc%2fpasswd',
    '/you/s//etc/passwd',
    '/you/s/..',
    '/you/s/.',
    '/you/s/',
    '/you/s/you.json%00.png',
    '/you/s/%ff%fe.png',
    '/you/s/%',
    '/../keys/you.json',
    '/..%2fkeys%2fyou.json/s/x.png',
    '/%2e%2e/s/x.png',
    '/you/p/..%2f..%2f..%2fkeys%2fyou',
    '/keys/you.json',
    '/you.json',
    '/objects/',
    'http://other.example/you/s/../../keys/you.json',
  ])('GET %s leads nowhere', async (path) => {
    const host = new URL(scene.us).host
    const status = await speak(
      scene.us,
      `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`,
    )
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
  })
})

describe('WebFinger', () => {
  const host = () => new URL(scene.us).host
  test.each<[string, () => string, number]>([
    ['no resource', () => '', 400],
    ['an empty one', () => '?resource=', 400],
    ['two', () => `?resource=acct:you@${host()}&resource=acct:you@${host()}`, 400],
    ['a list', () => `?resource[]=acct:you@${host()}`, 400],
    ['no host', () => '?resource=acct:you', 400],
    ['no user', () => `?resource=acct:@${host()}`, 400],
    ['two hosts', () => `?resource=acct:you@${host()}@evil.example`, 400],
    ['a bad host', () => '?resource=acct:you@%5B', 400],
    ['a line break', () => `?resource=acct:you@${host()}%0d%0ax:y`, 400],
    ['a script', () => '?resource=javascript:alert(1)', 404],
    ['too much', () => `?resource=acct:${'x'.repeat(3_000)}@${host()}`, 400],
    ['another host', () => '?resource=acct:you@evil.example', 404],
    ['nobody', () => `?resource=acct:nobody@${host()}`, 404],
    ['the prototype', () => `?resource=acct:__proto__@${host()}`, 404],
    ['a folder', () => `?resource=acct:..%252f@${host()}`, 404],
    ['a URL elsewhere', () => '?resource=http://evil.example/you', 404],
    ['a post', () => `?resource=${encodeURIComponent(scene.ourPost)}`, 404],
  ])('with %s is refused', async (_, query, status) => {
    const answer = await ask(`${scene.server.url}/.well-known/webfinger${query()}`)
    expect(answer).toMatchObject({ status })
    expect(answer.headers['content-type']).toMatch(/json/)
  })

  test('of 5,000 made-up names and spellings keeps no memory', async () => {
    const before = await heldMiB(scene.server)
    for (let count = 0; count < 5_000; count += 1) {
      const name = count % 2 ? `name${count}` : `%25${(0x61 + (count % 20)).toString(16)}ou${count}`
      await ask(`${scene.server.url}/.well-known/webfinger?resource=acct:${name}@${host()}`)
    }
    expect((await heldMiB(scene.server)) - before).toBeLessThan(8)
  })
})

describe('odd requests', () => {
  test.each<[string, string]>([
    ['GET', '/__proto__'],
    ['GET', '/constructor'],
    ['GET', '/toString/outbox'],
    ['GET', '/constructor/p/1.1'],
    ['POST', '/constructor/inbox'],
    ['POST', '/__proto__/inbox'],
    ['POST', '/nobody/inbox'],
    ['GET', '/you/inbox'],
    ['PUT', '/you/inbox'],
    ['DELETE', '/you'],
    ['PATCH', '/shared-inbox'],
    ['TRACE', '/you'],
    ['BREW', '/you'],
    ['OPTIONS', '*'],
    ['GET', '/%'],
    ['GET', '/%00'],
    ['GET', '/%ff'],
    ['GET', '/you%0d%0aset-cookie:x'],
    ['GET', `/${'x'.repeat(600)}`],
    ['GET', '/you/p/1.1/Create/x'],
    ['GET', '/nodeinfo/__proto__'],
  ])('%s %s is a 4xx', async (method, path) => {
    const { host } = new URL(scene.us)
    const head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n`
    const status = await speak(scene.us, `${head}content-length: 0\r\n\r\n`)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
  })

  test.each([
    '/you/outbox?page=true&before=nonsense',
    '/you/outbox?page=true&before=9999999999999999-zz',
    '/you/outbox?page=1&page=2&before=a&before=b',
    '/you/outbox?__proto__=x&page=true',
    '/you?before=__proto__',
    '/?t[]=x&t=y',
  ])('GET %s is answered', async (path) => {
    const { status } = await ask(`${scene.server.url}${path}`)
    expect(status).toBeLessThan(500)
  })
})
