import { expect, test } from 'vitest'
import { readProvenance } from './provenance.ts'

test('of version 0.2, as BuildKit writes it (https://slsa.dev/spec/v0.2/provenance)', () => {
  const read = readProvenance({
    builder: { id: 'https://ci.test' },
    buildType: 'https://mobyproject.org/buildkit@v1',
    invocation: {
      configSource: {
        uri: 'https://git.test/app',
        entryPoint: 'Dockerfile',
        digest: { sha1: 'ab' },
      },
    },
    metadata: { buildInvocationID: 'run', buildStartedOn: '2026-01-01T00:00:00Z' },
    materials: [{ uri: 'pkg:docker/alpine', digest: { sha256: 'cd' } }, 'x'],
  })
  expect(read).toEqual({
    builder: 'https://ci.test',
    buildType: 'https://mobyproject.org/buildkit@v1',
    source: ['uri: https://git.test/app', 'entryPoint: Dockerfile', 'digest sha1: ab'],
    invocation: 'run',
    startedAt: '2026-01-01T00:00:00Z',
    finishedAt: '',
    materials: [{ uri: 'pkg:docker/alpine', digest: 'sha256:cd' }],
    materialCount: 2,
  })
})

test.each([[null], ['x'], [[]], [{}], [{ builder: 'x' }], [{ buildDefinition: 1 }]])(
  '%j is none',
  (predicate) => {
    expect(readProvenance(predicate)).toBeUndefined()
  },
)

test('fields of other types are empty', () => {
  const read = readProvenance({
    buildDefinition: { externalParameters: 7, resolvedDependencies: {} },
    runDetails: 'x',
  })
  expect(read).toMatchObject({ builder: '', source: [], materials: [], materialCount: 0 })
})
