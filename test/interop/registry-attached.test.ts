// What cosign 2 and 3 and oras attach to an image, read in our pages in front of each upstream: signatures, attestations, SBOMs;
// also where the upstream has no referrers, and clients keep them under a tag.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cycloneDx, provenance, spdx } from '../support/attached-image.ts'
import { type CookieBrowser, cookieBrowser } from '../support/cookie-browser.ts'
import { type OciLayout, writeOciLayout } from '../support/oci-layout.ts'
import { type Peer, requirePeer } from '../support/peers.ts'
import type { RegistryProcess } from '../support/registry-process.ts'
import {
  type CosignVersion,
  makeRegistryTools,
  type RegistryTools,
} from '../support/registry-tools.ts'
import { upstreamKinds } from '../support/registry-upstreams.ts'
import { PASSWORD } from '../support/service-process.ts'
import { makeTempData, removeTempData } from '../support/temp-data.ts'

const needed: Peer[] = ['crane', 'oras', 'cosign', 'cosign2']
const components = [
  { type: 'library', name: 'openssl', version: '3.0.1', purl: 'pkg:deb/openssl@3.0.1' },
]
const packages = [
  { SPDXID: 'SPDXRef-1', name: 'zlib', versionInfo: '1.3', licenseConcluded: 'Zlib' },
]

