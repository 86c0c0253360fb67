// Uploads. https://codeberg.org/emersion/soju/src/branch/master/doc/ext/filehost.md
import { createHttp, listen } from '@fuchsbau/shared/http.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import { expect, test } from 'vitest'
import { startScene } from '../bouncer.fixture.ts'
import { type FilehostDeps, registerFilehost } from './routes.ts'

async function startFilehost(limits: Partial<FilehostDeps> = {}) {
  const scene = await startScene({
    isConnected: false,
    network: { isEnabled: false },
    bouncer: { uploadsUrl: 'https://irc.example.org/uploads' },
  })
  const app = createHttp({ log: silentLog(), metrics: createMetrics(), name: 'bouncer' })
  const url = 'https://irc.example.org/uploads'
  const { bouncer } = scene
  registerFilehost(app, { bouncer, url, fileBytes: 1000, quotaBytes: 1500, ...limits })
  const base = await listen(app, { host: '127.0.0.1', port: 0 })
  const basic = (name: string, password: string) =>
    `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
  const send = (path: string, init: RequestInit = {}, login = basic('you/den@phone', 'secret')) =>
    fetch(`${base}${path}`, { ...init, headers: { authorization: login, ...init.headers } })
  const post = (
    body: string | ReadableStream,
    headers: Record<string, string> = {},
    login?: string,
  ) => send('/uploads', { method: 'POST', body, headers, duplex: 'half' } as RequestInit, login)
  /** Where a file is, as a path. */
  const placed = (response: Response) =>
    response.headers.get('location')?.replace('https://irc.example.org', '') ?? ''
  const end = async () => {
    await app.close()
    await scene[Symbol.asyncDispose]()
  }
  return { scene, send, post, placed, basic, [Symbol.asyncDispose]: end }
}

test('a file is uploaded with the login of IRC, and read by whoever has its address', async () => {
  await using host = await startFilehost()
  const options = await host.send('/uploads', { method: 'OPTIONS' }, '')
  expect(options.status).toBe(204)
  expect(options.headers.get('allow')).toBe('OPTIONS, POST')
  expect(options.headers.get('accept-post')).toContain('image/*')
  const headers = {
    'content-type': 'image/png',
    'content-disposition': 'attachment; filename="../a \\"b\\" füchse.png"',
  }
  headers['content-disposition'] = "attachment; filename*=UTF-8''..%2Fa%20f%C3%BCchse.png"
  const answer = await host.post('picture', headers)
  expect(answer.status).toBe(201)
  const path = host.placed(answer)
  expect(path).toMatch(/^\/uploads\/[\w-]{22}\.png$/)
  const shown = await host.send(path, {}, '')
  expect(await shown.text()).toBe('picture')
  expect(Object.fromEntries(shown.headers)).toMatchObject({
    'content-type': 'image/png',
    'content-disposition': "inline; filename*=UTF-8''a%20f%C3%BCchse.png",
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining('sandbox'),
    'content-length': '7',
  })
  const head = await host.send(path, { method: 'HEAD' })
  expect(head.headers.get('content-length')).toBe('7')
  const part = await host.send(path, { headers: { range: 'bytes=1-3' } })
  expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([
    206,
    'ict',
    'bytes 1-3/7',
  ])
  expect((await host.send(path, { headers: { range: 'bytes=9-' } })).status).toBe(416)
  for (const other of [
    path.replace('.png', '.html'),
    '/uploads/..%2f..%2fbouncer.db',
    `/uploads/${'A'.repeat(22)}`,
    '/uploads/',
  ]) {
    expect((await host.send(other)).status).toBe(404)
  }
})

test('what a browser could run is saved, never shown, and other types are not taken', async () => {
  await using host = await startFilehost()
  for (const type of [
    'text/html',
    'application/javascript',
    'application/xhtml+xml',
    'nonsense',
    'multipart/form-data; boundary=x',
  ]) {
    expect((await host.post('<script>', { 'content-type': type })).status).toBe(415)
  }
  const svg = await host.post('<svg onload="x"/>', { 'content-type': 'image/svg+xml' })
  const shown = await host.send(host.placed(svg))
  expect(shown.headers.get('content-type')).toBe('application/octet-stream')
  expect(shown.headers.get('content-disposition')).toBe('attachment')
  const text = await host.post('<b>', { 'content-type': 'text/plain; charset=latin1' })
  expect((await host.send(host.placed(text))).headers.get('content-type')).toBe(
    'text/plain; charset=utf-8',
  )
})

test('without a good login nothing is taken or deleted', async () => {
  await using host = await startFilehost()
  for (const login of [
    '',
    'Basic !!!',
    'Bearer token',
    host.basic('you', 'wrong'),
    host.basic('nobody', 'secret'),
  ]) {
    const answer = await host.post('x', { 'content-type': 'image/png' }, login)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain('Basic')
  }
  expect(host.scene.store.uploads.bytes()).toBe(0)
})

test('only its owner deletes a file', async () => {
  await using host = await startFilehost()
  await host.scene.addPerson('vixen', { isEnabled: false })
  const path = host.placed(await host.post('x', { 'content-type': 'image/png' }))
  const other = await host.send(path, { method: 'DELETE' }, host.basic('vixen', 'secret'))
  expect(other.status).toBe(404)
  expect((await host.send(path)).status).toBe(200)
  expect((await host.send(path, { method: 'DELETE' })).status).toBe(204)
  expect((await host.send(path)).status).toBe(404)
})

test('a file, and all files of a person, have their limits, told or not', async () => {
  await using host = await startFilehost()
  const type = { 'content-type': 'image/png' }
  const stream = () =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.alloc(1200))
        controller.close()
      },
    })
  expect((await host.post('x'.repeat(1001), type)).status).toBe(413)
  expect((await host.post(stream(), type)).status).toBe(413)
  expect((await host.post('x'.repeat(1000), type)).status).toBe(201)
  const over = await host.post('x'.repeat(501), type)
  expect([over.status, await over.text()]).toEqual([
    413,
    'Your files may have 1500 bytes together, 500 are left\n',
  ])
  expect((await host.post('x'.repeat(500), type)).status).toBe(201)
  expect((await host.post('x', type)).status).toBe(413)
  expect(host.scene.store.uploads.bytes(host.scene.user.record.id)).toBe(1500)
})

test('clients are told where to upload', async () => {
  await using host = await startFilehost()
  await using client = await host.scene.client('desk', [])
  const tokens = client.lines
    .filter(({ command }) => command === '005')
    .flatMap(({ params }) => params)
  expect(tokens).toContain('soju.im/FILEHOST=https://irc.example.org/uploads')
})
