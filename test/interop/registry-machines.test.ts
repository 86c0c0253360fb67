// What machines come by without a person typing a secret, used by the clients that people have: the file that
// `fuchsbau registry login` writes, and the ID token of a CI job.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cookieBrowser } from '../support/cookie-browser.ts'
import { type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts'
import { jobTokens } from '../support/job-tokens.ts'
import { writeOciLayout } from '../support/oci-layout.ts'
import { requirePeer } from '../support/peers.ts'
import { type RegistryProcess, startRegistry } from '../support/registry-process.ts'
import { makeRegistryTools, type RegistryTools } from '../support/registry-tools.ts'
import { PASSWORD } from '../support/service-process.ts'
import { startTerminal } from '../support/terminal-login.ts'

const isThere = [requirePeer('crane'), requirePeer('skopeo')].every(Boolean)

describe.skipIf(!isThere)('machines', () => {
  let issuer: FakeIssuer
  let registry: RegistryProcess
  let tools: RegistryTools
  let host: string
  let idToken: () => string

  beforeAll(async () => {
    issuer = await startFakeIssuer({ redirectUris: ['http://127.0.0.1/back'] })
    const { key, kid } = issuer.rotateKeys()
    idToken = jobTokens(issuer, key, kid)
    registry = await startRegistry({
      policy: `rules:
  - {who: [owner, robots], repositories: "**", allow: [pull, push, overwrite, delete, catalog]}
exchange:
  - issuer: ${issuer.issuer}
    audience: https://oci.test
    claims: {sub: "repo:fox/app:ref:refs/heads/main"}
    robot: ci
    repositories: fox/**
    allow: [pull, push, overwrite]
`,
    })
    await registry.cli('robot', 'create', 'ci')
    host = new URL(registry.url).host
    tools = makeRegistryTools({ http: [host] })
    writeOciLayout(join(tools.directory, 'image'), { layers: [1_000, 10_000] })
  })
  afterAll(async () => {
    await tools?.close()
    await registry?.[Symbol.asyncDispose]()
    await issuer?.[Symbol.asyncDispose]()
  })

  test('the file that the login of a terminal writes is good for crane and skopeo', async () => {
    const file = join(registry.data, 'auth.json')
    const terminal = startTerminal(['login', host], { REGISTRY_AUTH_FILE: file })
    const browser = cookieBrowser(registry.url)
    await browser.post('/login', { user: 'you', password: PASSWORD })
    const { body } = await browser.get(await terminal.page())
    const user_code = /name="user_code" value="([A-Z-]+)"/.exec(body)?.[1] ?? ''
    await browser.post('/device', { user_code, decision: 'approve' })
    expect(await terminal.ended()).toBe(0)
    // The tools run as somebody else, who gets the same bytes.
    tools.write('.docker/config.json', readFileSync(file))
    await tools.crane(['push', 'image', `${host}/you/app:1`])
    const digest = await tools.crane(['digest', `${host}/you/app:1`])
    const copy = await tools.skopeo([
      'inspect',
      '--format',
      '{{.Digest}}',
      `docker://${host}/you/app:1`,
    ])
    expect(copy.trim()).toBe(digest.trim())
    const logout = startTerminal(['logout', host], { REGISTRY_AUTH_FILE: file })
    expect(await logout.ended()).toBe(0)
    expect(logout.output()).toContain('Its token is revoked.')
    await expect(tools.crane(['digest', `${host}/you/app:1`])).rejects.toThrow(/UNAUTHORIZED|401/)
    tools.write('.docker/config.json', '{}')
  })

  test('the ID token of a job is a password: skopeo logs in, crane and skopeo push', async () => {
    const token = idToken()
    await tools.login('skopeo', host, 'ci', token)
    await tools.skopeo(['copy', 'oci:image', `docker://${host}/fox/app:1`])
    await tools.crane(['push', 'image', `${host}/fox/app:2`])
    await expect(tools.crane(['push', 'image', `${host}/hare/app:1`])).rejects.toThrow(
      /DENIED|403|UNAUTHORIZED/,
    )
    await tools.logout('skopeo', host)
  })

  test('and can be exchanged for one that crane logs in with', async () => {
    const response = await registry.request('/token', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: idToken(),
        subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      }).toString(),
    })
    const { access_token: secret, username } = (await response.json()) as Record<string, string>
    await tools.login('crane', host, String(username), String(secret))
    await tools.crane(['push', 'image', `${host}/fox/app:3`])
    expect(await tools.crane(['ls', `${host}/fox/app`])).toContain('3')
    await tools.logout('crane', host)
  })
})