describe.each(upstreamKinds)('in front of $name', (kind) => {
  const isThere = [...needed, ...kind.peers].every(requirePeer)

  describe.skipIf(!isThere)('what tools attach', () => {
    let front: RegistryProcess
    let close: () => Promise<void>
    let tools: RegistryTools
    let browser: CookieBrowser
    let keys: string
    let host: string

    beforeAll(async () => {
      keys = makeTempData('keys')
      // The key must be there before we start; it signs in the directory of the tools that know the port.
      await using maker = makeRegistryTools()
      writeFileSync(join(keys, 'ci.pub'), await maker.cosignKeys('ci', 2))
      const secret = readFileSync(join(maker.directory, 'ci.key'))
      const env = { FUCHSBAU_REGISTRY_TRUSTED_KEYS: join(keys, 'ci.pub') }
      ;({ front, close } = await kind.start(env))
      host = new URL(front.url).host
      tools = makeRegistryTools({ http: [host] })
      tools.write('ci.key', secret)
      tools.write('cdx.json', JSON.stringify(cycloneDx(components)))
      tools.write('spdx.json', JSON.stringify(spdx(packages)))
      tools.write('slsa.json', JSON.stringify(provenance))
      await tools.dockerLogin(host, 'you', PASSWORD)
      browser = cookieBrowser(front.url)
      await browser.post('/login', { user: 'you', password: PASSWORD })
    })
    afterAll(async () => {
      await tools?.close()
      await close?.()
      removeTempData(keys)
    })

    async function push(repository: string): Promise<{ image: OciLayout; ref: string }> {
      const layout = repository.replace('/', '-')
      const image = writeOciLayout(join(tools.directory, layout))
      await tools.crane(['push', layout, `${host}/${repository}:1`])
      return { image, ref: `${host}/${repository}@${image.digest}` }
    }

    const attest = (version: CosignVersion, type: string, file: string, ref: string) => {
      const isOffline = version === 3 ? ['--use-signing-config=false'] : []
      const flags = ['--yes', '--tlog-upload=false', '--allow-http-registry', ...isOffline]
      const what = ['--key', 'ci.key', '--type', type, '--predicate', file]
      return tools.cosign(version, ['attest', ...flags, ...what, ref])
    }

    const imagePage = async (repository: string) =>
      (await browser.get(`/repositories/${repository}/tags/1`)).body

    async function open(repository: string, label: string): Promise<string> {
      const body = await imagePage(repository)
      const links = [...body.matchAll(/<a href="([^"]*attachment\?[^"]*)">([^<]*)</g)]
      const found = links.find(([, , text]) => text === label)
      return (await browser.get(found?.[1]?.replaceAll('&amp;', '&') ?? '/none')).body
    }

    test.each([3, 2] as const)(
      'cosign %i signs, and the page and the list say by whom',
      async (version) => {
        const { ref } = await push(`den/signed${version}`)
        await tools.cosignSign({ version, key: 'ci', ref })
        expect(await imagePage(`den/signed${version}`)).toContain('Signature verified by ci.')
        expect((await browser.get(`/repositories/den/signed${version}`)).body).toContain(
          'verified by ci',
        )
        expect((await browser.get('/repositories/den/signed3')).body).toContain('1 tag')
      },
    )

    test.each([3, 2] as const)('cosign %i attests, and it can be read', async (version) => {
      const name = `den/attested${version}`
      const { ref } = await push(name)
      await attest(version, 'cyclonedx', 'cdx.json', ref)
      await attest(version, 'spdxjson', 'spdx.json', ref)
      await attest(version, 'slsaprovenance1', 'slsa.json', ref)
      expect(await imagePage(name)).toContain('Not signed.')
      const sbom = await open(name, 'SBOM (CycloneDX)')
      expect(sbom).toContain('Signed by ci: verified.')
      expect(sbom).toMatch(/openssl<\/td><td>3\.0\.1/)
      expect(await open(name, 'SBOM (SPDX)')).toMatch(/zlib<\/td><td>1\.3<\/td><td>Zlib/)
      const built = await open(name, 'Build provenance (SLSA)')
      expect(built).toContain('https://ci.test/runner')
      expect(built).toContain('Signed by ci: verified.')
    })

    test('cosign attaches an SBOM under its tag, oras one as a referrer', async () => {
      const { ref } = await push('den/sbom')
      const flags = [
        '--allow-http-registry',
        '--sbom',
        'spdx.json',
        '--type',
        'spdx',
        '--input-format',
        'json',
      ]
      await tools.cosign(2, ['attach', 'sbom', ...flags, ref])
      const type = 'application/vnd.cyclonedx+json'
      await tools.oras(['attach', '--artifact-type', type, ref, `cdx.json:${type}`])
      expect(await open('den/sbom', 'SBOM (SPDX)')).toMatch(/zlib<\/td><td>1\.3/)
      const attached = await open('den/sbom', 'SBOM (CycloneDX)')
      expect(attached).toMatch(/openssl<\/td><td>3\.0\.1/)
      expect(attached).toContain('Not signed: whoever may push')
    })

    test('what oras attaches to what it attached is a tree', async () => {
      const { ref } = await push('den/tree')
      const note = ['--artifact-type', 'application/vnd.den.note', '--format', 'json']
      const made = JSON.parse(await tools.oras(['attach', ...note, ref, 'slsa.json']))
      const deeper = ['--artifact-type', 'application/vnd.den.deeper']
      await tools.oras(['attach', ...deeper, `${host}/den/tree@${made.digest}`, 'spdx.json'])
      expect(await imagePage('den/tree')).toMatch(
        /application\/vnd\.den\.note<[\s\S]*<ul class="tree"><li><a[^>]*>application\/vnd\.den\.deeper</,
      )
    })

    test('the commands of the page do what they say', async () => {
      const { ref } = await push('den/used')
      await tools.cosignSign({ key: 'ci', ref })
      const body = await imagePage('den/used')
      const commands = [...body.matchAll(/<code class="copy">([^<]*)<\/code>/g)].map(
        ([, text]) => text,
      )
      const verify = commands.find((each) => each?.startsWith('cosign verify'))?.split(' ') ?? []
      tools.write('ci.pub', readFileSync(join(keys, 'ci.pub')))
      const offline = ['--insecure-ignore-tlog=true', '--allow-http-registry']
      expect(await tools.cosign(3, [...verify.slice(1), ...offline])).toContain(
        'docker-manifest-digest',
      )
      const copy = commands.find((each) => each?.startsWith('oras copy'))?.split(' ') ?? []
      await tools.oras(copy.slice(1))
      const discover = commands.find((each) => each?.startsWith('oras discover'))?.split(' ') ?? []
      expect(await tools.oras(discover.slice(1))).toContain('sha256:')
    })

    test('a tag is deleted in the page, or it is said what to do instead', async () => {
      const { image } = await push('den/gone')
      await browser.get('/delete?repository=den/gone&reference=1')
      const answer = await browser.post('/delete', { repository: 'den/gone', reference: '1' })
      if (answer.status !== 303) {
        expect(answer.status).toBe(422)
        expect(answer.body).toContain('cannot delete a tag alone')
        const fields = { repository: 'den/gone', reference: image.digest }
        expect((await browser.post('/delete', fields)).status).toBe(303)
      }
      expect((await browser.get('/repositories/den/gone/tags/1')).status).toBe(404)
    })
  })
})
