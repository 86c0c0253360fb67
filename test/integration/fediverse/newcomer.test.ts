// What a newcomer meets: `npm start` on defaults, a password shown once, the web form, the command line with the server
// running and stopped, and errors in words. Ports are free ones, everything else is as shipped.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import manifest from '../../../package.json' with { type: 'json' }
import { ask } from '../../support/http-post.ts'
import { type Peer, startPeer } from '../../support/peer.ts'
import { makeTempData, removeTempData } from '../../support/temp-data.ts'
import { waitFor } from '../../support/wait-for.ts'

const root = join(import.meta.dirname, '../../..')
const [, launcher = '', up = ''] = manifest.scripts.start.split(' ')
const children = new Set<ChildProcess>()

/** In an empty folder, as after `git clone`, with nothing in the environment but free ports. */
class Newcomer {
  readonly folder = makeTempData('newcomer')
  readonly env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    FUCHSBAU_FEDIVERSE_LISTEN: '127.0.0.1:0',
    FUCHSBAU_BOUNCER_LISTEN: '127.0.0.1:0',
    FUCHSBAU_BOUNCER_WEB_LISTEN: '127.0.0.1:0',
    FUCHSBAU_MANAGEMENT_LISTEN: '127.0.0.1:0',
  }

  spawn(args: string[], env: Record<string, string> = {}): ChildProcess {
    const child = spawn(process.execPath, [join(root, launcher), ...args], {
      cwd: this.folder,
      env: { ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.add(child)
    child.once('exit', () => children.delete(child))
    return child
  }

  async run(args: string[], env: Record<string, string> = {}) {
    const child = this.spawn(args, env)
    const [out, err, [code]] = await Promise.all([
      text(child.stdout as NodeJS.ReadableStream),
      text(child.stderr as NodeJS.ReadableStream),
      once(child, 'close') as Promise<[number]>,
    ])
    return { out, err, code }
  }

  /** A verb of the service. */
  verb = (...args: string[]) => this.run(['fediverse', ...args])

  /** `npm start`. */
  async start(env: Record<string, string> = {}) {
    const child = this.spawn([up], env)
    const lines: string[] = []
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) =>
      lines.push(line),
    )
    const ready = await waitFor(() => lines.find((line) => line.includes('"msg":"ready"')), {
      what: 'the server to be ready',
      context: () => lines.join('\n'),
    })
    const { services } = JSON.parse(ready) as { services: { fediverse: { listening: string } } }
    return { child, lines, url: services.fediverse.listening }
  }

  async stop(child: ChildProcess): Promise<void> {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  }

  remove(): void {
    removeTempData(this.folder)
  }
}

// What a failed test has left.
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
})

