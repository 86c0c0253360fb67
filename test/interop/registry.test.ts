// The registry's real clients through our front end, in front of each upstream: the built-in one, Debian's docker-registry
// (which gets no tokens of ours), and Zot, which verifies them again.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cookieBrowser } from '../support/cookie-browser.ts'
import { conformance } from '../support/oci-conformance.ts'
import { type OciLayout, writeOciLayout } from '../support/oci-layout.ts'
import { type Peer, requirePeer } from '../support/peers.ts'
import type { RegistryProcess } from '../support/registry-process.ts'
import { type LoginTool, makeRegistryTools, type RegistryTools } from '../support/registry-tools.ts'
import { upstreamKinds } from '../support/registry-upstreams.ts'
import { PASSWORD } from '../support/service-process.ts'

const clients = ['crane', 'oras', 'regctl', 'skopeo', 'buildah', 'docker'] as const
const needed: Peer[] = [...clients, 'cosign', 'cosign2', 'oci-conformance']

describe.each(upstreamKinds)('in front of $name', (kind) => {
  const isThere = [...needed, ...kind.peers].every(requirePeer)

  describe.skipIf(!isThere)('real clients', () => {
    let front: RegistryProcess
    let host: string
    let direct: string | undefined
    let close: () => Promise<void>
    let tools: RegistryTools
    let image: OciLayout
    /** May do everything below `den/`. */
    let secret: string
    const at = (repository: string, reference = ':1') => `${host}/${repository}${reference}`

    beforeAll(async () => {
      ;({ front, direct, close } = await kind.start())
      host = new URL(front.url).host
      tools = makeRegistryTools({ http: [host] })
      image = writeOciLayout(join(tools.directory, 'image'), { layers: [1_000, 3_000_000] })
      writeOciLayout(join(tools.directory, 'index'), {
        platforms: ['linux/amd64', 'linux/arm64/v8'],
      })
      await front.cli('robot', 'create', 'ci')
      const rights = ['--allow', 'pull,push,overwrite,delete', '--repository', 'den/**']
      secret = (await front.cli('token', 'create', 'robot:ci', ...rights))[0] ?? ''
      await tools.dockerLogin(host, 'ci', secret)
      await tools.crane(['push', 'image', at('den/image')])
    })
    afterAll(async () => {
      await tools?.close()
      await close?.()
    })

    const uses: Record<LoginTool, (tools: RegistryTools) => Promise<string>> = {
      crane: ({ crane }) => crane(['digest', at('den/image')]),
      oras: ({ oras }) => oras(['resolve', at('den/image')]),
      regctl: ({ regctl }) => regctl(['image', 'digest', at('den/image')]),
      skopeo: ({ skopeo }) =>
        skopeo(['inspect', '--format', '{{.Digest}}', `docker://${at('den/image')}`]),
      buildah: async ({ buildah }) => {
        await buildah(['pull', '--policy', 'always', at('den/image')])
        const form = ['--type', 'image', '--format', '{{.FromImageDigest}}']
        return await buildah(['inspect', ...form, at('den/image')])
      },
      // Without an engine it can only log in and out; crane uses the same file.
      docker: ({ crane }) => crane(['digest', at('den/image')]),
    }

    test.each(clients)('%s logs in with an access token, reads, logs out', async (tool) => {
      await using own = makeRegistryTools({ http: [host] })
      await expect(uses[tool](own)).rejects.toThrow(/unauthorized|log in|credential/i)
      await own.login(tool, host, 'ci', secret)
      expect((await uses[tool](own)).trim()).toBe(image.digest)
      await own.logout(tool, host)
      await expect(uses[tool](own)).rejects.toThrow(/unauthorized|log in|credential/i)
    })

    test('a token is good where it is for, and nowhere else', async () => {
      // It looks with HEAD first, whose answer has no words.
      await expect(tools.crane(['push', 'image', at('hill/image')])).rejects.toThrow('403')
      await expect(tools.crane(['ls', at('hill/image', '')])).rejects.toThrow(
        'This token is not for pull in hill/image.',
      )
    })

    test('images with several platforms go both ways, and blobs are mounted', async () => {
      await tools.skopeoCopy('oci:index:latest', `docker://${at('den/index')}`)
      await tools.skopeoCopy(`docker://${at('den/index')}`, 'oci:back:1')
      await tools.crane(['copy', at('den/image'), at('den/copy', ':2')])
      expect(await tools.crane(['ls', at('den/copy', '')])).toBe('2\n')
      expect((await tools.crane(['catalog', host])).trim().split('\n')).toContain('den/copy')
    })

    test('buildah builds and pushes', async () => {
      await tools.buildah(['from', '--name', 'scratched', 'scratch'])
      await tools.buildah(['commit', 'scratched', 'made'])
      await tools.login('buildah', host, 'ci', secret)
      await tools.buildah(['push', 'made', `docker://${at('den/built')}`])
      expect(await tools.crane(['digest', at('den/built')])).toMatch(/^sha256:/)
    })

    test('oras attaches, and what refers to an image is found', async () => {
      tools.write('sbom.json', '{"bomFormat":"CycloneDX"}')
      const type = 'application/vnd.cyclonedx+json'
      await tools.oras(['attach', '--artifact-type', type, at('den/image'), 'sbom.json'])
      const found = JSON.parse(await tools.oras(['discover', '--format', 'json', at('den/image')]))
      expect(found.referrers).toMatchObject([{ artifactType: type }])
    })

    test.each([3, 2] as const)(
      'cosign %i signs, and its signature is verified',
      async (version) => {
        const key = `key${version}`
        await tools.cosignKeys(key, version)
        const ref = at('den/image', `@${image.digest}`)
        await tools.cosignSign({ version, key, ref, legacy: version === 3 && !kind.hasReferrers })
        const [payload] = await tools.cosignVerify({ version, key, ref })
        expect(payload?.critical.image['docker-manifest-digest']).toBe(image.digest)
      },
    )

    test('the page of the image says that it is signed, and by nobody that we trust', async () => {
      const browser = cookieBrowser(front.url)
      await browser.post('/login', { user: 'you', password: PASSWORD })
      const { body } = await browser.get('/repositories/den/image/tags/1')
      expect(body).toContain('Signed, but by no key that is trusted here')
    })

    test('regctl deletes a tag with its manifest', async () => {
      await tools.regctl(['image', 'copy', 'ocidir://index:latest', at('den/gone')])
      const digest = (await tools.regctl(['image', 'digest', at('den/gone')])).trim()
      await tools.regctl(['manifest', 'delete', at('den/gone', `@${digest}`)])
      await expect(tools.crane(['digest', at('den/gone')])).rejects.toThrow(/MANIFEST_UNKNOWN|404/)
    })

    test('a revoked token ends at once', async () => {
      const [id] = ((await front.cli('token', 'list', 'robot:ci'))[0] ?? '').split(' ')
      await front.cli('token', 'revoke', id ?? '')
      await expect(tools.crane(['digest', at('den/image')])).rejects.toThrow(/401|UNAUTHORIZED/)
    })

    test('OCI conformance: nothing fails that does not fail at the upstream by itself', async () => {
      const repositories = ['through/one', 'through/two'] as const
      const user = { user: 'you', password: PASSWORD }
      const report = await conformance({ registry: host, ...user, repositories })
      const before = direct && (await conformance({ registry: direct }))
      const known = before ? before.failed : []
      expect(report.failed.filter((name) => !known.includes(name))).toEqual([])
      expect(report.tests).toBeGreaterThan(700)
    })
  })
})
