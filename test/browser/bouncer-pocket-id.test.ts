// She logs in to the bouncer's pages with a passkey at a real Pocket ID, in Chromium with a virtual authenticator: the first
// time with her password too, then with the passkey alone.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BouncerProcess, startBouncer } from '../support/bouncer-process.ts'
import { startChromium, type Visitor } from '../support/chromium.ts'
import { freePorts } from '../support/daemon.ts'
import { type FakeIrcServer, startFakeIrc } from '../support/fake-irc-server.ts'
import { addPasskey, signIn } from '../support/passkey.ts'
import { requirePeer } from '../support/peers.ts'
import { type PocketId, type PocketIdUser, startPocketId } from '../support/pocket-id.ts'
import { PASSWORD } from '../support/service-process.ts'

const isThere = requirePeer('pocketId') && requirePeer('chromium')

describe.skipIf(!isThere)('a person with a passkey', () => {
  let network: FakeIrcServer
  let pocketId: PocketId
  let bouncer: BouncerProcess
  let visitor: Visitor
  let page: Page
  let url: string
  let vixen: PocketIdUser

  beforeAll(async () => {
    network = await startFakeIrc()
    pocketId = await startPocketId()
    const [port = 0] = await freePorts(1)
    url = `http://localhost:${port}`
    const client = await pocketId.addClient({
      name: 'Bouncer',
      callbacks: [`${url}/login/oidc/back`],
      logoutCallbacks: [`${url}/login`],
    })
    vixen = await pocketId.addUser('vixen')
    bouncer = await startBouncer({
      people: [{ name: 'vixen', port: network.port, channels: ['#den'] }],
      env: {
        FUCHSBAU_BOUNCER_WEB_LISTEN: `127.0.0.1:${port}`,
        FUCHSBAU_BOUNCER_WEB_URL: url,
        FUCHSBAU_OIDC_ISSUER: pocketId.issuer,
        FUCHSBAU_OIDC_CLIENT_ID: client.id,
        FUCHSBAU_OIDC_CLIENT_SECRET: client.secret,
      },
    })
    visitor = await startChromium({ javaScript: true })
    page = visitor.page
  })
  afterAll(async () => {
    await visitor?.[Symbol.asyncDispose]()
    await bouncer?.[Symbol.asyncDispose]()
    await pocketId?.close()
    await network?.stop()
  })

  const button = () => page.getByRole('link', { name: /^Log in with/ })

  test('makes one at Pocket ID, with a code from its administrator', async () => {
    const credentials = await addPasskey(page, pocketId, vixen)
    expect(credentials.map(({ isResidentCredential }) => isResidentCredential)).toEqual([true])
  })

  test('comes from the button to Pocket ID, and back to say once who she is here', async () => {
    await page.goto(`${url}/clients`)
    await visitor.look('login-with-provider')
    await button().click()
    await signIn(page, pocketId, true)
    await page.waitForURL(`${url}/login/link`)
    await visitor.look('link')
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: 'Link and log in' }).click()
    expect(await page.getByRole('alert').innerText()).toContain('do not fit')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Link and log in' }).click()
    await page.waitForURL(`${url}/clients?m=linked`)
    expect(await page.getByRole('status').innerText()).toContain('Linked')
    await page.getByRole('link', { name: 'Networks' }).click()
    expect(await page.locator('main').innerText()).toContain('den')
    await visitor.look('networks-after-login')
    await page.goto(`${url}/settings`)
    await visitor.look('settings-linked')
  })

  test('logs out of both, and is in again with the passkey alone', async () => {
    await page.getByRole('button', { name: 'Log out vixen' }).click()
    await page.waitForURL(`${url}/login**`)
    await page.goto(`${pocketId.issuer}/settings/account`)
    await page.waitForURL(`${pocketId.issuer}/login**`)
    await page.goto(`${url}/search?q=fox`)
    await button().click()
    await signIn(page, pocketId, false)
    await page.waitForURL(`${url}/search?q=fox`)
    expect(await page.getByRole('button', { name: 'Log out vixen' }).count()).toBe(1)
  })
})
