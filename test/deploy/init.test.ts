// What `fuchsbau deploy init` writes is what kustomize builds and Flux applies: the source, the settings, the root.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { makePeerHome, type PeerHome } from '../support/daemon.ts'
import { exampleValues, flagsOf, runDeploy } from '../support/deploy-command.ts'
import { requirePeer } from '../support/peers.ts'

describe.skipIf(!requirePeer('kubectl'))('an overlay that init has written', () => {
  let home: PeerHome
  beforeAll(() => {
    home = makePeerHome('kubectl')
  })
  afterAll(() => home?.remove())

  async function build(source: string): Promise<Record<string, unknown>[]> {
    const directory = join(home.directory, 'lab')
    const flags = flagsOf(exampleValues())
    const { code, err } = await runDeploy([
      'init',
      directory,
      '--yes',
      '--source',
      source,
      ...flags,
    ])
    expect([code, err]).toEqual([0, ''])
    const text = await home.run('kubectl', ['kustomize', join(home.inside, 'lab')])
    return parseAllDocuments(text).map((each) => each.toJS())
  }

  const named = (kind: string, name = 'fuchsbau') => ({
    kind,
    metadata: { name, namespace: 'flux-system' },
  })

  test('is built by kustomize, with a Git repository as its source', async () => {
    expect(await build('https://github.com/you/fuchsbau')).toEqual([
      expect.objectContaining({
        ...named('ConfigMap', 'fuchsbau-settings'),
        data: exampleValues(),
      }),
      expect.objectContaining(named('Kustomization')),
      expect.objectContaining(named('GitRepository')),
    ])
  })

  test('and with an artifact that is signed', async () => {
    const objects = await build('oci://oci.this-is-fine.io/fuchsbau/deploy')
    expect(objects.map(({ kind }) => kind)).toEqual([
      'ConfigMap',
      'Secret',
      'Kustomization',
      'OCIRepository',
    ])
    expect(objects).toContainEqual(
      expect.objectContaining({
        ...named('Secret', 'fuchsbau-source-key'),
        stringData: {
          'cosign.pub': `-----BEGIN PUBLIC KEY-----\n${exampleValues()['COSIGN_KEY']}\n-----END PUBLIC KEY-----\n`,
        },
      }),
    )
  })
})
