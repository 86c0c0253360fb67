// What means ill, and what is cut off: nothing leaves the directory, and nothing is half-written.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openSocket, speak } from '../../../test/support/raw-socket.ts'
import { makeTempData, removeTempData } from '../../../test/support/temp-data.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { clientOf, digestOf, readLayout, said, startRegistry } from './registry.fixture.ts'

test.each([
  ['GET /v2/../../etc/passwd', 404],
  ['GET /v2/a/../b/tags/list', 400],
  ['GET /v2/a%2f..%2fb/tags/list', 400],
  ['GET /v2/_layout/tags/list', 404],
  ['GET /v2/a/_layout/tags/list', 400],
  ['GET /v2/_uploads/blobs/uploads/x', 404],
  ['GET /v2/a/blobs/sha256:..%2f..%2findex.json', 400],
  ['GET /v2/a/blobs/uploads/..%2f..%2fx', 404],
  ['GET http://evil.example/v2/', 404],
  ['GET //v2/', 404],
  ['GET /v2/?%', 200],
  ['GET /v2/LONG/tags/list', 400],
  ['GET /v2/ with a header of 70,000 characters', 431],
  ['BREW /v2/', 400],
])('%s', async (line, status) => {
  await using registry = await startRegistry()
  const [method, path = ''] = line.split(' ')
  const target = `${method} ${path.replace('LONG', 'a/'.repeat(8000))}`
  const long = line.includes('header') ? `x: ${'x'.repeat(70_000)}` : 'x: y'
  const head = [`${target} HTTP/1.1`, 'host: x', 'connection: close', long, '', '']
  expect(await speak(registry.url, head.join('\r\n'))).toBe(status)
})

describe('symbolic links are never followed', () => {
  async function outside() {
    const directory = makeTempData('outside')
    const registry = await startRegistry()
    await registry.pushImage('a', 'v1')
    return { directory, registry, link: (path: string, to: string) => symlinkSync(to, path) }
  }

  test('not to a repository, nor to write one', async () => {
    const { directory, registry, link } = await outside()
    await using _ = registry
    link(join(registry.directory, 'evil'), directory)
    link(join(registry.directory, 'copy'), join(registry.directory, 'a'))
    expect((await registry.send('GET', 'copy/tags/list')).status).toBe(404)
    const query = `digest=${digestOf('x')}`
    const push = await registry.send('POST', `evil/b/blobs/uploads/?${query}`, { body: 'x' })
    expect(push.status).toBe(500)
    expect(readdirSync(directory)).toEqual([])
    const catalog = await registry.send('GET', '_catalog')
    expect(await said(catalog)).toEqual({ repositories: ['a'] })
    removeTempData(directory)
  })

  test('not to a blob', async () => {
    const { directory, registry, link } = await outside()
    await using _ = registry
    const digest = digestOf('secret')
    writeFileSync(join(directory, 'file'), 'secret')
    const path = join(registry.directory, 'a/_layout/blobs', digest.replace(':', '/'))
    link(path, join(directory, 'file'))
    expect((await registry.send('GET', `a/blobs/${digest}`)).status).toBe(404)
    expect((await registry.send('POST', `b/blobs/uploads/?mount=${digest}&from=a`)).status).toBe(
      202,
    )
    removeTempData(directory)
  })
})

test('a client that is cut off goes on behind what has arrived', async () => {
  await using registry = await startRegistry()
  const begun = await registry.send('POST', 'a/blobs/uploads/')
  const path = begun.headers.get('location') ?? ''
  const socket = await openSocket(registry.url)
  socket.write(`PATCH ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nabc`)
  const status = async () => (await fetch(`${registry.url}${path}`)).headers.get('range')
  await waitFor(async () => (await status()) === '0-2', { what: 'three bytes' })
  const meanwhile = await fetch(`${registry.url}${path}`, { method: 'PATCH', body: 'x' })
  expect(meanwhile.status).toBe(409)
  socket.destroy()
  const target = `${registry.url}${path}?digest=${digestOf('abcdef')}`
  const end = await waitFor(
    async () => {
      const answer = await fetch(target, {
        method: 'PUT',
        body: 'def',
        headers: { 'content-range': '3-5' },
      })
      return answer.status === 409 ? undefined : answer
    },
    { what: 'the end of the cut request' },
  )
  expect(end.status).toBe(201)
  expect(readdirSync(join(registry.directory, '_uploads'))).toEqual([])
})