describe('npm start', () => {
  const newcomer = new Newcomer()
  let first: Awaited<ReturnType<Newcomer['start']>>
  let password: string
  /** The session's cookie. */
  let cookie: string

  beforeAll(async () => {
    expect(manifest.scripts.start).toBe('node fuchsbau.js up')
    first = await newcomer.start()
  })
  afterAll(() => newcomer.remove())

  const page = (path: string, headers: Record<string, string> = {}) =>
    ask(`${first.url}${path}`, { headers: { accept: 'text/html', ...headers } })
  const form = (path: string, fields: Record<string, string>, headers = {}) =>
    ask(`${first.url}${path}`, {
      body: new URLSearchParams(fields).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    })

  test('shows the address, and how to sign in', () => {
    expect(first.lines).toContainEqual(
      expect.stringMatching(/^fediverse +http:\/\/localhost:3000$/),
    )
    const [line = '', ...others] = first.lines.filter((each) => each.includes('(shown once)'))
    expect(others).toEqual([])
    const match = /^The owner's first password: (\S+) {2}\(shown once\)$/.exec(line)
    password = match?.[1] ?? ''
    expect(password).toMatch(/^[a-z2-9]{5}(?:-[a-z2-9]{5}){3}$/)
    expect(first.lines).toContain('First login: http://localhost:3000/login  user you')
  })

  test('keeps everything in ./data, and the password nowhere', () => {
    const data = join(newcomer.folder, 'data')
    expect(readdirSync(newcomer.folder)).toEqual(['data'])
    const key = statSync(join(data, 'fediverse/keys/you.json'))
    expect(key.mode & 0o777).toBe(0o600)
    const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile(),
    )
    expect(files.length).toBeGreaterThan(3)
    for (const { parentPath, name } of files) {
      expect(readFileSync(join(parentPath, name), 'utf8'), name).not.toContain(password)
    }
  })

  test('serves a profile that machines and people find', async () => {
    const found = await page('/.well-known/webfinger?resource=acct:you@localhost:3000')
    expect(JSON.parse(found.body)).toMatchObject({
      links: [{ href: 'http://localhost:3000/you' }, {}],
    })
    const accept = 'application/activity+json'
    const actor = JSON.parse((await page('/you', { accept })).body)
    expect(actor).toMatchObject({ id: 'http://localhost:3000/you', type: 'Person' })
    expect((await page('/nodeinfo/2.1')).status).toBe(200)
    expect((await page('/')).body).toContain('@you@localhost:3000')
    expect((await page('/you')).body).toContain('@you@localhost:3000')
  })

  test('refuses a wrong password in words', async () => {
    const answer = await form('/login', { user: 'you', password: 'wrong' })
    expect(answer.status).toBe(401)
    expect(answer.body).toContain('User name and password do not fit')
    expect(answer.headers['set-cookie']).toBeUndefined()
  })

  test('lets in with the password that it has shown', async () => {
    expect((await page('/login')).body).toContain('value="you"')
    const answer = await form('/login', { user: 'you', password })
    expect([answer.status, answer.headers.location]).toEqual([303, '/you/admin'])
    const [set = ''] = answer.headers['set-cookie'] ?? []
    expect(set).toMatch(/; HttpOnly; SameSite=Lax$/)
    cookie = set.split(';', 1)[0] ?? ''
    const home = await page('/you/admin', { cookie })
    expect(home.status).toBe(200)
    expect(home.body).toContain('<textarea id="text" name="text"')
    expect((await page('/you/admin')).status).not.toBe(200)
  })

  test('publishes what the form sends, for everybody to read', async () => {
    const home = await page('/you/admin', { cookie })
    const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(home.body) ?? []
    const fields = { csrf, text: 'My **first** post', audience: 'public', language: 'en' }
    const body = new FormData()
    for (const [name, value] of Object.entries(fields)) body.append(name, value)
    const answer = await fetch(`${first.url}/you/admin/publish`, {
      method: 'POST',
      body,
      headers: { cookie },
      redirect: 'manual',
    })
    expect(answer.status).toBe(303)
    const outbox = await page('/you/outbox?page=true')
    const [{ object }] = JSON.parse(outbox.body).orderedItems
    expect(object).toMatchObject({ type: 'Note', content: '<p>My <strong>first</strong> post</p>' })
    const { pathname } = new URL(object.id)
    expect((await page(pathname)).body).toContain('My <strong>first</strong> post')
    expect((await page('/you')).body).toContain('My <strong>first</strong> post')
  })

  test('shows no password at its next start, and has kept session and post', async () => {
    await newcomer.stop(first.child)
    first = await newcomer.start()
    expect(first.lines.join('\n')).not.toMatch(/password|First login/)
    expect((await page('/you/admin', { cookie })).body).toContain('My <strong>first</strong> post')
    expect((await form('/login', { user: 'you', password })).status).toBe(303)
  })

  test('refuses to run twice on the same data, and says who has it', async () => {
    const { out, err, code } = await newcomer.run([up])
    expect(code).toBe(1)
    expect(out + err).toContain(`is in use by process ${first.child.pid}`)
    expect((await page('/you')).status).toBe(200)
    const check = await newcomer.verb('fsck')
    expect(check.code).toBe(1)
    expect(check.err).toContain('Stop the server, then check.')
    await newcomer.stop(first.child)
    expect(await newcomer.verb('fsck')).toMatchObject({ code: 0 })
  })
})

