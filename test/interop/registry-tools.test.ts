// The registry's clients against registries that are not ours: what fails here is no fault of our front end.
import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Ca, createCa } from '../support/ca.ts'
import {
  dockerRegistryUser,
  startCraneRegistry,
  startDockerRegistry,
  type TestRegistry,
} from '../support/docker-registry.ts'
import { conformance } from '../support/oci-conformance.ts'
import { type OciLayout, writeOciLayout } from '../support/oci-layout.ts'
import { type Peer, requirePeer } from '../support/peers.ts'
import { type LoginTool, makeRegistryTools, type RegistryTools } from '../support/registry-tools.ts'

const { user, password } = dockerRegistryUser
const required = ['docker-registry', 'crane', 'skopeo', 'cosign'] as const
// In the words of each tool.
const needsLogin = /unauthorized|authentication required|credential not found/i
const withPeers = (...peers: Peer[]) => describe.skipIf(!peers.every(requirePeer))

withPeers(
  ...required,
  'oras',
  'regctl',
  'buildah',
  'docker',
  'cosign2',
)('docker-registry', () => {
  let registry: TestRegistry
  let tools: RegistryTools
  let image: OciLayout
  let index: OciLayout
  const at = (repository: string, reference = ':1') => `${registry.host}/${repository}${reference}`

  beforeAll(async () => {
    registry = await startDockerRegistry({ auth: { kind: 'basic' } })
    tools = makeRegistryTools({ http: [registry.host] })
    image = writeOciLayout(join(tools.directory, 'image'), { layers: [1_000, 100_000] })
    index = writeOciLayout(join(tools.directory, 'index'), {
      platforms: ['linux/amd64', 'linux/arm64/v8'],
    })
    await tools.dockerLogin(registry.host, user, password)
    await tools.crane(['push', 'image', at('den/image')])
    await tools.skopeoCopy('oci:index:latest', `docker://${at('den/index')}`)
  })
  afterAll(async () => {
    await tools.close()
    await registry.close()
  })

  const uses: Record<LoginTool, (tools: RegistryTools) => Promise<string>> = {
    crane: ({ crane }) => crane(['digest', at('den/image')]),
    oras: ({ oras }) => oras(['resolve', at('den/image')]),
    regctl: ({ regctl }) => regctl(['image', 'digest', at('den/image')]),
    skopeo: ({ skopeo }) =>
      skopeo(['inspect', '--format', '{{.Digest}}', `docker://${at('den/image')}`]),
    buildah: async ({ buildah }) => {
      await buildah(['pull', '--policy', 'always', at('den/image')])
      return buildah([
        'inspect',
        '--type',
        'image',
        '--format',
        '{{.FromImageDigest}}',
        at('den/image'),
      ])
    },
    // Without an engine it can only log in and out; crane uses the same file.
    docker: ({ crane }) => crane(['digest', at('den/image')]),
  }

  test.each(Object.keys(uses) as LoginTool[])('%s logs in, reads, logs out', async (tool) => {
    await using own = makeRegistryTools({ http: [registry.host] })
    await expect(uses[tool](own)).rejects.toThrow(needsLogin)
    const wrong = own.login(tool, registry.host, user, 'wrong')
    if (tool === 'crane') {
      // It only writes the password down.
      await wrong
    } else {
      await expect(wrong).rejects.toThrow(/unauthorized|invalid username/i)
    }
    await own.login(tool, registry.host, user, password)
    expect((await uses[tool](own)).trim()).toBe(image.digest)
    await own.logout(tool, registry.host)
    await expect(uses[tool](own)).rejects.toThrow(needsLogin)
  })

  test('crane pushes, copies, lists and pulls', async () => {
    await tools.crane(['copy', at('den/image'), at('hill/image', ':copied')])
    expect(await tools.crane(['ls', at('hill/image', '')])).toBe('copied\n')
    expect((await tools.crane(['catalog', registry.host])).split('\n')).toContain('hill/image')
    await tools.crane(['pull', '--format=oci', at('hill/image', ':copied'), 'crane-pulled'])
    expect(readFileSync(blobIn(tools, 'crane-pulled', image.digest))).toEqual(
      readFileSync(blobIn(tools, 'image', image.digest)),
    )
  })

  test('skopeo copies an index with all its platforms, both ways', async () => {
    const there = `docker://${at('den/index')}`
    const listed = JSON.parse(await tools.skopeo(['list-tags', `docker://${at('den/index', '')}`]))
    expect(listed.Tags).toEqual(['1'])
    const raw = JSON.parse(await tools.skopeo(['inspect', '--raw', there]))
    expect(raw.manifests).toHaveLength(2)
    await tools.skopeoCopy(there, 'oci:skopeo-pulled:1')
    for (const { layers } of index.manifests) {
      for (const { digest } of layers)
        expect(existsSync(blobIn(tools, 'skopeo-pulled', digest))).toBe(true)
    }
  })

  test('regctl copies an index, lists, deletes a tag', async () => {
    await tools.regctl(['image', 'copy', 'ocidir://index:latest', at('den/regctl')])
    expect((await tools.regctl(['image', 'digest', at('den/regctl')])).trim()).toBe(index.digest)
    expect((await tools.regctl(['repo', 'ls', registry.host])).split('\n')).toContain('den/regctl')
    await tools.regctl(['manifest', 'delete', at('den/regctl', `@${index.digest}`)])
    expect((await tools.regctl(['tag', 'ls', at('den/regctl', '')])).trim()).toBe('')
  })

  test('oras pushes, pulls, attaches and discovers, by the fallback tag of the referrers', async () => {
    tools.write('sbom.json', '{"bomFormat":"CycloneDX"}')
    await tools.oras(['push', at('den/oras'), 'sbom.json'])
    await tools.oras(['pull', '--output', 'oras-pulled', at('den/oras')])
    const pulled = join(tools.directory, 'oras-pulled', 'sbom.json')
    expect(readFileSync(pulled, 'utf8')).toContain('CycloneDX')
    const type = 'application/vnd.cyclonedx+json'
    await tools.oras(['attach', '--artifact-type', type, at('den/oras'), 'sbom.json'])
    const found = JSON.parse(await tools.oras(['discover', '--format', 'json', at('den/oras')]))
    expect(found.referrers).toMatchObject([{ artifactType: type }])
    // docker-registry 2.8.2 has no referrers of its own.
    // https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#unavailable-referrers-api
    const tags = (await tools.oras(['repo', 'tags', at('den/oras', '')])).trim().split('\n')
    expect(tags).toContain(String(found.reference).split('@')[1]?.replace(':', '-'))
  })

  test('buildah builds an image from scratch and pushes it', async () => {
    tools.write('hello.txt', 'hello\n')
    await tools.buildah(['from', '--name', 'work', 'scratch'])
    await tools.buildah(['copy', 'work', 'hello.txt', '/hello.txt'])
    await tools.buildah(['commit', 'work', 'built'])
    await tools.login('buildah', registry.host, user, password)
    await tools.buildah(['push', 'built', `docker://${at('den/buildah')}`])
    expect(await tools.crane(['export', at('den/buildah'), '-'])).toContain('hello.txt')
  })

  test('cosign 3 signs with a bundle, which it alone verifies', async () => {
    await tools.cosignKeys('new')
    await tools.cosignKeys('other')
    const ref = at('den/image', `@${image.digest}`)
    await expect(tools.cosignVerify({ key: 'new', ref })).rejects.toThrow('no signatures found')
    await tools.cosignSign({ key: 'new', ref })
    expect(await tools.cosignVerify({ key: 'new', ref })).toMatchObject([speaksOf(image)])
    await expect(tools.cosignVerify({ key: 'other', ref })).rejects.toThrow()
    await expect(tools.cosignVerify({ key: 'new', ref, version: 2 })).rejects.toThrow(
      'no signatures found',
    )
  })

  test('cosign 2, and 3 when asked, sign with a .sig tag, which both verify', async () => {
    await tools.cosignKeys('old', 2)
    for (const signer of [{ version: 2 }, { version: 3, legacy: true }] as const) {
      const repository = `den/signed-by-${signer.version}`
      await tools.skopeoCopy('oci:index:latest', `docker://${at(repository)}`)
      const ref = at(repository, `@${index.digest}`)
      await tools.cosignSign({ ...signer, key: 'old', ref })
      const tag = `${index.digest.replace(':', '-')}.sig`
      expect(await tools.crane(['ls', at(repository, '')])).toContain(tag)
      for (const version of [2, 3] as const) {
        const verified = await tools.cosignVerify({ version, key: 'old', ref })
        expect(verified).toMatchObject([speaksOf(index)])
      }
    }
  })
})

