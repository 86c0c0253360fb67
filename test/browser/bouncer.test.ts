// The first evening with the bouncer, in a browser without JavaScript: logs in (a wrong password first), adds a network, sees
// it connected, joins, reads and searches the history, makes an app password that a client then uses, makes a user; on a desk
// and on a phone, light and dark. Every page passes axe's rules. Screenshots lie in the folder that SCREENSHOTS names.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BouncerProcess, startBouncer } from '../support/bouncer-process.ts'
import { startChromium, type Visitor } from '../support/chromium.ts'
import { freePorts } from '../support/daemon.ts'
import { type FakeIrcServer, startFakeIrc } from '../support/fake-irc-server.ts'
import { connect } from '../support/irc-client.ts'
import { requirePeer } from '../support/peers.ts'
import { waitFor } from '../support/wait-for.ts'

const PASSWORD = 'correct horse battery staple'

describe.skipIf(!requirePeer('chromium'))('a person with a browser and the bouncer', () => {
  let network: FakeIrcServer
  let bouncer: BouncerProcess
  let url: string
  let visitor: Visitor
  let page: Page

  beforeAll(async () => {
    network = await startFakeIrc()
    const [port = 0] = await freePorts(1)
    url = `http://127.0.0.1:${port}`
    bouncer = await startBouncer({
      people: [],
      env: { FUCHSBAU_BOUNCER_WEB_LISTEN: `127.0.0.1:${port}`, FUCHSBAU_BOUNCER_WEB_URL: url },
    })
    visitor = await startChromium()
    page = visitor.page
  })
  afterAll(async () => {
    await visitor?.[Symbol.asyncDispose]()
    await bouncer?.[Symbol.asyncDispose]()
    await network?.stop()
  })

  const look = (name: string) => visitor.look(name)
  const text = () => page.locator('main').innerText()
  const press = (name: string | RegExp) => page.getByRole('button', { name }).first().click()
  const open = (path: string) => page.goto(url + path)

  test('is told about a wrong password, and logs in', async () => {
    await open('/connect')
    expect(page.url()).toContain('/login')
    await look('login')
    await page.getByLabel('User name').fill('you')
    await page.getByLabel('Password').fill('wrong')
    await press('Log in')
    expect(await text()).toContain('do not fit')
    await page.getByLabel('Password').fill(PASSWORD)
    await press('Log in')
    expect(page.url()).toBe(`${url}/connect`)
    await look('connect')
    await page.getByRole('link', { name: 'Networks' }).click()
    expect(await text()).toContain('There are none yet')
    await look('networks-empty')
  })

  test('adds a network of her own, corrects a mistake, and sees it connected', async () => {
    await page.getByRole('link', { name: 'Add any other network' }).click()
    await look('network-new')
    await page.getByLabel('Host').fill('127.0.0.1')
    await page.getByLabel('Name', { exact: true }).fill('den')
    await page.getByText('Port, TLS and proxy').click()
    await page.getByLabel('Port').fill('99999')
    await page.getByLabel('Connection').selectOption('plain')
    await press('Add and connect')
    expect(await page.getByRole('alert').innerText()).toBe('A port is 1 to 65535.')
    expect(await page.getByLabel('Port').getAttribute('aria-invalid')).toBe('true')
    await page.getByLabel('Port').fill(String(network.port))
    await press('Add and connect')
    await waitFor(
      async () => {
        await page.reload()
        return (await page.locator('main .state').innerText()) === 'Connected'
      },
      { what: 'the network to be connected' },
    )
    expect(await text()).toContain('you/den')
  })

  test('joins a channel, and reads what was said there, with the lines of strangers harmless', async () => {
    await page.getByLabel('Channel', { exact: true }).fill('#burrow')
    await press('Join')
    await waitFor(() => network.members('#burrow').includes('you'), { what: 'the join' })
    for (const nick of ['reynard', 'vixen', 'grimbert', 'hermeline']) network.join('#burrow', nick)
    network.topic('#burrow', 'reynard', 'Dig \x02deep\x02: https://example.org/plan')
    network.say('#burrow', 'reynard', 'has anybody seen the \x0304lantern\x03?')
    network.say('#burrow', 'vixen', '<script>document.title="x"</script> & "quotes"')
    network.say('#burrow', 'vixen', '\x01ACTION sniffs at https://example.org/a_(b), twice.\x01')
    network.say('#burrow', 'grimbert', `a very long word: ${'w'.repeat(300)}`)
    for (let i = 0; i < 130; i += 1) network.say('#burrow', 'hermeline', `line number ${i}`)
    network.part('#burrow', 'grimbert', 'asleep')
    await waitFor(
      async () => {
        await page.reload()
        return (await text()).includes('4 people')
      },
      { what: 'the topic and the people' },
    )
    await look('network')
    await page.getByRole('link', { name: 'History of #burrow' }).click()
    expect(await text()).toContain('grimbert left (asleep)')
    await look('history')
    await page.getByRole('link', { name: 'Older' }).first().click()
    expect(await text()).toContain('has anybody seen the lantern?')
    expect(await text()).toContain('<script>document.title="x"</script> & "quotes"')
    const link = page.locator('.said a').last()
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer nofollow')
    expect(await link.getAttribute('href')).toBe('https://example.org/a_(b)')
    await look('history-older')
  })

  test('searches, and is led to the place', async () => {
    await open('/history')
    await look('conversations')
    await page.getByLabel('Search').fill('lantern')
    await press('Search')
    expect(await page.locator('.found').count()).toBe(1)
    await look('search')
    await page.locator('.found a').first().click()
    expect(await page.locator('li:target').innerText()).toContain('has anybody seen the lantern?')
    await look('history-found')
    await open('/search?q=nothingofthekind')
    expect(await text()).toContain('Nothing was found')
  })

  test('makes an app password, shown once, that a client logs in with', async () => {
    await open('/settings')
    await look('settings')
    await page.getByRole('link', { name: 'App passwords' }).click()
    await page.getByLabel('For which program?').fill('irssi on the desk')
    await press('Make an app password')
    const password = await page.locator('.secret').innerText()
    expect(password).toMatch(/^fbirc_[a-z2-9]{32}$/)
    await look('password-made')
    await open('/passwords')
    expect(await text()).not.toContain(password)
    const client = await connect({ port: bouncer.port })
    await client.register({ nick: 'you', pass: password, user: 'you/den@irssi' })
    await page.reload()
    expect(await text()).toMatch(/last used .* from 127\.0\.0\.1/)
    await look('passwords')
    await open('/clients')
    expect(await text()).toContain('irssi')
    await look('clients')
    await press('Disconnect irssi')
    await client.closed
    expect(client.lines.at(-1)?.params).toEqual(['disconnected by its owner'])
  })

  test('makes a user, and sees the logins and the status', async () => {
    await open('/users')
    await page.getByLabel('Name', { exact: true }).fill('vixen')
    await press('Add with a one-time password')
    expect(await page.locator('.secret').innerText()).toMatch(/^[a-z2-9-]{20,}$/)
    await open('/users')
    await look('users')
    await page.getByRole('link', { name: 'vixen' }).click()
    await look('user')
    await open('/audit')
    expect(await text()).toContain('refused')
    await look('audit')
    await open('/status')
    await look('status')
  })

  test('changes a channel, disconnects, sees why when the network is gone, and deletes it', async () => {
    await open('/')
    await look('networks')
    await page.getByRole('link', { name: 'den', exact: true }).click()
    await page.getByRole('link', { name: 'Rules of #burrow' }).click()
    await look('channel')
    await page.getByLabel('Attach it again').selectOption('highlight')
    await press('Save')
    await press('Disconnect den')
    expect(await page.locator('main .state').innerText()).toBe('Disconnected')
    await network.stop()
    await press('Connect den')
    await waitFor(
      async () => {
        await page.reload()
        return (await text()).includes('Last error')
      },
      { what: 'the error' },
    )
    await look('network-trouble')
    await page.getByRole('link', { name: 'Edit den' }).click()
    await look('network-edit')
    await open('/')
    await page.getByRole('link', { name: 'Delete den' }).click()
    await look('network-delete')
    await press('Delete den and its history')
    expect(await text()).toContain('Deleted.')
    expect(await text()).toContain('There are none yet')
  })

  test('logs out, and everything is closed; nothing is where nothing is', async () => {
    await press('Log out you')
    expect(await text()).toContain('You are logged out.')
    await open('/settings')
    expect(page.url()).toContain('/login')
    await open('/no/such/page')
    expect(await page.locator('h1').innerText()).toBe('There is nothing here')
    await look('nothing')
  })
})
