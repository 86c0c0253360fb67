// `fuchsbau deploy check` and a real Headscale, whose logins the identity provider of the tests takes.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Daemon,
  freePorts,
  makePeerHome,
  programInside,
  startDaemon,
} from '../support/daemon.ts'
import { startDeploy } from '../support/deploy-command.ts'
import { type DeployLab, DOMAIN, SOCIAL, startDeployLab } from '../support/deploy-lab.ts'
import { requirePeer } from '../support/peers.ts'

describe.skipIf(!requirePeer('headscale'))('a real Headscale', () => {
  let lab: DeployLab
  let headscale: Daemon

  beforeAll(async () => {
    lab = await startDeployLab()
    const [port = 0] = await freePorts(1)
    const home = makePeerHome('headscale', lab.ca)
    home.write('derp.yaml', DERP)
    const file = home.write('config.yaml', configuration(home.inside, port, lab))
    const own = home.command
    headscale = await startDaemon({
      name: 'Headscale',
      home: {
        ...home,
        env: { ...home.env, SSL_CERT_FILE: home.write('ca.pem', lab.ca.pem) },
        command: (program, ...args) => lab.front.command(...flat(own(program, ...args))),
      },
      program: programInside('headscale'),
      args: ['serve', '--config', file],
      isReady: async () => (await fetch(`http://127.0.0.1:${port}/health`)).ok,
    })
    lab.front.route(`ts.${DOMAIN}`, `http://127.0.0.1:${port}`)
  })
  afterAll(async () => {
    await headscale?.close()
    await lab?.[Symbol.asyncDispose]()
  })

  test('is healthy, begins logins that the provider takes, and has its API seen when it is open', async () => {
    const { child, ended } = startDeploy([
      'check',
      ...['--set', `DOMAIN=${DOMAIN}`, '--set', `SOCIAL_DOMAIN=${SOCIAL}`],
      ...['--only', 'login,headscale', '--ca', lab.ca.file],
      ...['--resolve', `*=${lab.front.address}`],
    ])
    child.stdin.end()
    const { code, out } = await ended
    expect(out).toContain(
      `ok    headscale  may send people back to https://ts.${DOMAIN}/oidc/callback`,
    )
    expect(out).toMatch(/ok +health +pass/)
    expect(out).toMatch(/ok +key +devices get the key/)
    // There is no HTTPRoute here that keeps it in.
    expect(out).toMatch(/fail +private API .* answers 401: it is open/)
    expect(code).toBe(1)
  })
})

const flat = ([file, args]: [string, string[]]): [string, ...string[]] => [file, ...args]

const DERP = `regions:
  900:
    regionid: 900
    regioncode: lab
    regionname: Lab
    nodes:
      - {name: 900a, regionid: 900, hostname: derp.invalid, ipv4: 192.0.2.1, stunport: -1, derpport: 0}
`

function configuration(directory: string, port: number, { issuer }: DeployLab): string {
  return `server_url: https://ts.${DOMAIN}
listen_addr: 127.0.0.1:${port}
metrics_listen_addr: 127.0.0.1:0
grpc_listen_addr: 127.0.0.1:0
unix_socket: ${directory}/headscale.sock
disable_check_updates: true
noise: {private_key_path: ${directory}/noise.key}
database: {type: sqlite, sqlite: {path: ${directory}/db.sqlite}}
prefixes: {v4: 100.64.0.0/10, allocation: sequential}
derp: {server: {enabled: false}, urls: [], paths: [${directory}/derp.yaml], auto_update_enabled: false}
dns: {magic_dns: false, base_domain: net.den.internal, override_local_dns: false, nameservers: {global: []}}
oidc:
  only_start_if_oidc_is_available: true
  issuer: ${issuer.issuer}
  client_id: ${issuer.clientId}
  client_secret: ${issuer.clientSecret}
  scope: [openid, profile, groups]
  pkce: {enabled: true, method: S256}
`
}
