// She logs in to the registry's pages with a passkey at a real Pocket ID, in Chromium with a virtual authenticator, and pushes
// with crane by an access token that she makes there. Then an administrator of Pocket ID takes her out of the group, and
// disables her: the registry learns of it by itself, within the second that it is told to ask again.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startChromium, type Visitor } from '../support/chromium.ts'
import { freePorts } from '../support/daemon.ts'
import { writeOciLayout } from '../support/oci-layout.ts'
import { addPasskey, signIn } from '../support/passkey.ts'
import { requirePeer } from '../support/peers.ts'
import { type PocketId, type PocketIdUser, startPocketId } from '../support/pocket-id.ts'
import { type RegistryProcess, startRegistry } from '../support/registry-process.ts'
import { makeRegistryTools, type RegistryTools } from '../support/registry-tools.ts'
import { waitFor } from '../support/wait-for.ts'

const isThere = requirePeer('pocketId') && requirePeer('chromium') && requirePeer('crane')

const POLICY = `rules:
  - {who: owner, repositories: "**", allow: [pull, push, overwrite, delete, catalog]}
  - {who: people, repositories: den/**, allow: [pull, catalog]}
  - {who: "group:builders", repositories: den/**, allow: [pull, push, overwrite]}
`

describe.skipIf(!isThere)('a person with a passkey and an access token', () => {
  let pocketId: PocketId
  let registry: RegistryProcess
  let tools: RegistryTools
  let visitor: Visitor
  let page: Page
  let vixen: PocketIdUser
  let builders: string
  let host: string

  beforeAll(async () => {
    pocketId = await startPocketId()
    const [port = 0] = await freePorts(1)
    const url = `http://127.0.0.1:${port}`
    host = `127.0.0.1:${port}`
    builders = await pocketId.addGroup('builders')
    vixen = await pocketId.addUser('vixen', { groups: [builders] })
    const client = await pocketId.addClient({
      name: 'Registry',
      callbacks: [`${url}/login/oidc/back`],
      logoutCallbacks: [`${url}/login?m=out`],
    })
    registry = await startRegistry({
      port,
      policy: POLICY,
      env: {
        FUCHSBAU_OIDC_ISSUER: pocketId.issuer,
        FUCHSBAU_OIDC_CLIENT_ID: client.id,
        FUCHSBAU_OIDC_CLIENT_SECRET: client.secret,
        FUCHSBAU_REGISTRY_RECHECK: '1s',
      },
    })
    tools = makeRegistryTools({ http: [host] })
    writeOciLayout(`${tools.directory}/image`, { layers: [1_000] })
    visitor = await startChromium({ javaScript: true })
    page = visitor.page
  })
  afterAll(async () => {
    await visitor?.[Symbol.asyncDispose]()
    await tools?.close()
    await registry?.[Symbol.asyncDispose]()
    await pocketId?.close()
  })

  let tags = 0
  /** Pushes a tag that is not there yet; resolves to what crane says when that is refused. */
  async function push(): Promise<string> {
    tags += 1
    try {
      await tools.crane(['push', 'image', `${host}/den/app:v${tags}`])
      return 'pushed'
    } catch (error) {
      return (error as Error).message
    }
  }
  const until = (what: string, pattern: RegExp) =>
    waitFor(async () => pattern.test(await push()), { what, context: registry.log })
  const look = (name: string) => visitor.look(`registry-pocket-id-${name}`)
  const providerLink = () => page.getByRole('link', { name: /^Log in with/ })

  test('makes a passkey at Pocket ID, with a code from its administrator', async () => {
    expect(await addPasskey(page, pocketId, vixen)).toHaveLength(1)
  })

  test('logs in with it, makes an access token, and pushes', async () => {
    await page.goto(`${registry.url}/tokens`)
    await look('login')
    await providerLink().click()
    await signIn(page, pocketId, true)
    await page.waitForURL(`${registry.url}/tokens`)
    await page.getByLabel('What for').fill('laptop')
    await page.getByLabel('Repositories').fill('den/**')
    await page.getByLabel('pull').check()
    await page.getByLabel('push').check()
    await page.getByRole('button', { name: 'Make the token' }).click()
    const secret = await page.locator('.secret').innerText()
    await tools.login('crane', host, 'vixen', secret)
    expect(await push()).toBe('pushed')
    await page.goto(`${registry.url}/account`)
    expect(await page.locator('main').innerText()).toContain('builders')
    await look('account')
  })

  test('who is taken out of the group pushes no more, and does again when she is back', async () => {
    await pocketId.setGroups(vixen, [])
    await until('a refused push', /DENIED|403 Forbidden/)
    await page.goto(`${registry.url}/account`)
    expect(await page.locator('main').innerText()).toMatch(/Groups\s+none/)
    await look('account-without-group')
    await pocketId.setGroups(vixen, [builders])
    await until('a push', /^pushed$/)
  })

  test('who is disabled is out, with token and session', async () => {
    await pocketId.disable(vixen)
    await until('an unknown token', /UNAUTHORIZED/)
    expect(await push()).toContain('When she logs in')
    await page.goto(`${registry.url}/account`)
    expect(page.url()).toContain('/login?next=')
    expect((await registry.cli('person', 'list')).join('\n')).toMatch(/vixen.*gone/)
    expect((await registry.cli('audit', 'list', '--event', 'gone')).join('\n')).toMatch(
      /person:vixen.*refused by the identity provider/,
    )
  })

  test('who is enabled again is in when she logs in, and her token is good again', async () => {
    await pocketId.disable(vixen, false)
    expect(await push()).toMatch(/UNAUTHORIZED/)
    await page.context().clearCookies()
    await page.goto(`${registry.url}/account`)
    await providerLink().click()
    await signIn(page, pocketId, false)
    await page.waitForURL(`${registry.url}/account`)
    expect(await push()).toBe('pushed')
    await look('account-again')
  })

  test('logs out of both', async () => {
    await page.getByRole('button', { name: 'Log out vixen' }).click()
    await page.waitForURL(`${registry.url}/login?m=out`)
    await look('logged-out')
    await page.goto(`${pocketId.issuer}/settings/account`)
    await page.waitForURL(`${pocketId.issuer}/login**`)
    // The token is for programs and outlives the session, although Pocket ID ends the refresh token that it has given out
    // together with the ID token of the logout.
    const answers = async () => {
      const metrics = await (await fetch(`${registry.management}/metrics`)).text()
      return Number(/rechecks_total\{outcome="here"\} (\d+)/.exec(metrics)?.[1])
    }
    const before = await answers()
    await waitFor(
      async () => {
        expect(await push()).toBe('pushed')
        return (await answers()) > before
      },
      { what: 'an answer after the logout' },
    )
  })
})
