// What real clients push is told to webhooks as what it is: images, signatures of both cosigns, attestations, SBOMs.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { writeOciLayout } from '../support/oci-layout.ts'
import { requirePeer } from '../support/peers.ts'
import { startRegistry } from '../support/registry-process.ts'
import { makeRegistryTools } from '../support/registry-tools.ts'
import { makeTempData, removeTempData } from '../support/temp-data.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'

const SECRET = 'what only the two of them know'
const areThere = (['crane', 'oras', 'cosign', 'cosign2'] as const).every(requirePeer)

describe.skipIf(!areThere)('webhooks', () => {
  test('each thing that is said of an image is told as what it is', async () => {
    const directory = makeTempData('webhooks')
    const file = join(directory, 'webhooks.yaml')
    await using receiver = await startWebhookReceiver(SECRET)
    writeFileSync(join(directory, 'secret'), SECRET)
    writeFileSync(file, `webhooks: [{name: ci, url: "${receiver.url}", secret_file: secret}]\n`)
    await using front = await startRegistry({ env: { FUCHSBAU_REGISTRY_WEBHOOKS: file } })
    const { host } = new URL(front.url)
    await using tools = makeRegistryTools({ http: [host] })
    const image = writeOciLayout(join(tools.directory, 'image'), { layers: [1_000] })
    await front.cli('robot', 'create', 'ci')
    const [secret = ''] = await front.cli(
      'token',
      'create',
      'robot:ci',
      '--allow',
      'pull,push,overwrite',
    )
    await tools.dockerLogin(host, 'ci', secret)
    const ref = `${host}/den/image@${image.digest}`
    tools.write('said.json', '{}')
    const attest = [
      '--yes',
      '--tlog-upload=false',
      '--allow-http-registry',
      '--predicate',
      'said.json',
    ]

    await tools.crane(['push', 'image', `${host}/den/image:1`])
    await tools.cosignKeys('three')
    await tools.cosignSign({ key: 'three', ref })
    await tools.cosign(3, [
      'attest',
      ...attest,
      '--use-signing-config=false',
      '--key',
      'three.key',
      ref,
    ])
    await tools.cosignKeys('two', 2)
    await tools.cosignSign({ version: 2, key: 'two', ref })
    await tools.cosign(2, ['attest', ...attest, '--key', 'two.key', ref])
    await tools.oras(['attach', '--artifact-type', 'application/spdx+json', ref, 'said.json'])
    await receiver.came(6)

    const subject = { digest: image.digest }
    expect(receiver.told.map(({ event: { fuchsbau } }) => fuchsbau)).toMatchObject([
      { event: 'push', digest: image.digest },
      { event: 'signature', kind: 'signature', subject },
      { event: 'signature', kind: 'attestation', subject },
      { event: 'signature', kind: 'signature', subject },
      { event: 'signature', kind: 'attestation', subject },
      { event: 'signature', kind: 'sbom', subject },
    ])
    expect(receiver.told.map(({ event }) => event.actor['name'])).toEqual(Array(6).fill('robot:ci'))
    expect(receiver.forged).toEqual([])
    removeTempData(directory)
  }, 120_000)
})
