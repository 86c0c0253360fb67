// The command line of the bouncer: with a running server and without one, the same verbs.
import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BouncerProcess, startBouncer } from '../../support/bouncer-process.ts'
import { type FakeIrcServer, startFakeIrc } from '../../support/fake-irc-server.ts'
import { connect } from '../../support/irc-client.ts'

const launcher = join(import.meta.dirname, '../../../fuchsbau.js')

let server: FakeIrcServer
let bouncer: BouncerProcess
beforeAll(async () => {
  server = await startFakeIrc()
  bouncer = await startBouncer({
    people: [{ name: 'you', port: server.port, channels: ['#den'] }],
  })
  await server.expectLine('JOIN #den')
}, 60_000)
afterAll(async () => {
  await bouncer[Symbol.asyncDispose]()
  await server.stop()
})

/** Runs a verb: its exit code and what it said. */
function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { ...process.env, NODE_OPTIONS: '', FUCHSBAU_DATA: bouncer.data }
  return new Promise((resolve) => {
    execFile(process.execPath, [launcher, 'bouncer', ...args], { env }, (error, out, err) => {
      const code = error ? Number(error.code) : 0
      resolve({ code, out: out.trimEnd(), err: err.trimEnd() })
    })
  })
}

describe('with a running bouncer', () => {
  test('a user is made, and logs in at once with the password that was shown once', async () => {
    const { code, out } = await cli('user', 'create', 'kit')
    const [, password = ''] = /shown once\): (\S+)/.exec(out) ?? []
    expect({ code, length: password.length }).toEqual({ code: 0, length: 23 })
    await using client = await connect({ port: bouncer.port })
    const { lines } = await client.register({ nick: 'kit', pass: `kit:${password}` })
    expect(lines.map(({ command }) => command)).toContain('001')
    expect(await cli('user', 'create', 'kit')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/already/),
    })
  })

  test('a network is added and connected at once', async () => {
    const address = `irc+insecure://127.0.0.1:${server.port}`
    const added = await cli('network', 'add', 'kit', address, '--name', 'den', '--nick', 'kitten')
    expect(added.out).toMatch(/Added den .* as kitten; it is being connected/)
    await server.expectLine('NICK kitten')
    expect((await cli('network', 'list', 'kit')).out).toMatch(/^den \[/)
    expect((await cli('network', 'list')).out).toMatch(
      /^you\/den \[.*\nkit\/den \[|^kit\/den \[.*\nyou\/den \[/,
    )
  })

  test('an app password logs in, and no more when it is revoked', async () => {
    const { out } = await cli('app-password', 'create', 'you', 'test')
    const [password = ''] = /fbirc_\S+/.exec(out) ?? []
    const login = async () => {
      await using client = await connect({ port: bouncer.port })
      await client.register({ nick: 'you', pass: `you/den:${password}` })
    }
    await login()
    const { out: list } = await cli('app-password', 'list', 'you')
    expect(list).toMatch(/^\d+: test, made .*, used .* from 127\.0\.0\.1$/)
    expect(await cli('app-password', 'revoke', 'you', list.split(':')[0] ?? '')).toMatchObject({
      code: 0,
    })
    await expect(login()).rejects.toThrow()
  })

  test('the history is exported whole, searched and deleted', async () => {
    const client = await bouncer.client('you', 'desk')
    await client.sync()
    server.join('#den', 'badger')
    for (let count = 0; count < 1_500; count++)
      server.say('#den', 'badger', `line ${count} of many`)
    await client.expect(({ params }) => params[1] === 'line 1499 of many', { timeoutMs: 20_000 })
    await client.close()
    const { out } = await cli('export', 'you', 'den', '#DEN')
    expect(out.split('\n').filter((line) => line.includes('<badger> line '))).toHaveLength(1_500)
    const { out: json } = await cli('export', 'you', 'den', '#den', '--json')
    const said = (JSON.parse(json) as { kind: string }[]).filter(({ kind }) => kind === 'PRIVMSG')
    expect(said).toHaveLength(1_500)
    expect((await cli('search', 'you', '1499', 'many')).out).toMatch(/#den\/den <badger> line 1499/)
    expect(await cli('search', 'kit', '1499')).toMatchObject({ out: 'Nothing was found.' })
    expect(await cli('delete-history', 'you', '#den')).toMatchObject({ code: 1 })
    expect(await cli('delete-history', 'you', '#den', '--yes')).toMatchObject({ code: 0 })
    expect(await cli('export', 'you', 'den', '#den', '--json')).toMatchObject({
      code: 0,
      out: '[]',
    })
  })

  test('what is wrong is said, with what to do', async () => {
    expect(await cli('network', 'list', 'nobody')).toMatchObject({
      code: 1,
      err: 'There is no user nobody. Make one with: fuchsbau bouncer user create nobody',
    })
    expect(await cli('network', 'lst', 'you')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/did you mean/),
    })
    expect(await cli('export', 'you', 'den')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^Usage/),
    })
    expect(await cli('netwrk')).toMatchObject({
      code: 64,
      err: expect.stringMatching(/did you mean/),
    })
    for (const verb of [
      'user',
      'network',
      'channel',
      'sasl',
      'certfp',
      'app-password',
      'certificate',
      'client',
      'server',
      'password',
      'search',
      'export',
      'delete-history',
      'fsck',
      'import',
    ]) {
      expect(await cli(verb, '--help')).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^Usage: fuchsbau bouncer [\s\S]*Example:/),
      })
    }
  }, 60_000)

  test('the database is checked meanwhile, and the socket is for its owner alone', async () => {
    expect(await cli('fsck')).toEqual({ code: 0, out: 'The database is sound.', err: '' })
    const { mode } = statSync(join(bouncer.directory, 'control.sock'))
    expect(mode & 0o077).toBe(0)
  })
})

describe('without one, also after it was killed', () => {
  test('the same verbs work on the store, and connect to nothing', async () => {
    await bouncer.kill()
    const connections = server.accepted.length
    expect((await cli('network', 'list', 'you')).out).toMatch(/^den \[not running\]/)
    const added = await cli('network', 'add', 'you', 'libera')
    expect(added.out).toMatch(/it is connected when the bouncer runs/)
    expect(await cli('password', 'kit', 'a new password')).toMatchObject({ code: 0 })
    expect((await cli('fsck')).out).toBe('The database is sound.')
    await cli('network', 'delete', 'you', 'libera')
    expect(server.accepted).toHaveLength(connections)
    await bouncer.start()
    await using client = await connect({ port: bouncer.port })
    await client.register({ nick: 'kit', pass: 'kit:a new password' })
    expect((await cli('network', 'list', 'you')).out).toMatch(/^den \[/)
  }, 60_000)
})
