// What is attached to images, in the pages of the real process: who signed it, attestations and SBOMs to read, and hostile ones.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  BUNDLE,
  bundleOf,
  cycloneDx,
  envelopeOf,
  INDEX,
  makeSigner,
  messageBundle,
  type Pushed,
  provenance,
  pusherTo,
  spdx,
  statementOf,
} from '../../support/attached-image.ts'
import { type CookieBrowser, cookieBrowser } from '../../support/cookie-browser.ts'
import { type RegistryProcess, startRegistry } from '../../support/registry-process.ts'
import { PASSWORD } from '../../support/service-process.ts'
import { makeTempData, removeTempData } from '../../support/temp-data.ts'

const SIGN = 'https://sigstore.dev/cosign/sign/v1'
const PROVENANCE = 'https://slsa.dev/provenance/v1'
const CYCLONEDX = 'https://cyclonedx.org/bom'
const trusted = makeSigner()
const stranger = makeSigner()

let registry: RegistryProcess
let browser: CookieBrowser
let keys: string
beforeAll(async () => {
  keys = makeTempData('keys')
  writeFileSync(join(keys, 'ci.pub'), trusted.pem)
  registry = await startRegistry({
    env: { FUCHSBAU_REGISTRY_TRUSTED_KEYS: join(keys, 'ci.pub') },
  })
  browser = cookieBrowser(registry.url)
  await browser.post('/login', { user: 'you', password: PASSWORD })
})
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]()
  removeTempData(keys)
})

const SIGNATURE = 'application/vnd.dev.cosign.simplesigning.v1+json'
const pageOf = async (repository: string, tag = '1') =>
  (await browser.get(`/repositories/${repository}/tags/${tag}`)).body

/** The page of the only document that an image's page leads to with this label. */
async function openDocument(repository: string, label: string, query = '') {
  const body = await pageOf(repository)
  const link = [...body.matchAll(/<a href="([^"]*attachment\?[^"]*)">([^<]*)</g)].find(
    ([, , text]) => text === label,
  )
  return await browser.get(`${link?.[1]?.replaceAll('&amp;', '&')}${query}`)
}

describe('a signature', () => {
  const signedBy = (signer: typeof trusted, digest: string) => {
    const payload = { critical: { image: { 'docker-manifest-digest': digest }, type: 'x' } }
    const signature = signer.sign(JSON.stringify(payload))
    return { payload, annotations: { 'dev.cosignproject.cosign/signature': signature } }
  }

  test('under a .sig tag is verified by the key that made it', async () => {
    const to = pusherTo(registry, 'sig/tag')
    const image = await to.image('one', '1')
    const { payload, annotations } = signedBy(trusted, image.digest)
    await to.underTag(image, 'sig', [{ ...(await to.blob(SIGNATURE, payload)), annotations }])
    expect(await pageOf('sig/tag')).toContain('Signature verified by ci.')
    expect((await browser.get('/repositories/sig/tag')).body).toContain('verified by ci')
  })

  test('of a stranger is there, and not verified', async () => {
    const to = pusherTo(registry, 'sig/stranger')
    const image = await to.image('one', '1')
    const { payload, annotations } = signedBy(stranger, image.digest)
    await to.underTag(image, 'sig', [{ ...(await to.blob(SIGNATURE, payload)), annotations }])
    expect(await pageOf('sig/stranger')).toContain('Signed, but by no key that is trusted here')
    expect((await browser.get('/repositories/sig/stranger')).body).toContain('signed, not verified')
  })

  test('of another image is none', async () => {
    const to = pusherTo(registry, 'sig/other')
    const image = await to.image('one', '1')
    const other = await to.image('two', '2')
    const { payload, annotations } = signedBy(trusted, other.digest)
    await to.underTag(image, 'sig', [{ ...(await to.blob(SIGNATURE, payload)), annotations }])
    const bundle = bundleOf({
      dsseEnvelope: envelopeOf(trusted, statementOf(other.digest, SIGN, {})),
    })
    await to.attach(image, BUNDLE, bundle)
    await to.attach(image, BUNDLE, messageBundle(trusted, other.body ?? ''))
    expect(await pageOf('sig/other')).toContain('Not signed.')
  })

  test('in a bundle is verified: of a statement, and of the bytes of the manifest', async () => {
    const to = pusherTo(registry, 'sig/bundle')
    const image = await to.image('one', '1')
    await to.attach(
      image,
      BUNDLE,
      bundleOf({ dsseEnvelope: envelopeOf(trusted, statementOf(image.digest, SIGN, {})) }),
    )
    expect(await pageOf('sig/bundle')).toContain('Signature verified by ci.')
    const second = await to.image('two', '2')
    await to.attach(second, BUNDLE, messageBundle(trusted, second.body ?? ''))
    expect(await pageOf('sig/bundle', '2')).toContain('Signature verified by ci.')
    const third = await to.image('three', '3')
    await to.attach(third, BUNDLE, messageBundle(stranger, third.body ?? ''))
    expect(await pageOf('sig/bundle', '3')).toContain('Signed, but by no key that is trusted here')
    const list = (await browser.get('/repositories/sig/bundle?sort=name')).body
    expect(list.match(/verified by ci/g)).toHaveLength(2)
  })

  test('of an attestation does not sign the image', async () => {
    const to = pusherTo(registry, 'sig/attestation')
    const image = await to.image('one', '1')
    const statement = statementOf(image.digest, PROVENANCE, provenance)
    await to.attach(image, BUNDLE, bundleOf({ dsseEnvelope: envelopeOf(trusted, statement) }))
    const body = await pageOf('sig/attestation')
    expect(body).toContain('Not signed.')
    expect(body).toContain('Build provenance (SLSA)')
  })

  test('that nobody made is none: a bare statement', async () => {
    const to = pusherTo(registry, 'sig/bare')
    const image = await to.image('one', '1')
    await to.attach(image, 'application/vnd.in-toto+json', statementOf(image.digest, SIGN, {}))
    expect(await pageOf('sig/bare')).toContain('Not signed.')
  })
})

