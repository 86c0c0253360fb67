import { describe, expect, test } from 'vitest'
import { describeManifest } from './event.ts'

const IMAGE = 'application/vnd.oci.image.manifest.v1+json'
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json'
const hex = 'a'.repeat(64)
const digest = `sha256:${hex}`
const subject = { mediaType: IMAGE, digest, size: 3 }

const describeIt = (fields: object, tags: string[] = [], type = IMAGE) =>
  describeManifest(
    Buffer.from(JSON.stringify({ schemaVersion: 2, layers: [], ...fields })),
    type,
    tags,
  )

describe('what a manifest says of another', () => {
  const bundle = (content: string, predicate?: string) => ({
    subject,
    artifactType: BUNDLE,
    annotations: {
      'dev.sigstore.bundle.content': content,
      ...(predicate !== undefined && { 'dev.sigstore.bundle.predicateType': predicate }),
    },
  })
  test.each([
    [
      'a signature of cosign 3',
      bundle('dsse-envelope', 'https://sigstore.dev/cosign/sign/v1'),
      'signature',
    ],
    ['a bundle without an envelope', bundle('message-signature'), 'signature'],
    ['an attestation', bundle('dsse-envelope', 'https://slsa.dev/provenance/v1'), 'attestation'],
    ['a CycloneDX document', { subject, artifactType: 'application/vnd.cyclonedx+json' }, 'sbom'],
    ['an SPDX document', { subject, artifactType: 'application/spdx+json' }, 'sbom'],
    ['anything else', { subject, artifactType: 'application/x-note' }, 'other'],
    ['what has no type', { subject }, 'other'],
  ])('%s', (_, fields, kind) => {
    expect(describeIt(fields).refersTo).toMatchObject({ kind, subject: digest })
  })

  test.each([
    [`sha256-${hex}.sig`, 'signature'],
    [`sha256-${hex}.att`, 'attestation'],
    [`sha256-${hex}.sbom`, 'sbom'],
    [`sha256-${hex}`, 'other'],
  ])('the tag %s', (tag, kind) => {
    expect(describeIt({}, ['latest', tag]).refersTo).toMatchObject({ kind, subject: digest })
  })

  test.each(['latest', 'sha256-abc.sig', `sha256-${hex}.txt`, `sha512-${hex}.sig`])(
    'the tag %s says nothing',
    (tag) => {
      expect(describeIt({}, [tag]).refersTo).toBeUndefined()
    },
  )

  test('a type of an image configuration tells what it is when there is no other', () => {
    const config = { mediaType: 'application/vnd.example', digest, size: 2 }
    expect(describeIt({ subject, config }).refersTo?.artifactType).toBe('application/vnd.example')
  })
})

test('what is no manifest that we know has its type and size', () => {
  const bytes = Buffer.from('no JSON')
  const type = 'application/vnd.example.v1+json; charset=utf-8'
  expect(describeManifest(bytes, type, ['v1'])).toEqual({
    mediaType: 'application/vnd.example.v1+json',
    size: 7,
    refersTo: undefined,
  })
})

test.each([
  'null',
  '[]',
  '{"manifests": [null, 1, {}], "subject": 5}',
  '{"subject": {"digest": 1}, "annotations": [1], "layers": {}, "config": []}',
  '{"subject": {"digest": "sha256:x"}}',
  '['.repeat(1_000_000),
  `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
])('what is made to be misread is nothing in particular', (text) => {
  expect(describeManifest(Buffer.from(text), IMAGE, ['v1']).refersTo).toBeUndefined()
})
