// Logging in from a terminal: the real command against the real registry, with a person at a browser.
// https://www.rfc-editor.org/rfc/rfc8628
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type CookieBrowser, cookieBrowser } from '../../support/cookie-browser.ts'
import { type RegistryProcess, startRegistry } from '../../support/registry-process.ts'
import { PASSWORD } from '../../support/service-process.ts'
import { makeTempData, removeTempData } from '../../support/temp-data.ts'
import { startTerminal, type TerminalLogin } from '../../support/terminal-login.ts'
import { waitFor } from '../../support/wait-for.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

let registry: RegistryProcess
let host: string
let home: string
beforeAll(async () => {
  registry = await startRegistry({
    env: { FUCHSBAU_TRUST_PROXY: '127.0.0.1', FUCHSBAU_REGISTRY_MAX_ACCESS_TOKEN_AGE: '100d' },
  })
  host = new URL(registry.url).host
})
afterAll(() => registry?.[Symbol.asyncDispose]())
beforeEach(() => {
  home = makeTempData('home')
})
afterEach(() => removeTempData(home))

async function owner(): Promise<CookieBrowser> {
  const browser = cookieBrowser(registry.url)
  await browser.post('/login', { user: 'you', password: PASSWORD })
  return browser
}

const terminal = (...words: string[]) => startTerminal(words, { HOME: home })
const authFile = () => join(home, '.docker', 'config.json')
const keptLogin = (file = authFile()) => {
  const { auth } = JSON.parse(readFileSync(file, 'utf8')).auths[host]
  const [name = '', secret = ''] = Buffer.from(auth, 'base64').toString().split(':')
  return { name, secret }
}

async function decide(login: TerminalLogin, decision: 'approve' | 'deny') {
  const browser = await owner()
  const page = await login.page()
  const { body } = await browser.get(page)
  const user_code = /name="user_code" value="([A-Z-]+)"/.exec(body)?.[1] ?? ''
  return { body, answer: await browser.post('/device', { user_code, decision }) }
}

const post = (path: string, fields: Record<string, string>, from = '192.0.2.1') =>
  registry.request(path, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-forwarded-for': from,
    },
    body: new URLSearchParams(fields).toString(),
  })
const json = async (response: Response) => (await response.json()) as Record<string, unknown>
const begin = async (fields = {}, from?: string) =>
  await json(await post('/token/device', { client_id: 'x', ...fields }, from))
const ask = async (device: unknown) =>
  await json(await post('/token', { grant_type: GRANT, device_code: String(device) }))

