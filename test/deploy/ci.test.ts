// The example of a pipeline: its script really pushes with a job's ID token, signs and attests; the workflow says what it runs.
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { cycloneDx } from '../support/attached-image.ts'
import { type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts'
import { jobTokens } from '../support/job-tokens.ts'
import { writeOciLayout } from '../support/oci-layout.ts'
import { programOf, requirePeer } from '../support/peers.ts'
import { type RegistryProcess, startRegistry } from '../support/registry-process.ts'
import { makeRegistryTools, type RegistryTools } from '../support/registry-tools.ts'
import { makeTempData, removeTempData } from '../support/temp-data.ts'

const run = promisify(execFile)
const ci = join(import.meta.dirname, '../../deploy/ci')
const isThere = (['skopeo', 'cosign'] as const).every(requirePeer)

describe.skipIf(!isThere)('deploy/ci/push', () => {
  let issuer: FakeIssuer
  let registry: RegistryProcess
  let tools: RegistryTools
  let directory: string
  let host: string
  let env: NodeJS.ProcessEnv

  beforeAll(async () => {
    directory = makeTempData('ci')
    issuer = await startFakeIssuer({ redirectUris: ['https://oci.test/login/oidc/back'] })
    const { key, kid } = issuer.rotateKeys()
    registry = await startRegistry({
      policy: policyFor(issuer.issuer),
    })
    await registry.cli('robot', 'create', 'ci')
    host = new URL(registry.url).host
    tools = makeRegistryTools({ http: [host] })
    await tools.cosignKeys('ci')
    const layout = writeOciLayout(join(directory, 'image'), {
      platforms: ['linux/arm64', 'linux/amd64'],
      tag: '1.2.3',
    })
    expect(layout.tag).toBe('1.2.3')
    writeFileSync(join(directory, 'sbom.cdx.json'), JSON.stringify(cycloneDx([])))
    env = {
      PATH: `${programs()}:${process.env['PATH']}`,
      HOME: directory,
      TOKEN_URL: `${registry.url}/token`,
      COSIGN_PRIVATE_KEY: readFileSync(join(tools.directory, 'ci.key'), 'utf8'),
      COSIGN_PASSWORD: '',
      ID_TOKEN: jobTokens(issuer, key, kid)(),
    }
  })
  afterAll(async () => {
    await tools?.close()
    await registry?.[Symbol.asyncDispose]()
    await issuer?.[Symbol.asyncDispose]()
    removeTempData(directory)
  })

  test('pushes with the ID token of the job, signs what arrived, attests its SBOM', async () => {
    const { stdout } = await push(env)
    expect(stdout).toMatch(new RegExp(`^${host}/fox/app:1.2.3@sha256:[0-9a-f]{64}\n$`))
    const ref = stdout.trim()
    const [payload] = await tools.cosignVerify({ key: 'ci', ref })
    expect(ref).toContain(payload?.critical.image['docker-manifest-digest'])
    const flags = ['--insecure-ignore-tlog=true', '--allow-http-registry', '--type', 'cyclonedx']
    const attested = await tools.cosign(3, ['verify-attestation', ...flags, '--key', 'ci.pub', ref])
    expect(attested).toContain('payload')
    const log = registry.log()
    expect(log).not.toContain(env['ID_TOKEN'])
  })

  test('leaves nothing behind where the token is not taken, and says why', async () => {
    const failed = push({ ...env, ID_TOKEN: `${env['ID_TOKEN']}x` })
    await expect(failed).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('error_description'),
    })
  })

  function push(environment: NodeJS.ProcessEnv) {
    const args = [
      `${host}/fox/app:1.2.3`,
      join(directory, 'image'),
      join(directory, 'sbom.cdx.json'),
    ]
    return run(join(ci, 'push'), args, { env: environment, cwd: directory })
  }

  /** A directory with cosign, wherever it is, and with a skopeo that takes plain HTTP. */
  function programs(): string {
    const bin = join(directory, 'bin')
    mkdirSync(bin)
    symlinkSync(programOf('cosign'), join(bin, 'cosign'))
    const plain = `exec ${programOf('skopeo')} "$@" --dest-tls-verify=false`
    writeFileSync(join(bin, 'skopeo'), `#!/bin/sh\n${plain}\n`, { mode: 0o755 })
    return bin
  }
})

test('the workflow runs scripts that are there, with the secrets that they read', () => {
  const workflow = parse(readFileSync(join(ci, 'images.yaml'), 'utf8'))
  const steps: { run?: string; env?: object }[] = workflow.jobs.image.steps
  const scripts = steps.flatMap(({ run: text = '' }) => text.match(/deploy\/ci\/\w+/g) ?? [])
  expect(scripts).toEqual(['deploy/ci/build', 'deploy/ci/push'])
  for (const script of scripts) expect(statSync(join(ci, '../..', script)).mode & 0o111).toBe(0o111)
  expect(workflow.permissions).toEqual({ contents: 'read', 'id-token': 'write' })
  expect(workflow.jobs.image.strategy.matrix.service).toEqual(['fediverse', 'bouncer', 'registry'])
})

function policyFor(address: string): string {
  return `rules:
  - who: [owner, "robot:ci"]
    repositories: ["**"]
    allow: [pull, push, overwrite]
  - who: everyone
    repositories: fox/**
    allow: [pull]
exchange:
  - issuer: ${address}
    audience: https://oci.test
    claims: {sub: "repo:fox/app:ref:refs/heads/main"}
    robot: ci
    repositories: fox/**
    allow: [pull, push, overwrite]
`
}
