// Looking at images in a browser without JavaScript: a repository with many tags, an image with platforms, one that is signed
// and described, its bill of materials, and deleting; on a desk and on a phone, light and dark. Every page passes axe's rules.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  BUNDLE,
  bundleOf,
  cycloneDx,
  envelopeOf,
  INDEX,
  makeSigner,
  provenance,
  pusherTo,
  spdx,
  statementOf,
} from '../support/attached-image.ts'
import { startChromium, type Visitor } from '../support/chromium.ts'
import { requirePeer } from '../support/peers.ts'
import { type RegistryProcess, startRegistry } from '../support/registry-process.ts'
import { PASSWORD } from '../support/service-process.ts'
import { makeTempData, removeTempData } from '../support/temp-data.ts'

const POLICY = `rules:
  - who: owner
    repositories: "**"
    allow: [pull, push, overwrite, delete, catalog, admin]
immutable:
  - repositories: "**"
    tags: ["v*"]
`

describe.skipIf(!requirePeer('chromium'))('a person who looks at images', () => {
  let registry: RegistryProcess
  let visitor: Visitor
  let page: Page
  let keys: string

  beforeAll(async () => {
    const signer = makeSigner()
    keys = makeTempData('keys')
    writeFileSync(join(keys, 'ci.pub'), signer.pem)
    registry = await startRegistry({
      policy: POLICY,
      env: { FUCHSBAU_REGISTRY_TRUSTED_KEYS: join(keys, 'ci.pub') },
    })
    await fill(registry, signer)
    visitor = await startChromium()
    page = visitor.page
    await page.goto(registry.url)
    await page.getByLabel('User name').fill('you')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Log in' }).first().click()
  })
  afterAll(async () => {
    await visitor?.[Symbol.asyncDispose]()
    await registry?.[Symbol.asyncDispose]()
    removeTempData(keys)
  })

  const look = (name: string) => visitor.look(`registry-images-${name}`)
  const text = () => page.locator('main').innerText()
  const follow = (name: string) => page.getByRole('link', { name, exact: true }).first().click()

  test('sees the repositories, with how many tags and the last push', async () => {
    expect(await text()).toMatch(/den\/app\s+31 tags · pushed/)
    await look('repositories')
  })

  test('finds a tag, by page, by word, and by name', async () => {
    await follow('den/app')
    expect(await text()).toContain('Page 1 of 2')
    await look('repository')
    await page.getByRole('link', { name: 'Next' }).click()
    await page.getByLabel('Tag').fill('v1')
    await page.getByRole('button', { name: 'Search' }).click()
    await follow('By name')
    const rows = await page.locator('.rows a').allInnerTexts()
    expect(rows.slice(0, 3)).toEqual(['v1', 'v10', 'v11'])
  })

  test('sees who signed an image, and what is in it', async () => {
    await page.goto(`${registry.url}/repositories/den/app/tags/v30`)
    const said = await text()
    expect(said).toContain('Signature verified by ci.')
    expect(said).toContain('docker pull')
    expect(said).toContain('COPY app /app # buildkit')
    await look('image')
  })

  test('one click selects a command, by style alone', async () => {
    const style = await page.evaluate(
      'getComputedStyle(document.querySelector(".commands code")).userSelect',
    )
    expect(style).toBe('all')
  })

  test('reads the bill of materials, and searches in it', async () => {
    await follow('SBOM (CycloneDX)')
    expect(await text()).toContain('120 components')
    await look('sbom')
    await page.getByLabel('Name, licence or purl').fill('lib7')
    await page.getByRole('button', { name: 'Search' }).click()
    expect(await text()).toContain('11 fit')
    await page.goBack()
    await page.goBack()
  })

  test('reads how it was built', async () => {
    await follow('Build provenance (SLSA)')
    expect(await text()).toContain('https://ci.test/runner')
    await look('provenance')
  })

  test('sees the platforms of an index', async () => {
    await page.goto(`${registry.url}/repositories/den/multi/tags/latest`)
    expect(await text()).toContain('linux/arm64/v8')
    await look('index')
  })

  test('is told why an immutable tag stays', async () => {
    await page.goto(`${registry.url}/repositories/den/app/tags/v30`)
    await follow('Delete the tag v30 …')
    expect(await text()).toContain('is immutable (line 6 of the policy)')
    expect(await page.getByRole('button', { name: /^Delete/ }).count()).toBe(0)
    await look('immutable')
  })

  test('deletes an image with its tags, told before which', async () => {
    await page.goto(`${registry.url}/repositories/den/multi/tags/latest`)
    await follow('Delete the image with all its tags …')
    const said = await text()
    expect(said).toContain('stable')
    await look('delete')
    await page.getByRole('button', { name: 'Delete the image and 2 tags' }).click()
    expect(await page.getByRole('status').innerText()).toContain('Deleted.')
    expect(await text()).not.toContain('stable')
  })
})

async function fill(registry: RegistryProcess, signer: ReturnType<typeof makeSigner>) {
  const to = pusherTo(registry, 'den/app')
  for (let index = 0; index < 30; index += 1) await to.image(`build ${index}`, `v${index + 1}`)
  const image = await to.image('build 29', 'edge')
  const bundle = (type: string, predicate: unknown) =>
    to.attach(
      image,
      BUNDLE,
      bundleOf({ dsseEnvelope: envelopeOf(signer, statementOf(image.digest, type, predicate)) }),
      {
        'org.opencontainers.image.created': '2026-05-06T07:08:09Z',
        'dev.sigstore.bundle.predicateType': type,
      },
    )
  await bundle('https://sigstore.dev/cosign/sign/v1', {})
  await bundle('https://slsa.dev/provenance/v1', provenance)
  const components = Array.from({ length: 120 }, (_, index) => ({
    name: `lib${index}`,
    version: `1.${index}.0`,
    purl: `pkg:npm/%40den/lib${index}@1.${index}.0`,
    licenses: [{ license: { id: 'Apache-2.0' } }],
  }))
  const sbom = await to.attach(image, 'application/vnd.cyclonedx+json', cycloneDx(components))
  await to.attach(sbom, 'application/vnd.den.note', { note: 'of the SBOM' })
  await fillIndex(registry)
}

async function fillIndex(registry: RegistryProcess) {
  const to = pusherTo(registry, 'den/multi')
  const platforms = ['linux/amd64', 'linux/arm64/v8']
  const manifests = []
  for (const name of platforms) {
    const [os, architecture, variant] = name.split('/')
    const { body, ...image } = await to.image(name, undefined, { os, architecture, variant })
    manifests.push({ ...image, platform: { os, architecture, ...(variant && { variant }) } })
  }
  const annotations = { 'org.opencontainers.image.source': 'https://git.test/den/multi' }
  const index = { mediaType: INDEX, manifests, annotations }
  await to.manifest(index, 'latest')
  const pushed = await to.manifest(index, 'stable')
  await to.attach(pushed, 'application/spdx+json', spdx([{ name: 'musl', versionInfo: '1.2' }]))
}