describe('an attestation', () => {
  test('of a build can be read, with who signed it, and downloaded as it is', async () => {
    const to = pusherTo(registry, 'att/slsa')
    const image = await to.image('one', '1')
    const envelope = envelopeOf(trusted, statementOf(image.digest, PROVENANCE, provenance))
    await to.attach(image, BUNDLE, bundleOf({ dsseEnvelope: envelope }))
    const { body } = await openDocument('att/slsa', 'Build provenance (SLSA)')
    expect(body).toContain('Signed by ci: verified.')
    expect(body).toContain('https://ci.test/runner')
    expect(body).toContain('workflow repository: https://git.test/den/app')
    expect(body).toContain('pkg:docker/alpine@3.20')
    const raw = /href="([^"]*attachment\/raw[^"]*)"/.exec(body)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const file = await browser.get(raw)
    expect(JSON.parse(file.body)).toEqual(bundleOf({ dsseEnvelope: envelope }))
  })

  test('under an .att tag of cosign 2, in its words', async () => {
    const to = pusherTo(registry, 'att/tag')
    const image = await to.image('one', '1')
    const custom = { Data: '{"answer":42}', Timestamp: '' }
    const type = 'https://cosign.sigstore.dev/attestation/v1'
    const layer = await to.blob(
      'application/vnd.dsse.envelope.v1+json',
      envelopeOf(stranger, statementOf(image.digest, type, custom)),
    )
    await to.underTag(image, 'att', [layer])
    const { body } = await openDocument('att/tag', 'Statement of its own kind')
    expect(body).toContain('not verified')
    expect(body).toContain('&quot;answer&quot;: 42')
  })

  test('of BuildKit, in the index, is of the image of its platform', async () => {
    const to = pusherTo(registry, 'att/buildkit')
    const image = await to.image('one')
    const type = 'https://spdx.dev/Document'
    const sbom = spdx([{ name: 'musl', versionInfo: '1.2', licenseConcluded: 'MIT' }])
    const layer: Pushed = {
      ...(await to.blob('application/vnd.in-toto+json', statementOf(image.digest, type, sbom))),
      annotations: { 'in-toto.io/predicate-type': type },
    }
    const config = await to.blob('application/vnd.oci.image.config.v1+json', {})
    const about = await to.manifest({ config, layers: [layer] })
    const { body: _, ...platform } = image
    const { body: __, ...attestation } = about
    const unknown = { os: 'unknown', architecture: 'unknown' }
    const annotations = {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': image.digest,
    }
    await to.manifest(
      {
        mediaType: INDEX,
        manifests: [
          { ...platform, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
          { ...attestation, platform: unknown, annotations },
        ],
      },
      '1',
    )
    const page = await pageOf('att/buildkit')
    expect(page).toContain('linux/arm64/v8')
    expect(page).not.toContain('unknown/unknown')
    // Configuration and two layers of the image.
    expect(page).toMatch(/linux\/arm64\/v8[\s\S]{0,200}34 KiB/)
    const { body } = await openDocument('att/buildkit', 'SBOM (SPDX)')
    expect(body).toContain('musl')
    expect(body).toContain('Not signed: whoever may push')
    expect((await browser.get('/repositories/att/buildkit')).body).toContain('1 platform')
  })
})

describe('an SBOM', () => {
  const many = Array.from({ length: 250 }, (_, index) => ({
    type: 'library',
    name: `lib${index}`,
    version: `1.${index}`,
    purl: `pkg:npm/lib${index}@1.${index}`,
    licenses: [{ license: { id: index === 7 ? 'EUPL-1.2' : 'MIT' } }],
  }))

  test('in CycloneDX, attached as it is, is a table with pages and search', async () => {
    const to = pusherTo(registry, 'sbom/cdx')
    const image = await to.image('one', '1')
    await to.attach(image, 'application/vnd.cyclonedx+json', cycloneDx(many))
    const first = await openDocument('sbom/cdx', 'SBOM (CycloneDX)')
    expect(first.body).toContain('CycloneDX 1.6')
    expect(first.body).toContain('syft 1.30')
    expect(first.body).toContain('250 components')
    expect(first.body).toContain('<td>lib99</td>')
    expect(first.body).not.toContain('<td>lib100</td>')
    expect((await openDocument('sbom/cdx', 'SBOM (CycloneDX)', '&page=3')).body).toContain('lib249')
    const found = (await openDocument('sbom/cdx', 'SBOM (CycloneDX)', '&q=eupl')).body
    expect(found).toContain('1 fits')
    expect(found).toContain('<td>lib7</td>')
    expect(found).not.toContain('<td>lib8</td>')
  })

  test('in SPDX, under an .sbom tag', async () => {
    const to = pusherTo(registry, 'sbom/tag')
    const image = await to.image('one', '1')
    const packages = [
      {
        name: 'zlib',
        versionInfo: '1.3',
        licenseConcluded: 'NOASSERTION',
        licenseDeclared: 'Zlib',
        externalRefs: [{ referenceType: 'purl', referenceLocator: 'pkg:deb/zlib@1.3' }],
      },
    ]
    await to.underTag(image, 'sbom', [await to.blob('text/spdx+json', spdx(packages))])
    const { body } = await openDocument('sbom/tag', 'SBOM (SPDX)')
    expect(body).toMatch(/<td>zlib<\/td><td>1\.3<\/td><td>Zlib<\/td><td><code>pkg:deb\/zlib@1\.3/)
    expect(body).toContain('trivy-0.60')
  })

  test('in an attestation is verified with it', async () => {
    const to = pusherTo(registry, 'sbom/attested')
    const image = await to.image('one', '1')
    const statement = statementOf(image.digest, CYCLONEDX, cycloneDx(many))
    await to.attach(image, BUNDLE, bundleOf({ dsseEnvelope: envelopeOf(trusted, statement) }))
    const { body } = await openDocument('sbom/attested', 'SBOM (CycloneDX)')
    expect(body).toContain('Signed by ci: verified.')
    expect(body).toContain('250 components')
  })

  test('of megabytes is read in a thread, and kept to a limit', async () => {
    const to = pusherTo(registry, 'sbom/large')
    const image = await to.image('one', '1')
    const large = Array.from({ length: 25_000 }, (_, index) => ({
      name: `c${index}`,
      version: '1',
    }))
    await to.attach(image, 'application/vnd.cyclonedx+json', cycloneDx(large))
    const page = await openDocument('sbom/large', 'SBOM (CycloneDX)')
    expect(page.body).toContain('20,000 components; there are more')
    expect((await openDocument('sbom/large', 'SBOM (CycloneDX)', '&q=c19999')).body).toContain(
      '1 fits',
    )
  })
})

describe('a hostile document', () => {
  const evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'

  test.each<[string, object | Buffer]>([
    [
      'markup everywhere',
      cycloneDx([{ name: evil, version: evil, purl: evil, licenses: [{ expression: evil }] }]),
    ],
    [
      'fields of other types',
      {
        bomFormat: 'CycloneDX',
        specVersion: 7,
        metadata: [],
        components: [null, 1, 'x', { name: {} }, []],
      },
    ],
    ['components that are no list', { bomFormat: 'CycloneDX', components: { length: 1e9 } }],
    [
      'SPDX of other types',
      {
        spdxVersion: 'SPDX-2.3',
        packages: [{ name: 1, externalRefs: 'x' }],
        creationInfo: { creators: [{}] },
      },
    ],
    ['no JSON', Buffer.from('{"bomFormat":')],
    ['XML', Buffer.from('<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>')],
    ['nothing', Buffer.alloc(1, ' ')],
    ['zeros', Buffer.alloc(2_000_000)],
    ['deep nesting', Buffer.from(`${'{"components":['.repeat(50_000)}`)],
    ['deep nesting that ends', Buffer.from(`{"a":${'['.repeat(60_000)}${']'.repeat(60_000)}}`)],
    ['a prototype', Buffer.from('{"__proto__":{"bomFormat":"CycloneDX"},"constructor":1}')],
    [
      'nested components',
      Buffer.from(
        `{"bomFormat":"CycloneDX",${'"components":[{'.repeat(20_000)}"name":"x"${'}]'.repeat(20_000)}}`,
      ),
    ],
  ])('of %s is shown in a sentence, and breaks nothing', async (_, content) => {
    const name = `evil/n${registry.url.length}${Buffer.from(_).toString('hex').slice(0, 20)}`
    const to = pusherTo(registry, name)
    const image = await to.image('one', '1')
    await to.attach(image, 'application/vnd.cyclonedx+json', content as object)
    const { status, body } = await openDocument(name, 'SBOM (CycloneDX)')
    expect(status).toBe(200)
    expect(body).not.toContain('<script')
    expect(body).not.toContain('<img src=x')
  })

  test.each<[string, object]>([
    [
      'an envelope without a statement',
      {
        dsseEnvelope: {
          payload: 'e30=',
          payloadType: 'application/vnd.in-toto+json',
          signatures: [],
        },
      },
    ],
    [
      'an envelope of another type',
      { dsseEnvelope: { payload: 7, payloadType: {}, signatures: 'x' } },
    ],
    ['a message without a digest', { messageSignature: { signature: 'AAAA' } }],
    ['nothing', {}],
  ])('a bundle with %s is no signature', async (_, content) => {
    const name = `evil/b${Buffer.from(_).toString('hex').slice(0, 30)}`
    const to = pusherTo(registry, name)
    const image = await to.image('one', '1')
    await to.attach(image, BUNDLE, content, { 'dev.sigstore.bundle.predicateType': SIGN })
    const page = await browser.get(`/repositories/${name}/tags/1`)
    expect(page.status).toBe(200)
    expect(page.body).toContain('Not signed.')
  })

  test('only what is attached to the image of the address is shown, to who may read it', async () => {
    const to = pusherTo(registry, 'evil/address')
    const image = await to.image('one', '1')
    const other = await to.image('two', '2')
    const sbom = await to.attach(image, 'application/vnd.cyclonedx+json', cycloneDx([]))
    const blob = JSON.parse(sbom.body ?? '').layers[0].digest
    const path = (page: string, of: string, repository = 'evil/address') =>
      `/attachment${page}?repository=${repository}&image=${of}&manifest=${sbom.digest}&blob=${blob}`
    expect((await browser.get(path('', image.digest))).status).toBe(200)
    for (const page of ['', '/raw']) {
      expect((await browser.get(path(page, other.digest))).status).toBe(404)
      expect((await browser.get(path(page, image.digest, 'sbom/cdx'))).status).toBe(404)
      expect((await browser.get(path(page, 'sha256:0'))).status).toBe(404)
      expect((await cookieBrowser(registry.url).get(path(page, image.digest))).location).toContain(
        '/login',
      )
    }
  })

  test('a download is a file, whatever its type says', async () => {
    const to = pusherTo(registry, 'evil/download')
    const image = await to.image('one', '1')
    const sbom = await to.attach(image, 'text/html+spdx', { html: '<script>alert(1)</script>' })
    const blob = JSON.parse(sbom.body ?? '').layers[0].digest
    const response = await fetchAsOwner(
      `/attachment/raw?repository=evil/download&image=${image.digest}&manifest=${sbom.digest}&blob=${blob}`,
    )
    expect(response.headers.get('content-type')).toBe('application/octet-stream')
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="[\w.]+"$/)
    expect(response.headers.get('content-security-policy')).toContain('sandbox')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  })

  async function fetchAsOwner(path: string): Promise<Response> {
    const login = await fetch(`${registry.url}/login`, {
      method: 'POST',
      headers: { origin: registry.url },
      body: new URLSearchParams({ user: 'you', password: PASSWORD }),
      redirect: 'manual',
    })
    const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    return await fetch(registry.url + path, { headers: { cookie } })
  }
})

test('what refers to what refers to an image is a tree', async () => {
  const to = pusherTo(registry, 'tree/one')
  const image = await to.image('one', '1')
  const report = await to.attach(image, 'application/sarif+json', {})
  const note = await to.attach(report, 'application/vnd.den.note', {})
  await to.attach(note, 'application/vnd.den.deeper', {})
  const body = await pageOf('tree/one')
  const tree = body.slice(body.indexOf('What refers to it</h2>'))
  expect(tree).toMatch(
    /Scan report \(SARIF\)<\/a>[\s\S]*<ul class="tree"><li><a[^>]*>application\/vnd\.den\.note<[\s\S]*<ul class="tree"><li><a[^>]*>application\/vnd\.den\.deeper</,
  )
})