test('a whole blob that is cut off leaves nothing', async () => {
  await using registry = await startRegistry()
  const socket = await openSocket(registry.url)
  const path = `/v2/a/blobs/uploads/?digest=${digestOf('abc')}`
  socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nabc`)
  const left = () => readdirSync(join(registry.directory, '_uploads'))
  await waitFor(() => left().length === 1, { what: 'the upload' })
  socket.destroy()
  await waitFor(() => left().length === 0, { what: 'the end of the upload' })
  expect((await registry.send('GET', `a/blobs/${digestOf('abc')}`)).status).toBe(404)
})

test('a manifest that is much too long is refused, to a client that first sends all of it too', async () => {
  await using registry = await startRegistry()
  const answer = await registry.putManifest('a', 'v1', 'x'.repeat(20_000_000))
  expect([answer.status, (await said(answer)).errors[0]?.code]).toEqual([413, 'SIZE_INVALID'])
})

test('a chunk of another length than it says is not kept', async () => {
  await using registry = await startRegistry()
  const begun = await registry.send('POST', 'a/blobs/uploads/')
  const path = begun.headers.get('location')?.slice('/v2/'.length) ?? ''
  const headers = { 'content-range': '0-9' }
  const answer = await registry.send('PATCH', path, { headers, body: 'abc' })
  expect([answer.status, (await said(answer)).errors[0]?.code]).toEqual([400, 'SIZE_INVALID'])
  expect((await registry.send('GET', path)).status).toBe(404)
})

test('an index.json that is none is told of, and never written over', async () => {
  await using registry = await startRegistry()
  await registry.pushImage('a', 'v1')
  writeFileSync(join(registry.directory, 'a/_layout/index.json'), '{"manif')
  expect((await registry.send('GET', 'a/tags/list')).status).toBe(500)
  await expect(registry.pushImage('a', 'v2')).rejects.toThrow('500')
})

/** The registry in a process of its own; `shell` goes before it. */
async function startProcess(directory: string, shell = '') {
  const script = join(import.meta.dirname, 'process.fixture.ts')
  const command = `${shell} exec "$0" "$@"`
  const child = spawn('bash', ['-c', command, process.execPath, script, directory], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [line] = await once(child.stdout, 'data')
  const kill = async () => {
    if (child.kill('SIGKILL')) await once(child, 'exit')
  }
  return { ...clientOf(String(line).trim()), kill, [Symbol.asyncDispose]: kill }
}

test('after kill -9 in the middle of pushes what was acknowledged is there, and the layout is one', async () => {
  const directory = makeTempData('evaluation')
  const acknowledged = new Map<string, string>()
  for (let round = 0; round < 3; round += 1) {
    await using child = await startProcess(directory)
    const push = async (worker: number) => {
      for (let count = 0; ; count += 1) {
        const tag = `r${round}-w${worker}-${count}`
        const layer = await child.pushBlob('a', tag.repeat(10_000))
        const layers = [{ mediaType: 'x/y', digest: layer, size: tag.length * 10_000 }]
        acknowledged.set(tag, await child.pushImage('a', tag, { layers }))
      }
    }
    const workers = [1, 2, 3, 4].map((worker) => push(worker).catch(() => undefined))
    await waitFor(() => acknowledged.size >= (round + 1) * 15, { what: 'fifteen pushes' })
    await child.kill()
    await Promise.all(workers)
    expect(readLayout(join(directory, 'a/_layout'))).toMatchObject(Object.fromEntries(acknowledged))
  }
  mkdirSync(join(directory, '_uploads'), { recursive: true })
  writeFileSync(join(directory, '_uploads/left'), 'x')
  writeFileSync(join(directory, 'a/_layout/.index.json.0123456789ab.tmp'), 'x')
  await using registry = await startRegistry({ directory })
  expect(readdirSync(join(directory, '_uploads'))).toEqual([])
  expect(readdirSync(join(directory, 'a/_layout')).sort()).toEqual([
    'blobs',
    'index.json',
    'oci-layout',
  ])
  const tags = await registry.send('GET', 'a/tags/list')
  expect((await said(tags)).tags).toEqual(expect.arrayContaining([...acknowledged.keys()]))
  removeTempData(directory)
})

// A limit on the size of files fails as a full disk does, in the middle of a write.
test('a disk that takes no more is told of, and nothing is half-written', async () => {
  const directory = makeTempData('evaluation')
  await using child = await startProcess(directory, 'ulimit -f 100;')
  await child.pushImage('a', 'v1')
  const body = 'x'.repeat(300_000)
  const begun = await child.send('POST', 'a/blobs/uploads/')
  const path = begun.headers.get('location')?.slice('/v2/'.length) ?? ''
  for (const answer of [
    await child.send('POST', `a/blobs/uploads/?digest=${digestOf(body)}`, { body }),
    await child.send('PATCH', path, { body }),
    await child.putManifest('a', 'v2', { x: body }, 'application/x.other'),
  ]) {
    expect([answer.status, await answer.json()]).toEqual([
      507,
      { errors: [{ code: 'UNKNOWN', message: 'The disk of the registry is full.' }] },
    ])
  }
  expect((await child.send('GET', path)).status).toBe(404)
  expect(readdirSync(join(directory, '_uploads'))).toEqual([])
  expect(Object.keys(readLayout(join(directory, 'a/_layout')))).toEqual(['v1'])
  expect(existsSync(join(directory, 'a/_layout/blobs', digestOf(body).replace(':', '/')))).toBe(
    false,
  )
  await child.kill()
  removeTempData(directory)
})