describe('the command', () => {
  test('prints a code, waits, and writes the file that docker reads; logout ends it', async () => {
    const words = ['--repository', 'you/**', '--allow', 'pull,push', '--days', '7']
    const login = terminal('login', host, ...words, '--label', 'terminal den')
    const { body, answer } = await decide(login, 'approve')
    expect(body).toContain('terminal den')
    expect(body).toContain('127.0.0.1')
    expect(body).toContain('pull, push in <code>you/**</code>')
    expect(body).toContain('If somebody sent you the code or the link, deny')
    expect(answer.location).toBe(`${registry.url}/device?m=approved`)
    expect(await login.ended()).toBe(0)
    expect(login.output()).toContain(`Logged in to ${host} as you`)
    expect(statSync(authFile()).mode & 0o777).toBe(0o600)
    const kept = keptLogin()
    expect(kept.name).toBe('you')
    expect(login.output()).not.toContain(kept.secret)
    const status = async (path: string) =>
      (await registry.request(path, { method: 'POST', as: kept })).status
    expect(await status('/v2/you/app/blobs/uploads/')).toBe(202)
    expect(await status('/v2/other/app/blobs/uploads/')).toBe(403)
    const { body: tokens } = await (await owner()).get('/tokens')
    expect(tokens).toContain('terminal den')

    const logout = terminal('logout', host)
    expect(await logout.ended()).toBe(0)
    expect(logout.output()).toContain('Its token is revoked.')
    expect(await status('/v2/you/app/blobs/uploads/')).toBe(401)
    expect(JSON.parse(readFileSync(authFile(), 'utf8')).auths).toEqual({})
    const again = terminal('logout', host)
    expect(await again.ended()).toBe(0)
    expect(again.output()).toContain(`There is no login for ${host}`)
  })

  test('writes where it is told, and leaves the rest as it was', async () => {
    const file = join(home, 'auth.json')
    writeFileSync(file, '{"auths": {"other.test": {"auth": "eA=="}}, "x": 1}')
    const login = terminal('login', `http://${host}`, '--authfile', file)
    await decide(login, 'approve')
    expect(await login.ended()).toBe(0)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      auths: { 'other.test': { auth: 'eA==' } },
      x: 1,
    })
    expect(keptLogin(file).name).toBe('you')
    expect(existsSync(authFile())).toBe(false)
  })

  test('says that it was denied, and writes nothing', async () => {
    const login = terminal('login', host)
    const { answer } = await decide(login, 'deny')
    expect(answer.location).toContain('m=denied')
    expect(await login.ended()).toBe(1)
    expect(login.output()).toContain('The login was denied.')
    expect(existsSync(authFile())).toBe(false)
  })

  test('waits through a restart of the registry: what was approved is not lost', async () => {
    const login = terminal('login', host)
    await decide(login, 'approve').then(() => registry.kill())
    await registry.start()
    expect(await login.ended()).toBe(0)
    expect(keptLogin().name).toBe('you')
  }, 60_000)

  test('ended by Control-C leaves nothing behind, here and there', async () => {
    const login = terminal('login', host)
    const page = await login.page()
    login.end('SIGINT')
    expect(await login.ended()).toBe(130)
    expect(login.output()).toContain('Cancelled: nothing was changed.')
    expect(existsSync(authFile())).toBe(false)
    const answer = await (await owner()).get(page)
    expect(answer.status).toBe(404)
    expect(answer.body).toContain('No login waits for this code.')
  })

  test.each([
    ['of another host', ['oci.invalid'], 1, 'cannot be reached'],
    ['without TLS to elsewhere', ['http://oci.invalid'], 64, 'Plain HTTP is for this machine only'],
    ['without a host', [], 64, 'Say which registry'],
    ['for too long', ['HOST', '--days', '101'], 1, 'A token lasts 100 days at most.'],
    ['for no time', ['HOST', '--days', 'x'], 64, '--days is a number of days'],
    ['to fly', ['HOST', '--allow', 'fly'], 1, '"fly" is none of pull'],
    ['for no repository', ['HOST', '--repository', 'A B'], 1, 'is no'],
    ['with an option that is none', ['HOST', '--force'], 64, 'Unknown option'],
  ])('%s is refused with what to do', async (_, words, code, said) => {
    const login = terminal('login', ...words.map((word) => (word === 'HOST' ? host : word)))
    expect(await login.ended()).toBe(code)
    expect(login.output().replaceAll("'", '"')).toContain(said)
    expect(existsSync(authFile())).toBe(false)
  })

  test('at a registry that is not ours says so, and at another name of ours, too', async () => {
    const server = createServer((request, response) => {
      if (request.url?.startsWith('/.well-known') && answer) response.end(answer)
      else response.writeHead(404).end('<html>')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const bound = server.address()
    const port = typeof bound === 'object' ? bound?.port : 0
    const said = async () => {
      const login = terminal('login', `127.0.0.1:${port}`)
      expect(await login.ended()).toBe(1)
      return login.output()
    }
    let answer = ''
    expect(await said()).toContain('has no login for terminals: is it a registry of Fuchsbau?')
    const metadata = (base: string, elsewhere = base) =>
      JSON.stringify({
        issuer: base,
        token_endpoint: `${elsewhere}/token`,
        device_authorization_endpoint: `${base}/token/device`,
        revocation_endpoint: `${base}/token/revoke`,
      })
    answer = metadata(registry.url)
    expect(await said()).toContain(`calls itself ${registry.url}: log in under that name`)
    answer = metadata(`http://127.0.0.1:${port}`, 'https://evil.test')
    expect(await said()).toContain('names endpoints that are not its own')
    server.close()
  })

  test('has help', async () => {
    const help = terminal('login', '--help')
    expect(await help.ended()).toBe(0)
    expect(help.output()).toContain('fuchsbau registry login oci.example.org')
  })

  test('looks at the file before it begins', async () => {
    mkdirSync(join(home, '.docker'))
    writeFileSync(authFile(), '{broken')
    const login = terminal('login', host)
    expect(await login.ended()).toBe(1)
    expect(login.output()).toContain('is no JSON: mend it first')
    expect(readFileSync(authFile(), 'utf8')).toBe('{broken')
  })
})