const speaksOf = ({ digest }: OciLayout) => ({
  critical: { image: { 'docker-manifest-digest': digest } },
})
const blobIn = (tools: RegistryTools, layout: string, digest: string) =>
  join(tools.directory, layout, 'blobs', digest.replace(':', '/'))

withPeers('docker-registry')('docker-registry takes tokens of another server', () => {
  let ca: Ca
  beforeAll(async () => {
    ca = await createCa()
  })
  afterAll(() => ca.close())

  test('a JWT with its certificate in x5c, for one audience', async () => {
    const signer = await ca.issue('tokens.test')
    const names = { service: 'oci.test', issuer: 'tokens.test' }
    const realm = 'http://127.0.0.1:1/token'
    const auth = { kind: 'token', realm, ...names, certificate: ca.pem } as const
    await using registry = await startDockerRegistry({ auth })
    const ask = async (token?: string) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const answer = await fetch(`${registry.url}/v2/den/image/tags/list`, { headers })
      await answer.body?.cancel()
      return { status: answer.status, challenge: answer.headers.get('www-authenticate') }
    }
    expect(await ask()).toEqual({
      status: 401,
      challenge: `Bearer realm="${realm}",service="oci.test",scope="repository:den/image:pull"`,
    })
    const x5c = [new X509Certificate(signer.cert).raw.toString('base64')]
    const token = (header: object, audience: string | string[]) => {
      const now = Math.floor(Date.now() / 1000)
      const access = [{ type: 'repository', name: 'den/image', actions: ['pull'] }]
      const times = { iat: now, nbf: now - 5, exp: now + 60 }
      const claims = { iss: names.issuer, aud: audience, sub: 'fox', jti: randomUUID(), access }
      return jwt({ typ: 'JWT', alg: 'ES256', ...header }, { ...claims, ...times }, signer.key)
    }
    // 404: let in, but there is no such repository.
    expect((await ask(token({ x5c, kid: 'any' }, 'oci.test'))).status).toBe(404)
    expect((await ask(token({ kid: 'any' }, 'oci.test'))).status).toBe(401)
    expect((await ask(token({ x5c }, ['oci.test']))).status).toBe(401)
  })
})

