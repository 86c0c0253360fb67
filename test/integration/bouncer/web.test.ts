// The pages of the real process: it starts while the identity provider is away, a session outlives a kill, forms are bounded.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BouncerProcess, startBouncer } from '../../support/bouncer-process.ts'
import { freePorts } from '../../support/daemon.ts'

const PASSWORD = 'correct horse battery staple'

describe('the pages of a running bouncer', () => {
  let bouncer: BouncerProcess
  let url: string
  let cookie: string

  beforeAll(async () => {
    const [port = 0, nobody = 0] = await freePorts(2)
    url = `http://127.0.0.1:${port}`
    bouncer = await startBouncer({
      people: [],
      env: {
        FUCHSBAU_BOUNCER_WEB_LISTEN: `127.0.0.1:${port}`,
        FUCHSBAU_BOUNCER_WEB_URL: url,
        FUCHSBAU_OIDC_ISSUER: `http://127.0.0.1:${nobody}`,
        FUCHSBAU_OIDC_CLIENT_ID: 'fuchsbau',
        FUCHSBAU_OIDC_CLIENT_SECRET: 'never in the log',
      },
    })
  })
  afterAll(() => bouncer?.[Symbol.asyncDispose]())

  const get = (path: string) => fetch(url + path, { redirect: 'manual', headers: { cookie } })
  const post = (path: string, body: URLSearchParams) =>
    fetch(url + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: url, cookie: cookie ?? '' },
      body,
    })

  test('the owner logs in with her first password', async () => {
    const answer = await post('/login', new URLSearchParams({ user: 'you', password: PASSWORD }))
    expect(answer.status).toBe(303)
    cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    expect((await get('/')).status).toBe(200)
  })

  test('her session outlives a kill; the log-out ends it for good', async () => {
    await bouncer.kill()
    await bouncer.start()
    const page = await get('/settings')
    expect(page.status).toBe(200)
    const csrf = /name="csrf" value="([\w-]+)"/.exec(await page.text())?.[1] ?? ''
    expect((await post('/logout', new URLSearchParams({ csrf }))).status).toBe(303)
    await bouncer.kill()
    await bouncer.start()
    expect((await get('/settings')).status).toBe(303)
  })

  test('a provider that is away is told, and nothing secret is in the log', async () => {
    const answer = await get('/login/oidc')
    expect(answer.status).toBe(503)
    expect(await answer.text()).toContain('The identity provider cannot be reached.')
    expect(bouncer.log()).toContain('the identity provider cannot be reached')
    const token = cookie.split('=')[1] ?? ''
    const secrets = [PASSWORD, token, 'never in the log']
    expect(secrets.filter((secret) => bouncer.log().includes(secret))).toEqual([])
  })

  test('a form of more than 64 KiB is not read', async () => {
    const body = new URLSearchParams({ user: 'x'.repeat(70_000), password: 'x' })
    expect((await post('/login', body)).status).toBe(413)
  })
})
