import { describe, expect, test } from 'vitest'
import { MAX_COMPONENTS, readSbom } from './sbom.ts'

describe('CycloneDX (https://cyclonedx.org/docs/1.6/json/)', () => {
  const cyclonedx = (fields: object) => readSbom({ bomFormat: 'CycloneDX', ...fields })

  test('components with group, licences in each form, and purl', () => {
    const component = (licenses: unknown) => ({ group: '@den', name: 'x', version: '1', licenses })
    const sbom = cyclonedx({
      specVersion: '1.6',
      components: [
        component([{ license: { id: 'MIT' } }, { license: { name: 'Own' } }]),
        component([{ expression: 'MIT OR Apache-2.0' }]),
        component('MIT'),
        { name: 'y', purl: 'pkg:npm/y' },
      ],
    })
    expect(sbom?.format).toBe('CycloneDX 1.6')
    expect(sbom?.components.map(({ name, licence }) => [name, licence])).toEqual([
      ['@den/x', 'MIT, Own'],
      ['@den/x', 'MIT OR Apache-2.0'],
      ['@den/x', ''],
      ['y', ''],
    ])
  })

  test.each([
    ['a list', [{ vendor: 'den', name: 'fox', version: '2' }]],
    ['an object', { components: [{ name: 'fox', version: '2' }] }],
  ])('tools in %s', (_, tools) => {
    expect(cyclonedx({ metadata: { tools } })?.tools).toEqual(['fox 2'])
  })

  test('nested components are counted, to a depth', () => {
    const nest = (depth: number): object => ({
      name: `c${depth}`,
      ...(depth > 0 && { components: [nest(depth - 1)] }),
    })
    expect(cyclonedx({ components: [nest(10)] })).toMatchObject({ isCut: false })
    const deep = cyclonedx({ components: [nest(40)] })
    expect(deep).toMatchObject({ isCut: true })
    expect(deep?.components).toHaveLength(17)
  })

  test('what is not as it should be is left out', () => {
    const sbom = cyclonedx({
      specVersion: {},
      serialNumber: 7,
      metadata: [{ timestamp: 'never' }],
      components: [null, 1, [], 'x', { name: { a: 1 }, licenses: [null, { license: 'x' }] }],
    })
    expect(sbom).toEqual({
      format: 'CycloneDX',
      name: '',
      created: undefined,
      tools: [],
      id: '',
      components: [{ name: '', version: '', licence: '', purl: '' }],
      isCut: false,
    })
  })
})

describe('SPDX', () => {
  test('2.3: declared licence where none is concluded, purl among the references', () => {
    const sbom = readSbom({
      spdxVersion: 'SPDX-2.3',
      name: 'app',
      creationInfo: { created: '2026-01-02T03:04:05Z', creators: ['Tool: a-1', 'Person: Ann'] },
      packages: [
        {
          name: 'zlib',
          versionInfo: '1.3',
          licenseConcluded: 'NOASSERTION',
          licenseDeclared: 'Zlib',
          externalRefs: [
            { referenceType: 'cpe23Type', referenceLocator: 'cpe' },
            { referenceType: 'purl', referenceLocator: 'pkg:deb/zlib' },
          ],
        },
        'x',
      ],
    })
    expect(sbom).toMatchObject({ format: 'SPDX 2.3', name: 'app', tools: ['a-1', 'Person: Ann'] })
    expect(sbom?.components).toEqual([
      { name: 'zlib', version: '1.3', licence: 'Zlib', purl: 'pkg:deb/zlib' },
    ])
  })

  test('3.0: packages of the graph', () => {
    const sbom = readSbom({
      '@context': 'https://spdx.org/rdf/3.0.1/spdx-context.jsonld',
      '@graph': [
        { type: 'CreationInfo', specVersion: '3.0.1', created: '2026-01-02T03:04:05Z' },
        { type: 'software_Package', name: 'zlib', software_packageVersion: '1.3' },
        null,
      ],
    })
    expect(sbom).toMatchObject({
      format: 'SPDX 3.0.1',
      components: [{ name: 'zlib', version: '1.3' }],
    })
  })
})

test('more than the most is cut, and texts are', () => {
  const packages = Array.from({ length: MAX_COMPONENTS + 1 }, () => ({ name: 'x'.repeat(10_000) }))
  const sbom = readSbom({ spdxVersion: 'SPDX-2.3', packages })
  expect(sbom).toMatchObject({ isCut: true })
  expect(sbom?.components).toHaveLength(MAX_COMPONENTS)
  expect(sbom?.components[0]?.name).toHaveLength(512)
})

test.each([[{}], [null], ['x'], [[]], [{ bomFormat: 'cyclonedx' }], [{ '@graph': [] }]])(
  '%j is none',
  (document) => {
    expect(readSbom(document)).toBeUndefined()
  },
)
