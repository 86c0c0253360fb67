// The owner signs in with the identity provider: linked once, known after a restart, forgotten when unlinked.
import { expect, test } from 'vitest'
import { type CookieBrowser, cookieBrowser } from '../../support/cookie-browser.ts'
import { freePorts } from '../../support/daemon.ts'
import { startFakeIssuer } from '../../support/fake-issuer.ts'
import { startFuchsbau } from '../../support/fuchsbau.ts'

test('an identity that is linked once opens the account, also after a restart, until it is unlinked', async () => {
  const [port = 0] = await freePorts(1)
  const base = `http://127.0.0.1:${port}`
  await using issuer = await startFakeIssuer({ redirectUris: [`${base}/login/oidc/back`] })
  issuer.person = { subject: 'abc', username: 'somebody' }
  await using server = await startFuchsbau({
    env: {
      FUCHSBAU_FEDIVERSE_LISTEN: `127.0.0.1:${port}`,
      FUCHSBAU_FEDIVERSE_URL: base,
      FUCHSBAU_OIDC_ISSUER: issuer.issuer,
      FUCHSBAU_OIDC_CLIENT_ID: issuer.clientId,
      FUCHSBAU_OIDC_CLIENT_SECRET: issuer.clientSecret,
    },
  })
  const signIn = async (browser: CookieBrowser) => {
    const begun = await browser.get('/login/oidc')
    return (await browser.get(await issuer.browse(begun.location))).location
  }
  const owner = cookieBrowser(base)
  expect(await signIn(owner)).toBe(`${base}/login/link`)
  const linked = await owner.post('/login/link', { user: 'you', password: server.password })
  expect(linked.location).toBe(`${base}/you/admin`)

  await server.kill()
  await server.start()
  expect(await signIn(cookieBrowser(base))).toBe(`${base}/you/admin`)
  expect((await owner.get('/you/admin')).status).toBe(200)

  expect((await server.cli('user', 'unlink', 'you')).join()).toContain(`${issuer.issuer} abc`)
  expect((await owner.get('/you/admin')).location).toContain('/login')
  expect(await signIn(cookieBrowser(base))).toBe(`${base}/login/link`)
  for (const secret of issuer.secrets) expect(server.log()).not.toContain(secret)
})
