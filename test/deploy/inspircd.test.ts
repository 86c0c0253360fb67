// InspIRCd 4 with the configuration of the bundle, as it is mounted in its pod; only the places of the files and the port differ.
import { type ChildProcess, spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { startBouncer } from '../support/bouncer-process.ts'
import { type Ca, createCa } from '../support/ca.ts'
import {
  type Daemon,
  freePorts,
  isListening,
  makePeerHome,
  type PeerHome,
  programInside,
  startDaemon,
} from '../support/daemon.ts'
import { connect } from '../support/irc-client.ts'
import { requirePeer } from '../support/peers.ts'
import { waitFor } from '../support/wait-for.ts'
import { copyBundle, exampleValues, type KubeObject } from './support/bundle.ts'

const isThere = (['inspircd4', 'flux'] as const).every(requirePeer)
const SECRETS: Readonly<Record<string, string>> = {
  // bcrypt of 'oper secret'.
  oper_password_hash: '$2b$05$Isgocl9c2NGfmq80Ahxcfu3nWEv5d6UoaPMnLTLpsWkX2LceH9omm',
  link_password: 'link secret',
  cloak_key: 'a3f1c09d5b7e42688c1d9fe02b64a7d5',
}

describe.skipIf(!isThere)('InspIRCd', () => {
  let ca: Ca
  let objects: KubeObject[]
  let home: PeerHome
  let daemon: Daemon
  let port: number
  let certificates = 0

  beforeAll(async () => {
    ca = await createCa()
    // Who connects comes from the pods' network.
    using copy = copyBundle({ ...(await exampleValues()), POD_CIDR: '127.0.0.0/8' })
    objects = (await copy.parts()).find(({ name }) => name === 'inspircd')?.objects ?? []
    ;({ home, daemon, port } = await start())
  })
  afterAll(async () => {
    await daemon?.close()
    await ca?.close()
  })

  test('starts with the files of the bundle, and complains of nothing', () => {
    expect(daemon.log()).not.toMatch(/warning|deprecated|unknown|no such|unable/i)
  })

  test('takes clients by TLS, hides where they come from, and knows its administrator', async () => {
    await using client = await connect({ port, tls: { ca: ca.pem, servername: 'irc.test' } })
    const { offered, isupport } = await client.register({
      nick: 'fox',
      caps: ['message-tags', 'server-time'],
    })
    expect(isupport.get('NETWORK')).toBe('Lab')
    for (const cap of ['echo-message', 'labeled-response', 'account-tag', 'batch', 'chghost'])
      expect([...offered.keys()]).toContain(cap)
    client.send('WHOIS fox')
    const { raw } = await client.expect('311')
    expect(raw).toMatch(/ lab(?:\.[a-z0-9]+){2,}\.ip /)
    client.send('JOIN #fox')
    expect((await client.expect('353')).raw).toContain(':@fox')
    client.send('OPER you wrong')
    await client.expect('491')
    client.send('OPER you :oper secret')
    await client.expect('381')
  })

  test('is what our bouncer connects to, with its certificate verified', async () => {
    await using bouncer = await startBouncer({
      env: { NODE_EXTRA_CA_CERTS: ca.file },
      people: [{ name: 'ann', port, channels: ['#den'], record: { transport: 'tls' } }],
    })
    await using client = await bouncer.client('ann', 'desk', ['server-time'])
    const names = await waitFor(
      async () => {
        client.send('NAMES #den')
        return (await client.sync()).find(({ raw }) => / 353 .*#den .*@ann/.test(raw))
      },
      { what: 'the bouncer to be in #den', context: bouncer.log },
    )
    expect(names.raw).toContain('@ann')
    await using stranger = await startBouncer({
      people: [{ name: 'ann', port, record: { transport: 'tls' } }],
    })
    await using other = await stranger.client('ann')
    other.send('PRIVMSG BouncerServ :network status')
    expect((await other.expect(/certificate/i)).raw).toContain('not trusted')
  })

  test('has the renewed certificate when the sidecar has seen it, and keeps its clients', async () => {
    await using client = await connect({ port, tls: { ca: ca.pem, servername: 'irc.test' } })
    await client.register({ nick: 'hare' })
    const before = await serial()
    const sidecar = startSidecar()
    onTestFinished(() => void sidecar.kill('SIGKILL'))
    // Again and again: when the sidecar has looked for the first time cannot be seen.
    await waitFor(
      async () => {
        if ((await serial()) !== before) return true
        await writeCertificate(home)
        return false
      },
      { what: 'the new certificate', timeoutMs: 30_000, everyMs: 2_500, context: daemon.log },
    )
    await client.sync()
    expect(client.isClosed).toBe(false)
  })

  test('lets services link where the component irc-services is taken', async () => {
    using copy = copyBundle({ ...(await exampleValues()), POD_CIDR: '127.0.0.0/8' })
    appendComponent(join(copy.directory, 'flux/inspircd.yaml'), 'irc-services')
    const built = (await copy.parts()).find(({ name }) => name === 'inspircd')?.objects ?? []
    const linked = await start(built)
    onTestFinished(() => linked.daemon.close())
    expect(await isListening(linked.link)).toBe(true)
    expect(linked.daemon.log()).not.toMatch(/warning|unknown|no such/i)
  })

  test('does not start with a module that is none, so that the test above can fail', async () => {
    const wrong = objects.map((object) =>
      object.kind === 'ConfigMap'
        ? { ...object, data: { ...object['data'], 'modules.conf': '<module name="cloack">' } }
        : object,
    )
    await expect(start(wrong)).rejects.toThrow(/cloack/)
  })

  async function start(from: readonly KubeObject[] = objects) {
    const own = makePeerHome('inspircd4', ca)
    const [free = 0, link = 0] = await freePorts(2)
    for (const [path, text] of Object.entries(filesOf(from)))
      own.write(path, placed(text, own, { 6697: free, 7000: link }))
    own.mkdir('run')
    await writeCertificate(own)
    const started = await startDaemon({
      name: 'InspIRCd',
      home: own,
      program: programInside('inspircd4'),
      args: ['--nofork', '--config', `${own.inside}/config/inspircd.conf`],
      isReady: () => isListening(free),
    })
    return { home: own, daemon: started, port: free, link }
  }

  async function writeCertificate(own: PeerHome): Promise<void> {
    // The CA of the tests makes one certificate for the same names.
    certificates += 1
    const names = ['127.0.0.1', 'localhost', `certificate-${certificates}.test`]
    const { cert, key } = await ca.issue('irc.test', ...names)
    own.write('tls/tls.crt', cert)
    own.write('tls/tls.key', key)
  }

  /** As the pod runs it, on the same files. */
  function startSidecar(): ChildProcess {
    const { containers, initContainers } =
      objects.find(({ kind }) => kind === 'Deployment')?.spec.template.spec ?? {}
    const [command = '', script = '', , , ...directories]: string[] = initContainers[0].command
    expect(containers).toHaveLength(1)
    const here = (path: string) => `${home.directory}${path}`
    const args = [here(script), here('/run/pid'), '1', ...directories.map(here)]
    return spawn(command, args, { stdio: 'ignore' })
  }

  async function serial(): Promise<string> {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    try {
      const secure = Promise.withResolvers<string>()
      socket.once('secureConnect', () => {
        const { raw } = socket.getPeerCertificate()
        secure.resolve(new X509Certificate(raw).serialNumber)
      })
      socket.once('error', secure.reject)
      return await secure.promise
    } finally {
      socket.destroy()
    }
  }
})

/** What is mounted: the ConfigMap, and the Secret that the ExternalSecret makes. */
function filesOf(objects: readonly KubeObject[]): Record<string, string> {
  const config = objects.find(({ kind }) => kind === 'ConfigMap')?.['data'] ?? {}
  const secret =
    objects.find(({ kind }) => kind === 'ExternalSecret')?.spec.target.template.data ?? {}
  const filled = (text: string) =>
    text.replaceAll(/\{\{ \.(\w+) \}\}/g, (_, name) => SECRETS[name] ?? '')
  return Object.fromEntries([
    ...Object.entries<string>(config).map(([name, text]) => [`config/${name}`, text]),
    ...Object.entries<string>(secret).map(([name, text]) => [`secrets/${name}`, filled(text)]),
  ])
}

/** Paths and ports of this machine for those of the pod. */
function placed(text: string, { inside }: PeerHome, ports: Record<number, number>): string {
  return text
    .replaceAll(/"\/(config|secrets|tls)\//g, `"${inside}/$1/`)
    .replaceAll('"/run/inspircd/', `"${inside}/run/`)
    .replaceAll(/port="(\d+)"/g, (whole, port) => (ports[port] ? `port="${ports[port]}"` : whole))
}

/** As an overlay's patch does it. */
function appendComponent(file: string, name: string): void {
  const flux = parse(readFileSync(file, 'utf8'))
  flux.spec.components.push(`../../components/${name}`)
  writeFileSync(file, stringify(flux))
}
