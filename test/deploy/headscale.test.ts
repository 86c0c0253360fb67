// Headscale with the configuration and the policy of the bundle; only places, ports and the addresses of the world outside differ.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Daemon,
  freePorts,
  makePeerHome,
  type PeerHome,
  startDaemon,
} from '../support/daemon.ts'
import { type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts'
import { programOf, requirePeer } from '../support/peers.ts'
import { buildBundle, type KubeObject } from './support/bundle.ts'

const run = promisify(execFile)
const hasFlux = requirePeer('flux')

/** A map of no relays, as Headscale fetches it. */
const RELAYS = {
  Regions: { 900: { RegionID: 900, RegionCode: 'lab', RegionName: 'lab', Nodes: [] } },
}

describe.skipIf(!hasFlux)('the policy of the tailnet', () => {
  test('names only what it explains: groups, tags, hosts', async () => {
    const policy = JSON.parse(plainJson((await filesOf())['policy.hujson'] ?? ''))
    const known = [
      ...Object.keys(policy.groups),
      ...Object.keys(policy.tagOwners),
      ...Object.keys(policy.hosts),
      ...['autogroup:member', 'autogroup:self', '*'],
    ]
    const used = policy.acls.flatMap(({ src, dst }: { src: string[]; dst: string[] }) => [
      ...src,
      ...dst.map((each) => each.replace(/:[\d,*-]+$/, '')),
    ])
    const owners = Object.values<string[]>(policy.tagOwners).flat()
    const approvers = Object.values<string[]>(policy.autoApprovers.routes).flat()
    expect([...used, ...owners, ...approvers].filter((each) => !known.includes(each))).toEqual([])
    expect(policy.groups['group:admins']).toEqual(['you@'])
  })
})

describe.skipIf(!hasFlux || !requirePeer('headscale'))('Headscale', () => {
  let home: PeerHome
  let issuer: FakeIssuer
  let daemon: Daemon
  let config: string
  const relays = createServer((_, response) => response.end(JSON.stringify(RELAYS)))

  beforeAll(async () => {
    relays.listen(0, '127.0.0.1')
    await once(relays, 'listening')
    issuer = await startFakeIssuer({ redirectUris: ['https://ts.this-is-fine.io/oidc/callback'] })
    home = makePeerHome('headscale')
    const [port = 0] = await freePorts(1)
    for (const path of ['data', 'run', 'secrets']) home.mkdir(path)
    home.write('secrets/oidc_client_secret', issuer.clientSecret)
    for (const [name, text] of Object.entries(await filesOf())) home.write(name, placed(text, port))
    config = join(home.directory, 'config.yaml')
    daemon = await startDaemon({
      name: 'Headscale',
      home: { ...home, env: { ...home.env, HEADSCALE_OIDC_CLIENT_ID: issuer.clientId } },
      program: programOf('headscale'),
      args: ['serve', '--config', config],
      isReady: async () => (await fetch(`http://127.0.0.1:${port}/health`)).ok,
    })
  })
  afterAll(async () => {
    await daemon?.close()
    await issuer?.[Symbol.asyncDispose]()
    relays.close()
  })

  test('takes configuration and policy', async () => {
    await ask('configtest')
    expect(await ask('policy', 'check', '--file', join(home.directory, 'policy.hujson'))).toMatch(
      /valid/i,
    )
    // TLS ends before it.
    const told = daemon
      .log()
      .split('\n')
      .filter((line) => /"level":"(?:warn|error)"/.test(line))
    expect(told.filter((line) => !line.includes('listening without TLS'))).toEqual([])
  })

  test('makes the keys by which cluster and router join', async () => {
    await ask('users', 'create', 'you')
    for (const tag of ['tag:cluster', 'tag:router']) {
      const key = JSON.parse(
        await ask(
          'preauthkeys',
          'create',
          '--tags',
          tag,
          '--reusable',
          '--ephemeral',
          '--expiration',
          '90d',
          '--output',
          'json',
        ),
      )
      expect(key.key).toMatch(/^hskey-auth-/)
    }
  })

  test('refuses a policy with a group that is none', async () => {
    const file = home.write(
      'wrong.hujson',
      '{"acls": [{"action": "accept", "src": ["group:nobody"], "dst": ["*:*"]}]}',
    )
    await expect(ask('policy', 'check', '--file', file)).rejects.toThrow(/group/)
  })

  async function ask(...words: string[]): Promise<string> {
    const [file, line] = home.command(programOf('headscale'), ...words, '--config', config)
    const env = { ...home.env, HEADSCALE_OIDC_CLIENT_ID: issuer.clientId }
    return (await run(file, line, { env })).stdout
  }

  function placed(text: string, port: number): string {
    const { port: relaysPort } = relays.address() as { port: number }
    return text
      .replace('0.0.0.0:8080', `127.0.0.1:${port}`)
      .replace('0.0.0.0:9090', '127.0.0.1:0')
      .replace('127.0.0.1:50443', '127.0.0.1:0')
      .replace(
        'https://controlplane.tailscale.com/derpmap/default',
        `http://127.0.0.1:${relaysPort}/`,
      )
      .replace('https://auth.this-is-fine.io', issuer.issuer)
      .replace('/run/headscale/', `${home.inside}/run/`)
      .replace('/etc/headscale/', `${home.inside}/`)
      .replace('/secrets/', `${home.inside}/secrets/`)
      .replaceAll(' /data/', ` ${home.inside}/data/`)
  }
})

async function filesOf(): Promise<Record<string, string>> {
  const parts = await buildBundle()
  const objects = parts.find(({ name }) => name === 'headscale')?.objects ?? []
  const isConfig = ({ kind, data }: KubeObject) => kind === 'ConfigMap' && 'policy.hujson' in data
  return objects.find((object) => isConfig(object))?.['data'] ?? {}
}

/** Without comments and last commas. */
function plainJson(text: string): string {
  return text.replaceAll(/^\s*\/\/.*$/gm, '').replaceAll(/,(?=\s*[}\]])/g, '')
}