function jwt(header: object, claims: object, key: string): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const signed = `${encode(header)}.${encode(claims)}`
  const options = { key: createPrivateKey(key), dsaEncoding: 'ieee-p1363' } as const
  return `${signed}.${sign('sha256', Buffer.from(signed), options).toString('base64url')}`
}

withPeers('docker-registry', 'oci-conformance')('the conformance program', () => {
  test('counts the same for docker-registry each time, with a password', async () => {
    await using registry = await startDockerRegistry({ auth: { kind: 'basic' } })
    const report = await conformance({ registry: registry.host, user, password })
    expect(report).toMatchObject({ tests: 848, failures: 99, errors: 0, skipped: 44, disabled: 2 })
    expect(report.failed).toHaveLength(98)
    // It has no sha512, among others.
    expect(report.failed).toContainEqual(expect.stringContaining('sha512'))
    const denied = await conformance({ registry: registry.host, user, password: 'wrong' })
    expect(denied.failures).toBeGreaterThan(report.failures)
  })
})

test.skipIf(!requirePeer('crane') || !requirePeer('oras'))(
  "crane's registry keeps images and what is attached, but has no referrers of its own",
  async () => {
    await using registry = await startCraneRegistry()
    await using tools = makeRegistryTools({ http: [registry.host] })
    const image = writeOciLayout(join(tools.directory, 'image'))
    const ref = `${registry.host}/den/image:1`
    await tools.crane(['push', 'image', ref])
    tools.write('note.txt', 'hello')
    const type = 'application/vnd.den.note'
    await tools.oras(['attach', '--artifact-type', type, ref, 'note.txt'])
    const { status } = await fetch(`${registry.url}/v2/den/image/referrers/${image.digest}`)
    expect(status).toBe(404)
    const found = JSON.parse(await tools.oras(['discover', '--format', 'json', ref]))
    expect(found.referrers).toMatchObject([{ artifactType: type }])
  },
)

test.skipIf(!requirePeer('crane'))('a tool that gets no answer is ended', async () => {
  await using silent = createServer((socket) => void socket.resume()).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  await using tools = makeRegistryTools({ http: [`127.0.0.1:${port}`] })
  const answer = tools.crane(['ls', `127.0.0.1:${port}/den/image`], { timeoutMs: 2_000 })
  await expect(answer).rejects.toThrow('ended after 2 s')
})

test('plain HTTP is for loopback only', () => {
  expect(() => makeRegistryTools({ http: ['registry.test:5000'] })).toThrow('loopback only')
  expect(() => makeRegistryTools({ http: ['127.0.0.1.registry.test:5000'] })).toThrow('loopback')
})
