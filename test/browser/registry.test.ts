// The first evening with the registry, in a browser without JavaScript: logs in (a wrong password first), makes an access
// token that pushes an image, looks at the image, revokes the token; on a desk and on a phone, light and dark. Every page
// passes axe's rules. Screenshots lie in the folder that SCREENSHOTS names.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startChromium, type Visitor } from '../support/chromium.ts'
import { requirePeer } from '../support/peers.ts'
import { pushImage } from '../support/registry-image.ts'
import { type RegistryProcess, startRegistry } from '../support/registry-process.ts'
import { PASSWORD } from '../support/service-process.ts'

describe.skipIf(!requirePeer('chromium'))('a person with a browser and the registry', () => {
  let registry: RegistryProcess
  let visitor: Visitor
  let page: Page
  let secret: string

  beforeAll(async () => {
    registry = await startRegistry()
    visitor = await startChromium()
    page = visitor.page
  })
  afterAll(async () => {
    await visitor?.[Symbol.asyncDispose]()
    await registry?.[Symbol.asyncDispose]()
  })

  const look = (name: string) => visitor.look(`registry-${name}`)
  const text = () => page.locator('main').innerText()
  const press = (name: string) => page.getByRole('button', { name }).first().click()
  const open = (path: string) => page.goto(registry.url + path)

  test('is told about a wrong password, logs in, and sees what to do first', async () => {
    await open('/')
    expect(page.url()).toContain('/login')
    await look('login')
    await page.getByLabel('User name').fill('you')
    await page.getByLabel('Password').fill('wrong')
    await press('Log in')
    expect(await page.getByRole('alert').innerText()).toContain('Wrong name or secret.')
    await page.getByLabel('Password').fill(PASSWORD)
    await press('Log in')
    expect(await text()).toContain('Push the first image')
    expect(await text()).toContain('Evaluation storage')
    await look('empty')
  })

  test('makes an access token, which pushes an image', async () => {
    await page.getByRole('link', { name: 'Access tokens' }).click()
    await page.getByLabel('What for').fill('laptop')
    await page.getByLabel('push').check()
    await look('tokens')
    await press('Make the token')
    secret = await page.locator('.secret').innerText()
    expect(secret).toMatch(/^fbr_\w{36}$/)
    await pushImage(registry, { name: 'you', secret }, 'you/app', 'v1')
  })

  test('finds the image, and what is in it', async () => {
    await page.getByRole('link', { name: 'Repositories' }).click()
    await page.getByLabel('Name').fill('app')
    await press('Search')
    await look('repositories')
    await page.getByRole('link', { name: 'you/app' }).click()
    await look('repository')
    await page.getByRole('link', { name: 'v1' }).click()
    expect(await text()).toContain('Not signed.')
    // What was pushed is kept like an image, and is none that an engine could run.
    expect(await text()).toContain('oras pull')
    await look('image')
  })

  test('revokes the token, which is no good any more', async () => {
    await page.getByRole('link', { name: 'Access tokens' }).click()
    await press('Revoke')
    expect(await page.getByRole('status').innerText()).toContain('Revoked.')
    expect((await registry.request('/v2/', { as: { name: 'you', secret } })).status).toBe(401)
    await page.getByRole('link', { name: 'Account' }).click()
    await look('account')
  })

  test('approves a terminal that wants to be logged in', async () => {
    const response = await registry.request('/token/device', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        client_id: 'fuchsbau',
        label: 'terminal fox-laptop',
        scope: 'repository:you/**:pull,push repository:library/alpine:pull,push',
      }).toString(),
    })
    const asked = (await response.json()) as { user_code: string; verification_uri: string }
    await page.goto(asked.verification_uri)
    await look('device-code')
    await page.getByLabel('Code').fill('bcdf ghjk')
    await press('Go on')
    expect(await page.getByRole('alert').innerText()).toContain('No login waits for this code.')
    await page.getByLabel('Code').fill(asked.user_code.toLowerCase())
    await press('Go on')
    expect(await text()).toContain('terminal fox-laptop')
    expect(await text()).toContain('pull, push in you/**')
    expect(await text()).toContain('If somebody sent you the code or the link, deny')
    await look('device')
    await press('Approve')
    expect(await page.getByRole('status').innerText()).toContain('The terminal goes on by itself')
    await look('device-approved')
  })

  test('what is not there is said so, and the log out leads out', async () => {
    await open('/repositories/no/such')
    expect(await text()).toContain('There is nothing here')
    await look('nothing')
    await open('/account')
    await press('Log out you')
    expect(page.url()).toContain('/login?m=out')
  })
})
