// An administrator's morning, in a browser without JavaScript: looks who is there, makes a robot and a token for it, keeps
// somebody out, reads in the audit what happened, and asks the policy who may do what. And what somebody sees who may not.
import { hashPassword } from '@fuchsbau/shared/password.ts'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hashSecret, makeSecret } from '../../services/registry/token/secret.ts'
import { startChromium, type Visitor } from '../support/chromium.ts'
import { requirePeer } from '../support/peers.ts'
import { pushImage } from '../support/registry-image.ts'
import { person, type RegistryProcess, startRegistry } from '../support/registry-process.ts'
import { PASSWORD } from '../support/service-process.ts'
import { waitFor } from '../support/wait-for.ts'

const POLICY = `# Who may do what in the den.
rules:
  - who: [owner, "group:admins"]
    repositories: ["**"]
    allow: [pull, push, overwrite, delete, catalog, admin]
  - who: people
    repositories: ["\${username}/**"]
    allow: [pull, push, overwrite, delete, catalog]
  - who: robots
    repositories: "team/**"
    allow: [pull, push]
  # Nobody changes what has been released.
  - who: everyone
    repositories: "attic/**"
    deny: [push, overwrite, delete]
`

describe.skipIf(!requirePeer('chromium'))('an administrator with a browser', () => {
  let registry: RegistryProcess
  let visitor: Visitor
  let page: Page

  beforeAll(async () => {
    const password = await hashPassword(PASSWORD)
    registry = await startRegistry({
      policy: POLICY,
      env: { FUCHSBAU_REGISTRY_CONTACT: 'the keepers of the den (den@example.org)' },
      seed(store) {
        const ann = store.people.add({ ...person('ann', ['makers', 'night-shift']), password })
        store.people.add(person('bob', ['makers']))
        store.people.add({ ...person('carol'), isGone: true })
        const now = Date.now()
        const limits = [{ repositories: ['ann/**'], actions: ['pull' as const, 'push' as const] }]
        for (const label of ['laptop', 'old laptop']) {
          store.accessTokens.add({
            personId: ann?.id ?? 0,
            label,
            hash: hashSecret(makeSecret('fbr')),
            limits,
            createdAt: now,
            expiresAt: label === 'laptop' ? now + 30 * 86_400_000 : now - 1,
            lastUsedAt: now,
            lastUsedFrom: '192.0.2.7',
          })
        }
      },
    })
    visitor = await startChromium()
    page = visitor.page
  })
  afterAll(async () => {
    await visitor?.[Symbol.asyncDispose]()
    await registry?.[Symbol.asyncDispose]()
  })

  const look = (name: string) => visitor.look(`registry-admin-${name}`)
  const text = () => page.locator('main').innerText()
  const press = (name: string) => page.getByRole('button', { name }).first().click()
  const open = (path: string) => page.goto(registry.url + path)
  const tab = (name: string) => page.getByRole('link', { name, exact: true }).first().click()

  async function logIn(name: string) {
    await open('/login')
    await page.getByLabel('User name').fill(name)
    await page.getByLabel('Password').fill(PASSWORD)
    await press('Log in')
  }

  test('somebody who may not is told which rule says so, and whom to ask', async () => {
    await logIn('ann')
    expect(await page.locator('header').innerText()).not.toContain('Administration')
    await open('/repositories/team/app')
    expect(await text()).toContain('No rule of the policy allows pull in team/app.')
    expect(await text()).toContain('ask the keepers of the den (den@example.org)')
    await look('denied')
    await open('/admin/people')
    expect(await text()).toContain('There is nothing here')
  })

  test('the administrator finds a person, and what is hers', async () => {
    await page.context().clearCookies()
    await logIn('you')
    await page.getByRole('link', { name: 'Administration' }).click()
    await look('people')
    await page.getByLabel('Name or group').fill('makers')
    await press('Search')
    expect(await text()).not.toContain('carol')
    await page.getByRole('link', { name: 'ann' }).click()
    expect(await text()).toContain('pull, push in ann/**')
    await look('person')
  })

  test('disables her, which ends her session', async () => {
    await press('Disable')
    expect(await page.getByRole('status').innerText()).toContain('Disabled')
    expect(await text()).toContain('ann is not logged in')
    await look('disabled')
    await page.getByRole('link', { name: 'Delete …' }).click()
    await look('delete')
    await page.getByRole('link', { name: 'Keep the account' }).click()
  })

  test('makes a robot, and a token that is shown once', async () => {
    await tab('Robots')
    await look('robots-empty')
    await page.getByLabel('Name').fill('CI')
    await press('Make the robot')
    expect(await page.getByRole('alert').innerText()).toContain('A robot is called by')
    await page.getByLabel('Name').fill('ci')
    await page.getByLabel('What for').fill('builds of the team')
    await press('Make the robot')
    await page.getByLabel('What for').fill('build server')
    await page.getByLabel('Repositories').fill('team/**')
    await page.getByLabel('push').check()
    await press('Make the token')
    const secret = await page.locator('.secret').innerText()
    await pushImage(registry, { name: 'ci', secret }, 'team/app', 'v1')
    const denied = await registry.request('/v2/other/app/tags/list', { as: { name: 'ci', secret } })
    expect(denied.status).toBe(403)
    await tab('Robots')
    await look('robots')
    await page.getByRole('link', { name: 'ci' }).click()
    await look('robot')
    await tab('Tokens')
    expect(await text()).toContain('build server')
    await look('tokens')
  })

  test('reads in the audit what happened', async () => {
    await registry.request('/v2/', { as: { name: 'ann', secret: 'guessed' } })
    await tab('Audit')
    expect(await text()).toContain('The robot ci pushed team/app:v1')
    expect(await text()).toContain('you disabled the account of ann')
    expect(await text()).toContain('ann was denied pull in team/app')
    await look('audit')
    await page.getByLabel('Outcome').selectOption('refused')
    await page.getByLabel('Who').fill('ci')
    await press('Show')
    expect(await text()).toContain('The robot ci was denied pull in other/app')
    expect(await text()).not.toContain('pushed')
    await look('audit-filtered')
    await page.getByLabel('Who').fill('nobody')
    await press('Show')
    expect(await text()).toContain('No line is like that.')
    await look('audit-none')
  })

  test('asks which rule decides, and sees that a bad policy is not in force', async () => {
    await tab('Policy')
    await page.getByLabel('Who').fill('ann')
    await page.getByLabel('May').selectOption('push')
    await page.getByLabel('In', { exact: true }).fill('attic/old')
    await press('Explain')
    expect(await text()).toContain('ann may not push in attic/old.')
    expect(await text()).toContain('The rule in line 13 of the policy denies push in attic/old.')
    await look('policy')
    registry.writePolicy(`${POLICY}  - who: bob\n`)
    await waitFor(() => registry.log().includes('the new policy is not used'), {
      what: 'the bad policy to be refused',
    })
    await tab('Policy')
    expect(await page.getByRole('alert').innerText()).toContain(
      'line 16: "repositories" is missing',
    )
    await look('policy-refused')
  })
})