describe('the command line', () => {
  const newcomer = new Newcomer()
  let peer: Peer

  beforeAll(async () => {
    peer = await startPeer()
    newcomer.env['FUCHSBAU_ALLOW_PRIVATE_ADDRESS'] = 'true'
  })
  afterAll(async () => {
    await peer?.[Symbol.asyncDispose]()
    newcomer.remove()
  })

  test('makes the account before the first start, once', async () => {
    const { out, code } = await newcomer.verb('init')
    expect(code).toBe(0)
    expect(out).toMatch(
      /^@you@localhost:3000 {2}http:\/\/localhost:3000\/you\nPassword \(shown once\): \S+\n$/,
    )
    expect(await newcomer.verb('init')).toMatchObject({
      code: 0,
      out: '@you@localhost:3000 is there already; nothing was changed.\n',
    })
  })

  test('works without a server; what it sends goes out when one runs', async () => {
    const vera = peer.actor('vera')
    const follow = await newcomer.verb('follow', vera.id)
    expect(follow).toMatchObject({ code: 0, err: '' })
    expect(follow.out).toContain('It is queued and goes out when the server runs.')
    expect((await newcomer.verb('queue')).out).toMatch(/^ +1 {2}127\.0\.0\.1:\d+\n$/)
    expect((await newcomer.verb('following')).out).toContain(`${vera.id}  requested`)
    expect(peer.posted).toEqual([])

    const { child, lines } = await newcomer.start()
    await waitFor(() => peer.posted.length > 0, {
      what: 'our Follow',
      context: () => lines.join('\n'),
    })
    expect(JSON.parse(String(peer.posted[0]?.body))).toMatchObject({
      type: 'Follow',
      object: vera.id,
    })
    await newcomer.stop(child)
  })

  test('asks the running server, which sends at once', async () => {
    const { child, lines } = await newcomer.start()
    const note = await newcomer.verb('note', `Hello @vera@${new URL(peer.origin).host}`)
    expect(note.out).toMatch(/^http:\/\/localhost:3000\/you\/p\/[\d.]+\n$/)
    await waitFor(() => peer.posted.some(({ body }) => body.includes('Hello')), {
      what: 'our note',
      context: () => lines.join('\n'),
    })
    expect((await newcomer.verb('show', 'posts')).out).toContain('(public)  Hello @vera\n')
    await newcomer.stop(child)
  })

  test.each([
    [['note', ' '], 1, 'The post is empty.'],
    [['follow', '@nobody@localhost:3000'], 1, 'was not found'],
    [['delete', 'http://localhost:3000/you/p/1'], 1, 'is not a post of yours'],
    [['note'], 1, 'Too few words'],
    [['note', 'x', '--frob'], 1, "Unknown option '--frob'"],
    [['note', 'x', '--as', 'nobody'], 1, 'user add nobody'],
    [['user', 'add', 'login'], 1, 'is reserved'],
    [['frob'], 64, 'there is no such command'],
  ])('says in words what is wrong with %j', async (args, code, words) => {
    const result = await newcomer.verb(...args)
    expect(result).toMatchObject({ code, out: '' })
    expect(result.err).toContain(words)
    expect(result.err).not.toMatch(/\n {4}at /)
  })

  test('has help with an example for every verb', async () => {
    const { out } = await newcomer.verb('--help')
    const verbs = [...out.matchAll(/^ {2}(\w+) {2,}\S/gm)].map(([, verb = '']) => verb)
    expect(verbs).toEqual(
      expect.arrayContaining([
        'init',
        'serve',
        'user',
        'note',
        'follow',
        'unfollow',
        'boost',
        'like',
        'show',
        'queue',
        'fsck',
      ]),
    )
    const check = async (verb: string) => {
      const help = await newcomer.verb(verb, '--help')
      expect(help, verb).toMatchObject({ code: 0, err: '' })
      expect(help.out, verb).toMatch(new RegExp(`^Usage: fuchsbau fediverse ${verb}(?: |\n)`))
      expect(help.out, verb).toMatch(/^Examples?:\n {2}.*fuchsbau fediverse /m)
    }
    // Two at a time: each is a process.
    for (let i = 0; i < verbs.length; i += 2) await Promise.all(verbs.slice(i, i + 2).map(check))
  })
})

describe('a wrong configuration', () => {
  const newcomer = new Newcomer()
  afterAll(() => newcomer.remove())

  test.each([
    [[up]],
    [['fediverse', 'serve']],
    [['fediverse', 'note', 'x']],
    [['config', 'check']],
  ])('stops %j with every error in words, and 78', async (args) => {
    const file = join(newcomer.folder, 'fuchsbau.yaml')
    writeFileSync(file, 'fediverse:\n  owner: "Fuchs Bau"\n  max_activty: 1MiB\n')
    const { out, err, code } = await newcomer.run(args, {
      FUCHSBAU_CONFIG: file,
      FUCHSBAU_FEDIVERSE_URL: 'example.org',
      FUCHSBAU_FEDIVERSE_GIVE_UP_AFTER: 'soon',
    })
    expect(code).toBe(78)
    expect(out).toBe('')
    const lines = err.trimEnd().split('\n')
    expect(lines).toHaveLength(4)
    expect(err).toContain('fediverse.owner')
    expect(err).toContain('max_activity')
    expect(err).toContain('FUCHSBAU_FEDIVERSE_URL is "example.org"')
    expect(err).toContain('FUCHSBAU_FEDIVERSE_GIVE_UP_AFTER')
    expect(readdirSync(newcomer.folder)).toEqual(['fuchsbau.yaml'])
  })
})
