// `fuchsbau bouncer import` as an operator runs it: refused while the bouncer runs, killed in the middle and run again; then
// people log in with their old passwords, also to upload.
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import {
  type BouncerProcess,
  openBouncerStore,
  startBouncer,
} from '../../support/bouncer-process.ts'
import { freePorts } from '../../support/daemon.ts'
import { startFakeIrc } from '../../support/fake-irc-server.ts'
import { connect } from '../../support/irc-client.ts'
import { makeTempData, removeTempData } from '../../support/temp-data.ts'

const launcher = join(import.meta.dirname, '../../../fuchsbau.js')

/** A ZNC's directory with one user, and a log of so many lines. */
function makeZnc(port: number, lines: number): string {
  const directory = makeTempData('znc')
  onTestFinished(() => removeTempData(directory))
  const hash = createHash('sha256').update('old passwordsalt').digest('hex')
  mkdirSync(join(directory, 'configs'))
  writeFileSync(
    join(directory, 'configs/znc.conf'),
    `<User vixen>
  Nick = vixen
  LoadModule = log
  <Network den>
    Server = 127.0.0.1 ${port}
    <Chan #den>
    </Chan>
  </Network>
  <Pass password>
    Method = sha256
    Hash = ${hash}
    Salt = salt
  </Pass>
</User>
`,
  )
  const folder = join(directory, 'users/vixen/moddata/log/den/#den')
  mkdirSync(folder, { recursive: true })
  const log = Array.from({ length: lines }, (_, index) => `[10:00:00] <hare> line ${index}\n`)
  const half = Math.floor(lines / 2)
  writeFileSync(join(folder, '2026-01-01.log'), log.slice(0, half).join(''))
  writeFileSync(join(folder, '2026-01-02.log'), log.slice(half).join(''))
  return directory
}

const environment = ({ data }: BouncerProcess) => ({
  ...process.env,
  NODE_OPTIONS: '',
  FUCHSBAU_DATA: data,
})

const runImport = (bouncer: BouncerProcess, directory: string) =>
  promisify(execFile)(
    process.execPath,
    [launcher, 'bouncer', 'import', 'znc', directory, '--timezone', 'UTC'],
    { env: environment(bouncer) },
  )

/** Every line of #den, oldest first. */
function history(bouncer: BouncerProcess): string[] {
  const store = openBouncerStore(bouncer)
  try {
    const networkId = store.networks.all().find(({ nick }) => nick === 'vixen')?.id ?? 0
    const texts: string[] = []
    for (let after = 0; ; ) {
      const page = store.messages.afterId(networkId, after, 1000)
      texts.push(...page.map(({ text }) => text))
      const last = page.at(-1)
      if (!last) return texts
      after = last.id
    }
  } finally {
    store.close()
  }
}

test('the import is refused while the bouncer runs; then old passwords let in, also to upload', async () => {
  await using server = await startFakeIrc()
  const [webPort = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${webPort}`
  await using bouncer = await startBouncer({
    people: [{ name: 'fox', port: server.port }],
    env: {
      FUCHSBAU_BOUNCER_WEB_LISTEN: `127.0.0.1:${webPort}`,
      FUCHSBAU_BOUNCER_WEB_URL: url,
    },
  })
  const directory = makeZnc(server.port, 10)
  await expect(runImport(bouncer, directory)).rejects.toThrow('Stop the bouncer')
  await bouncer.stop()
  const { stdout } = await runImport(bouncer, directory)
  expect(stdout).toContain('vixen/den: 10 lines of 2 log files')
  expect(stdout).not.toContain('salt')
  await bouncer.start()
  await using client = await connect({ port: bouncer.port })
  const { isupport } = await client.register({
    nick: 'vixen',
    pass: 'vixen/den:old password',
    caps: ['draft/chathistory', 'soju.im/search', 'batch'],
  })
  await client.expect('366 * #den', { timeoutMs: 15_000 })
  client.send('CHATHISTORY LATEST #den * 100')
  await client.expect(({ params }) => params[1] === 'line 9')
  client.send('SEARCH :text=line\\s7')
  await client.expect(({ params }) => params[1] === 'soju.im/search')
  await client.expect(({ params }) => params[1] === 'line 7')
  const uploads = isupport.get('soju.im/FILEHOST') ?? ''
  expect(uploads).toBe(`${url}/uploads`)
  const authorization = `Basic ${Buffer.from('vixen:old password').toString('base64')}`
  const headers = { authorization, 'content-type': 'text/plain' }
  const answer = await fetch(uploads, { method: 'POST', body: 'hello', headers })
  expect(answer.status).toBe(201)
  const shown = await fetch(answer.headers.get('location') ?? '')
  expect([await shown.text(), shown.headers.get('x-content-type-options')]).toEqual([
    'hello',
    'nosniff',
  ])
})

test('an import that is killed and run again takes every line once', async () => {
  await using server = await startFakeIrc()
  await using bouncer = await startBouncer({ people: [{ name: 'fox', port: server.port }] })
  await bouncer.stop()
  const lines = 200_000
  const directory = makeZnc(server.port, lines)
  const ends: (string | null)[] = []
  for (let run = 0; run < 2; run++) {
    const child = spawn(process.execPath, [launcher, 'bouncer', 'import', 'znc', directory], {
      env: environment(bouncer),
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    // At 50,000 lines; with fewer left it ends by itself.
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('so far')) child.kill('SIGKILL')
    })
    await once(child, 'exit')
    ends.push(child.signalCode)
  }
  expect(ends).toContain('SIGKILL')
  expect(history(bouncer).length).toBeLessThan(lines)
  await runImport(bouncer, directory)
  const expected = Array.from({ length: lines }, (_, index) => `line ${index}`)
  expect(history(bouncer)).toEqual(expected)
})