describe('the endpoints', () => {
  test('say where they are (RFC 8414), and what a terminal needs (RFC 8628, 3.2)', async () => {
    const found = await json(await registry.request('/.well-known/oauth-authorization-server'))
    expect(found).toMatchObject({
      issuer: registry.url,
      device_authorization_endpoint: `${registry.url}/token/device`,
    })
    const begun = await begin()
    expect(begun).toMatchObject({
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
      verification_uri: `${registry.url}/device`,
      verification_uri_complete: `${registry.url}/device?user_code=${begun['user_code']}`,
      expires_in: 600,
      interval: 2,
    })
  })

  test('tell who asks too often to slow down, and for longer then (3.5)', async () => {
    const { device_code: code } = await begin()
    expect((await ask(code))['error']).toBe('authorization_pending')
    expect((await ask(code))['error']).toBe('slow_down')
    expect((await ask(code))['error']).toBe('slow_down')
    expect((await ask('unknown'))['error']).toBe('invalid_grant')
    expect((await ask(''))['error']).toBe('invalid_grant')
  })

  test.each([
    ['a scope of another form', { scope: 'openid' }, 'invalid_scope'],
    ['an action that is none', { scope: 'repository:a:fly' }, 'invalid_scope'],
    ['a placeholder', { scope: `repository:$\{username}:pull` }, 'invalid_scope'],
    ['a name that no terminal can show', { label: 'a\u0007b' }, 'invalid_request'],
    ['no name', { label: ' ' }, 'invalid_request'],
    ['a very long name', { label: 'x'.repeat(100) }, 'invalid_request'],
    ['a lifetime that is none', { lifetime: '-1' }, 'invalid_request'],
    ['a lifetime beyond all', { lifetime: '1e300' }, 'invalid_request'],
  ])('refuse %s', async (_, fields, error) => {
    expect((await begin(fields, '192.0.2.2'))['error']).toBe(error)
  })

  test('keep twenty logins of one address waiting, and no more', async () => {
    const from = '2001:db8:1::'
    const answers = []
    for (let at = 0; at < 21; at += 1) answers.push(await begin({}, `${from}${at}`))
    expect(answers[19]).toHaveProperty('user_code')
    expect(answers[20]?.['error']).toBe('temporarily_unavailable')
    expect(await begin({}, '192.0.2.3')).toHaveProperty('user_code')
  })

  test('give the token once, and to nobody who only has the short code', async () => {
    const { device_code: code, user_code: user } = await begin({ label: 'once' })
    const browser = await owner()
    await browser.get(`/device?user_code=${user}`)
    expect((await ask(user))['error']).toBe('invalid_grant')
    await browser.post('/device', { user_code: String(user), decision: 'approve' })
    const given = await ask(code)
    expect(given).toMatchObject({
      token_type: 'Bearer',
      username: 'you',
      scope: 'repository:**:pull',
    })
    expect((await ask(code))['error']).toBe('invalid_grant')
    expect((await browser.get(`/device?user_code=${user}`)).status).toBe(404)
    expect(registry.log()).not.toContain(String(given['access_token']))
    expect(registry.log()).not.toContain(String(code))
  })

  test('say that it was denied (3.5)', async () => {
    const { device_code: code, user_code: user } = await begin()
    const browser = await owner()
    await browser.get(`/device?user_code=${user}`)
    await browser.post('/device', { user_code: String(user), decision: 'deny' })
    expect((await ask(code))['error']).toBe('access_denied')
  })

  test.each([
    ['JSON', 'application/json', '{"client_id": "x", "token": "x"}', 400],
    ['broken JSON', 'application/json', '{', 400],
    ['another type', 'application/xml', '<x/>', 415],
    ['too much', 'application/x-www-form-urlencoded', `client_id=${'x'.repeat(70_000)}`, 413],
    ['nothing', 'application/x-www-form-urlencoded', '', 400],
  ])('say no to %s', async (_, type, body, status) => {
    for (const path of ['/token/device', '/token/revoke']) {
      const headers = { 'x-forwarded-for': '192.0.2.9', 'content-type': type }
      const response = await registry.request(path, { method: 'POST', headers, body })
      expect(response.status).toBe(status)
      expect(Object.keys(await json(response))[0]).toMatch(/^errors?$/)
    }
  })

  test('revoke what whoever knows it gives back, and say yes to all else (RFC 7009, 2.2)', async () => {
    expect((await post('/token/revoke', { token: 'unknown' })).status).toBe(200)
    expect((await post('/token/revoke', {})).status).toBe(400)
  })
})

describe('the page', () => {
  test('leads to the login first, and back with the code', async () => {
    const { user_code: user } = await begin()
    const stranger = await cookieBrowser(registry.url).get(`/device?user_code=${user}`)
    expect(stranger.location).toBe(
      `${registry.url}/login?next=${encodeURIComponent(`/device?user_code=${user}`)}`,
    )
  })

  test('takes the code as people type it', async () => {
    const { user_code: user } = await begin({ label: 'typed' })
    const typed = String(user).toLowerCase().replace('-', ' ')
    const browser = await owner()
    expect((await browser.get('/device')).body).toContain('name="user_code"')
    const { body } = await browser.get(`/device?user_code=${encodeURIComponent(typed)}`)
    expect(body).toContain('typed')
  })

  test('approves nothing without the token of its form', async () => {
    const { device_code: code, user_code: user } = await begin()
    const browser = await owner()
    await browser.get('/account')
    const fields = { csrf: 'x', user_code: String(user), decision: 'approve' }
    expect((await browser.post('/device', fields)).status).toBe(403)
    expect((await ask(code))['error']).toBe('authorization_pending')
  })

  test('lets nobody guess codes', async () => {
    const browser = await owner()
    let status = 0
    for (let at = 0; at < 12 && status !== 429; at += 1) {
      status = (await browser.get('/device?user_code=BBBB-BBBB')).status
    }
    expect(status).toBe(429)
    const { user_code: user } = await begin()
    expect((await browser.get(`/device?user_code=${user}`)).status).toBe(429)
    await waitFor(async () => (await browser.get(`/device?user_code=${user}`)).status === 200, {
      what: 'the brake to let go',
      everyMs: 500,
    })
  })
})
