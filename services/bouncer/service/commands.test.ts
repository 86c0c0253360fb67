import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Scene, startScene } from '../bouncer.fixture.ts'
import { DEFAULT_LIMITS } from '../bouncer.ts'
import type { User } from '../user.ts'
import type { Asking } from './command.ts'
import { COMMANDS, linesOf, runLine } from './commands.ts'
import { runStatus, STATUS_COMMANDS } from './status.ts'

let scene: Scene
let vera: User
beforeAll(async () => {
  scene = await startScene({ channels: ['#den'] })
  vera = await scene.addPerson('vera', { isEnabled: false })
})
afterAll(() => scene[Symbol.asyncDispose]())

const asked = (user: User): Asking => ({
  bouncer: scene.bouncer,
  by: user,
  user,
  network: undefined,
  isAppLogin: false,
})
const ask = async (user: User, text: string) => {
  const answer = await runLine(asked(user), text)
  return { ok: !('ok' in answer), text: linesOf(answer).join('\n') }
}
const you = (text: string) => ask(scene.user, text)

describe('the table of commands', () => {
  test('has no name twice, and help for each', async () => {
    const names = COMMANDS.flatMap(({ name, aliases = [] }) => [name, ...aliases])
    expect(new Set(names).size).toBe(names.length)
    for (const { name, help } of COMMANDS) {
      const { ok, text } = await you(`help ${name}`)
      expect({ name, ok }).toEqual({ name, ok: true })
      expect(text).toContain(help[0])
    }
  })

  test('has the verbs that users of soju know', async () => {
    const { text } = await you('help')
    for (const verb of [
      ...['network create', 'network update', 'network delete', 'network status', 'network quote'],
      ...['channel create', 'channel update', 'channel delete', 'channel status'],
      ...['certfp generate', 'certfp fingerprint', 'sasl status', 'sasl set-plain', 'sasl reset'],
      ...['user create', 'user update', 'user delete', 'user status', 'user run'],
      ...['server status', 'server notice', 'help'],
    ]) {
      expect(text).toMatch(new RegExp(`^${verb}( |$)`, 'm'))
    }
  })

  test.each([
    ['netwrk status', /did you mean “network”/],
    ['network statsu', /did you mean “network status”/],
    ['network', /Say what of network: create/],
    ['s status', /could be sasl, server/],
    ['', /help/],
    ['network delete', /Usage: network delete NAME/],
    ['network update nowhere -nick x', /You have no network nowhere; there are: den/],
    ['channel update #nowhere -detached', /no channel #nowhere on den/],
    ['network create -addr nonsense', /no well-known network/],
    ['network create -addr a.example -port 1', /no flag -port/],
    ['network create -addr a.example -name den', /already/],
    ['constructor x', /no command/],
    ['"open', /never closed/],
  ])('“%s” says what to do', async (text, reason) => {
    expect(await you(text)).toEqual({ ok: false, text: expect.stringMatching(reason) })
  })

  test('may be shortened as long as it is clear what is meant', async () => {
    expect(await you('net st')).toEqual(await you('network status'))
  })

  test('shows what is for administrators to them alone', async () => {
    expect((await you('help')).text).toContain('server notice')
    expect((await ask(vera, 'help')).text).not.toContain('server notice')
  })
})

describe('the permission matrix', () => {
  test.each(COMMANDS.filter(({ isAdmin }) => isAdmin).map(({ name }) => name))(
    '“%s” is for administrators',
    async (name) => {
      const before = scene.bouncer.users.size
      expect(await ask(vera, `${name} you network status`)).toEqual({
        ok: false,
        text: 'Only an administrator can do that.',
      })
      expect(scene.bouncer.users.size).toBe(before)
    },
  )

  test.each([
    ...['user status you', 'user update you -nick x', 'user delete you -yes', 'user status nobody'],
    ...['user update vera -admin', 'user update -enabled false', 'user update -bind-address ::1'],
  ])('“%s” is refused to others, whether there is such a user or not', async (text) => {
    expect(await ask(vera, text)).toEqual({ ok: false, text: 'Only an administrator can do that.' })
    expect(vera.record).toMatchObject({ isAdmin: false, isEnabled: true, bindAddress: '' })
  })

  test('no command reaches what another person has', async () => {
    await you('network update den -name fort')
    for (const text of [
      'network update fort -nick x',
      'network delete fort',
      'network disconnect fort',
      'channel create #x -network fort',
      'channel delete #den -network fort',
      'sasl set-plain -network fort a b',
      'sasl reset -network fort',
      'certfp generate -network fort',
      'certfp fingerprint -network fort',
      'history export #den -network fort',
      'history delete #den -network fort -yes',
      'history search x -network fort',
    ]) {
      expect(await ask(vera, text)).toEqual({
        ok: false,
        text: expect.stringMatching(/You have no network fort; there are: den/),
      })
    }
    for (const text of ['network status', 'channel status', 'client list', 'user status']) {
      expect((await ask(vera, text)).text).not.toMatch(/fort|#den|you\b/)
    }
    await you('network update fort -name den')
  })

  test('an administrator acts as another user with that one’s rights', async () => {
    expect((await you('user run vera network status')).text).toContain('den [disabled]')
    expect(await you('user run vera user status you')).toMatchObject({ ok: false })
    expect(await you('user run vera server status')).toMatchObject({ ok: false })
  })
})

describe('persons', () => {
  test('are made, changed and deleted by administrators', async () => {
    const made = await you('user create kit -nick kitten')
    expect(made.text).toMatch(/Password \(shown once\): \S{20}/)
    expect(await you('user create KIT')).toMatchObject({ ok: false })
    expect(await you('user create "a b"')).toMatchObject({ ok: false })
    expect(await you('user create x -password short')).toMatchObject({ ok: false })
    await you('user update kit -enabled false')
    expect((await you('user status kit')).text).toContain('disabled')
    expect(await you('user delete kit')).toMatchObject({ ok: false })
    expect(await you('user delete kit -yes')).toMatchObject({ ok: true })
    expect(scene.store.users.named('kit')).toBeUndefined()
  })

  test('one administrator is left', async () => {
    for (const text of [
      'user update -admin false',
      'user update -enabled=no',
      'user delete you -yes',
    ]) {
      expect(await you(text)).toEqual({
        ok: false,
        text: expect.stringMatching(/only administrator/),
      })
    }
  })

  test('have app passwords, which are shown once and can be revoked', async () => {
    const made = await ask(vera, 'app-password create "WeeChat on the desk"')
    expect(made.text).toMatch(/WeeChat on the desk \(shown once\): fbirc_[a-z2-9]{32}$/)
    const { text } = await ask(vera, 'app-password list')
    expect(text).toMatch(/^\d+: WeeChat on the desk, made .*, never used$/)
    const [number] = text.split(':')
    expect(await you(`app-password revoke ${number}`)).toMatchObject({ ok: false })
    expect(await ask(vera, `app-password revoke ${number}`)).toMatchObject({ ok: true })
    expect((await ask(vera, 'app-password list')).text).toMatch(/none/)
  })

  test('have certificates that log in, each of one person', async () => {
    const fingerprint = 'AB'.repeat(32)
    expect(await ask(vera, `certificate add ${fingerprint} laptop`)).toMatchObject({ ok: true })
    expect(await you(`certificate add ${fingerprint}`)).toMatchObject({ ok: false })
    expect(await you(`certificate remove ${fingerprint}`)).toMatchObject({ ok: false })
    expect((await ask(vera, 'certificate list')).text).toMatch(/^(ab){32}, laptop, added /)
    expect(await ask(vera, `certificate remove ${fingerprint}`)).toMatchObject({ ok: true })
  })

  test('change their own passwords', async () => {
    const before = vera.record.password
    expect(await ask(vera, 'password "a new one"')).toMatchObject({ ok: true })
    expect(vera.record.password).not.toBe(before)
    expect(scene.store.credentials.scram(vera.record.id)).toBeDefined()
  })
})

describe('networks', () => {
  test('are made with flags, changed and removed', async () => {
    const made = await ask(
      vera,
      'network create -addr libera -nick v -alternate-nick v_ -enabled false -connect-command "MODE v +B" -pass "a b"',
    )
    expect(made.text).toMatch(/Added libera \(ircs:\/\/irc.libera.chat:6697\) as v/)
    expect(vera.networkNamed('Libera')?.record).toMatchObject({
      alternateNicks: ['v_'],
      connectCommands: ['MODE v +B'],
      serverPassword: 'a b',
      isEnabled: false,
    })
    expect(await ask(vera, 'network update libera -connect-command ""')).toMatchObject({ ok: true })
    expect(vera.networkNamed('libera')?.record.connectCommands).toEqual([])
    expect(await ask(vera, 'network update libera')).toMatchObject({ ok: false })
    expect(await ask(vera, 'network delete libera')).toMatchObject({ ok: true })
    expect(vera.networkNamed('libera')).toBeUndefined()
  })

  test('have the address that is given, also under the name of a well-known network', async () => {
    const address = '-addr ircs://irc.fort.example:7000 -enabled false'
    const made = await ask(vera, `network add libera ${address}`)
    expect(made.text).toMatch(/Added libera \(ircs:\/\/irc.fort.example:7000\)/)
    expect(await ask(vera, `network add oftc ${address} -name fort`)).toMatchObject({ ok: false })
    await ask(vera, 'network delete libera')
    expect((await ask(vera, 'network add home -addr libera -enabled false')).text).toMatch(
      /Added home \(ircs:\/\/irc.libera.chat:6697\)/,
    )
    await ask(vera, 'network delete home')
    expect((await ask(vera, 'network add libera -enabled false')).text).toMatch(
      /Added libera \(ircs:\/\/irc.libera.chat:6697\)/,
    )
    await ask(vera, 'network delete libera')
  })

  test('log in by certificate, which is made here', async () => {
    const made = await ask(vera, 'certfp generate -key-type ed25519')
    expect(made.text).toMatch(/SHA-256: [0-9a-f]{64}\nSHA-512: [0-9a-f]{128}/)
    const { record } = vera.networkNamed('den') ?? {}
    expect(record).toMatchObject({
      saslMechanism: 'EXTERNAL',
      certificate: expect.stringContaining('BEGIN CERTIFICATE'),
      privateKey: expect.stringContaining('BEGIN PRIVATE KEY'),
    })
    expect((await ask(vera, 'certfp fingerprint')).text).toBe(
      made.text.split('\n').slice(1, 4).join('\n'),
    )
    expect(await ask(vera, 'sasl set-plain den v secret')).toMatchObject({ ok: true })
    expect((await ask(vera, 'sasl status')).text).toBe('den: SASL PLAIN as v')
    expect(await ask(vera, 'sasl reset')).toMatchObject({ ok: true })
    expect(vera.networkNamed('den')?.record.certificate).toBe('')
  })

  test('have channels with rules for detaching', async () => {
    expect(
      await you('channel update #DEN -detach-after 1h30m -reattach-on highlight'),
    ).toMatchObject({
      ok: true,
    })
    expect((await you('channel status')).text).toBe(
      '#den/den [joined], 1 member, shown again on highlight, detached after 1 h 30 min',
    )
    expect(await you('channel update #den -relay-detached sometimes')).toMatchObject({ ok: false })
    expect(await you('channel update #den -detach-on none')).toMatchObject({ ok: false })
  })
})

describe('the history', () => {
  test('is shown by its last 200 lines, and the others are not read', async () => {
    const { store, network } = scene
    for (let index = 0; index < 700; index += 1) {
      store.messages.append({
        networkId: network.record.id,
        target: '#Long',
        foldedTarget: '#long',
        time: Date.UTC(2026, 0, 1, 12, 0, index),
        kind: 'PRIVMSG',
        source: 'owl!o@w.l',
        text: `line ${index}`,
        isOwn: false,
      })
    }
    store.commitTurn()
    const after = vi.spyOn(store.messages, 'after')
    const latest = vi.spyOn(store.messages, 'latest')
    const lines = (await you('history export #LONG -network den')).text.split('\n')
    expect(lines).toHaveLength(200)
    expect(lines[0]).toBe('2026-01-01 12:08:20 <owl> line 500')
    expect(lines.at(-1)).toBe('2026-01-01 12:11:39 <owl> line 699')
    expect(after).not.toHaveBeenCalled()
    expect(latest).toHaveBeenCalledOnce()
    vi.restoreAllMocks()
    expect((await you('history export #none')).text).toBe('Nothing is known of #none on den.')
  })
})

describe('*status', () => {
  const status = async (user: User, text: string) =>
    linesOf(await runStatus(asked(user), text)).join('\n')

  test('answers the commands of ZNC, in any case', async () => {
    expect(await status(scene.user, 'listnetworks')).toMatch(/^den \[connected\]/)
    expect(await status(scene.user, 'ListChans')).toMatch(/^#den\/den/)
    expect(await status(scene.user, 'Version')).toMatch(/^Fuchsbau /)
    expect(await status(scene.user, 'Uptime')).toMatch(/^Up for /)
    expect(await status(scene.user, 'JumpNetwork den')).toContain('you/den')
    expect(await status(scene.user, 'LoadMod log')).toMatch(/no modules/)
    expect(await status(scene.user, 'ListNetwork')).toMatch(/did you mean ListNetworks/)
    expect(await status(vera, 'Broadcast hi')).toBe('Only an administrator can do that.')
  })

  test('has help for each', async () => {
    const text = await status(scene.user, 'Help')
    for (const name of Object.keys(STATUS_COMMANDS))
      expect(text).toMatch(new RegExp(`^${name}`, 'm'))
  })

  test('adds networks as people wrote them for ZNC', async () => {
    expect(await status(vera, 'AddNetwork oftc')).toMatch(/Added oftc/)
    expect(await status(vera, 'AddNetwork fort irc.fort.example +7000')).toMatch(
      /ircs:\/\/irc.fort.example:7000/,
    )
    await status(vera, 'DelNetwork fort')
    await status(vera, 'DelNetwork oftc')
    expect([...vera.networks.values()].map(({ record }) => record.name)).toEqual(['den'])
  })
})

test('the status of the server says how many lines of each user are kept, that of a user how many there are', async () => {
  await using own = await startScene({ bouncer: { limits: { ...DEFAULT_LIMITS, lines: 5_000 } } })
  const { bouncer, user } = own
  const asking = { bouncer, by: user, user, network: undefined, isAppLogin: false }
  const lines = async (text: string) => linesOf(await runLine(asking, text)).join('\n')
  expect(await lines('server status')).toContain('Of each user at most 5000 lines are kept')
  expect(await lines('user status you')).toMatch(/, \d+ lines?, since /)
  expect((await you('server status')).text).not.toContain('at most')
})
