// Webhooks of the real process: told once each and in order, after failures and kills too, and signed so that receivers know
// who speaks.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { freePorts } from '../../support/daemon.ts'
import {
  digestOf,
  MANIFEST,
  manifest,
  pushBlob,
  pushImage,
  pushManifest,
} from '../../support/registry-image.ts'
import { type RegistryProcess, startRegistry } from '../../support/registry-process.ts'
import { makeTempData, removeTempData } from '../../support/temp-data.ts'
import { waitFor } from '../../support/wait-for.ts'
import { startWebhookReceiver } from '../../support/webhook-receiver.ts'

const SECRET = 'what only the two of them know'
const EVENTS_TYPE = 'application/vnd.docker.distribution.events.v2+json'

/** A registry that reads its webhooks from a file; `write` changes it. */
async function startHooked(text: string) {
  const directory = makeTempData('webhooks')
  const file = join(directory, 'webhooks.yaml')
  const write = (next: string) => writeFileSync(file, next)
  // As an editor leaves it.
  writeFileSync(join(directory, 'secret'), `${SECRET}\n`)
  write(text)
  const registry = await startRegistry({ env: { FUCHSBAU_REGISTRY_WEBHOOKS: file } })
  return {
    registry,
    write,
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]()
      removeTempData(directory)
    },
  }
}

const hook = (url: string, more = '') =>
  `webhooks:\n  - {name: ci, url: "${url}/hook/deep-path", secret_file: secret${more}}\n`

async function push(registry: RegistryProcess, tag: string, body = manifest(tag)) {
  const response = await pushManifest(registry, registry.owner, 'team/app', tag, body)
  expect(response.status).toBe(201)
}

/** The line of the webhook `ci` in the list, once it says this. */
async function listed(registry: RegistryProcess, words: string): Promise<string> {
  let line = ''
  await waitFor(
    async () => {
      const lines = await registry.cli('webhook', 'list')
      line = lines.find((each) => each.startsWith('ci ')) ?? ''
      return line.includes(words)
    },
    { what: `"${words}" in the list of webhooks`, timeoutMs: 30_000 },
  )
  return line
}

describe('what is told', () => {
  test('a push by tag and by digest, a deletion, and signatures in each form', async () => {
    await using receiver = await startWebhookReceiver(SECRET)
    await using hooked = await startHooked(hook(receiver.url))
    const { registry } = hooked
    const { owner } = registry
    const image = await pushImage(registry, owner, 'team/app', 'v1')
    const other = manifest('other')
    const referrer = manifest('said of it', image)
    const subject = digestOf(image)
    await push(registry, digestOf(other), other)
    await push(registry, digestOf(referrer), referrer)
    await push(registry, `${subject.replace(':', '-')}.sig`)
    await push(registry, `${subject.replace(':', '-')}.att`)
    const remove = (reference: string) =>
      registry.request(`/v2/team/app/manifests/${reference}`, { method: 'DELETE', as: owner })
    expect((await remove('v1')).status).toBe(202)
    expect((await remove(digestOf(other))).status).toBe(202)
    await receiver.came(7)

    const [first] = receiver.told
    if (!first) throw new Error('nothing came')
    const { event, headers, path } = first
    expect(path).toBe('/hook/deep-path')
    expect(headers).toMatchObject({ 'content-type': EVENTS_TYPE, 'webhook-id': event.id })
    expect(event).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      action: 'push',
      target: {
        mediaType: MANIFEST,
        size: image.length,
        length: image.length,
        digest: subject,
        repository: 'team/app',
        url: `${registry.url}/v2/team/app/manifests/${subject}`,
        tag: 'v1',
      },
      request: {
        id: expect.stringMatching(/./),
        addr: '127.0.0.1',
        host: new URL(registry.url).host,
        method: 'PUT',
        useragent: expect.any(String),
      },
      actor: { name: 'person:you' },
      source: { addr: new URL(registry.url).host },
      fuchsbau: { event: 'push', digest: subject },
    })
    const told = receiver.told.map(({ event: { action, target, fuchsbau } }) => ({
      action,
      reference: target['tag'] ?? target['digest'],
      ...fuchsbau,
    }))
    const artifactType = 'application/x-fuchsbau'
    const of = { action: 'push', event: 'signature', subject: { digest: subject } }
    expect(told.slice(1)).toMatchObject([
      { action: 'push', event: 'push', reference: digestOf(other) },
      { ...of, kind: 'other', artifactType, reference: digestOf(referrer) },
      { ...of, kind: 'signature', reference: expect.stringMatching(/\.sig$/) },
      { ...of, kind: 'attestation', reference: expect.stringMatching(/\.att$/) },
      { action: 'delete', event: 'delete', reference: 'v1', digest: subject },
      { action: 'delete', event: 'delete', reference: digestOf(other) },
    ])
    // Docker's registry names no digest when a tag goes: the manifest may live on.
    expect(receiver.told[5]?.event.target).toEqual({ repository: 'team/app', tag: 'v1' })
    expect(receiver.forged).toEqual([])
  })

  test('a webhook hears of its events and repositories, and of nothing that failed', async () => {
    await using receiver = await startWebhookReceiver(SECRET)
    await using hooked = await startHooked(
      hook(receiver.url, ', events: [push], repositories: ["team/**"]'),
    )
    const { registry } = hooked
    const { owner } = registry
    const image = await pushImage(registry, owner, 'team/app', 'v1')
    await pushImage(registry, owner, 'den/app', 'v1')
    await push(registry, digestOf(manifest('s', image)), manifest('s', image))
    const unauthorized = await pushManifest(registry, undefined, 'team/app', 'v2', image)
    expect(unauthorized.status).toBe(401)
    const broken = await pushManifest(registry, owner, 'team/app', 'v3', '{"schemaVersion": 2')
    expect(broken.status).toBe(400)
    const path = '/v2/team/app/manifests/v1'
    expect((await registry.request(path, { method: 'DELETE', as: owner })).status).toBe(202)
    await push(registry, 'last')
    await receiver.came(2)
    expect(receiver.told.map(({ event }) => event.target['tag'])).toEqual(['v1', 'last'])
  })
})

describe('a receiver that fails', () => {
  test('500, then nobody there: told again, in order, each with the same id', async () => {
    await using receiver = await startWebhookReceiver(SECRET)
    await using hooked = await startHooked(hook(receiver.url))
    const { registry } = hooked
    await pushBlob(registry, registry.owner, 'team/app')
    receiver.answer = 500
    await push(registry, 'a')
    await receiver.came(1)
    await push(registry, 'b')
    expect(await listed(registry, '2 wait')).toContain('it answered 500')
    await receiver.came(2)
    await receiver.close()
    await push(registry, 'c')
    await registry.cli('webhook', 'retry', 'ci')
    await listed(registry, '3 wait  never told  failed')
    await listed(registry, 'it refuses connections')
    receiver.answer = 204
    const before = receiver.told.length
    await receiver.open()
    await registry.cli('webhook', 'retry', 'ci')
    await receiver.came(before + 3)
    const tags = receiver.told.map(({ event }) => event.target['tag'])
    expect(tags.slice(0, before).every((tag) => tag === 'a')).toBe(true)
    expect(tags.slice(before)).toEqual(['a', 'b', 'c'])
    expect(new Set(receiver.told.map(({ event }) => event.id)).size).toBe(3)
    expect(await listed(registry, '0 wait  told')).not.toContain('refuses')
  }, 60_000)

  test('it is tried again by itself', async () => {
    await using receiver = await startWebhookReceiver(SECRET)
    await using hooked = await startHooked(hook(receiver.url))
    receiver.answer = 503
    await pushImage(hooked.registry, hooked.registry.owner, 'team/app', 'v1')
    await receiver.came(2)
    receiver.answer = 200
    await receiver.came(3)
    expect(await listed(hooked.registry, '0 wait  told')).toContain('failed')
  }, 60_000)

  test('kill -9 between push and delivery: told after the start', async () => {
    await using receiver = await startWebhookReceiver(SECRET)
    await using hooked = await startHooked(hook(receiver.url))
    const { registry } = hooked
    await pushBlob(registry, registry.owner, 'team/app')
    await receiver.close()
    for (const tag of ['a', 'b', 'c']) await push(registry, tag)
    await registry.kill()
    // Without a server the command line reads the queue.
    expect(await registry.cli('webhook', 'list')).toEqual([expect.stringContaining('3 wait')])
    await expect(registry.cli('webhook', 'retry', 'ci')).rejects.toThrow('when the registry is')
    await receiver.open()
    await registry.start()
    await receiver.came(3)
    expect(receiver.told.map(({ event }) => event.target['tag'])).toEqual(['a', 'b', 'c'])
    await listed(registry, '0 wait')
  }, 60_000)

  test('killed in the middle: at least once, and in order', async () => {
    await using receiver = await startWebhookReceiver(SECRET)
    await using hooked = await startHooked(hook(receiver.url))
    const { registry } = hooked
    await pushBlob(registry, registry.owner, 'team/app')
    const acknowledged: string[] = []
    for (let count = 0; count < 30; count += 1) {
      await push(registry, `t${count}`)
      acknowledged.push(`t${count}`)
    }
    await registry.kill()
    await registry.start()
    await listed(registry, '0 wait')
    const tags = receiver.told.map(({ event }) => String(event.target['tag']))
    // Told twice is what was told when it was killed, and nothing else.
    expect(tags.length).toBeLessThanOrEqual(31)
    expect([...new Set(tags)]).toEqual(acknowledged)
  }, 60_000)

  test('one that hangs holds up nobody but itself', async () => {
    await using hanging = await startWebhookReceiver(SECRET)
    await using receiver = await startWebhookReceiver(SECRET)
    hanging.answer = () => undefined
    const both = `${hook(hanging.url)}  - {name: other, url: "${receiver.url}", secret_file: secret}\n`
    await using hooked = await startHooked(both)
    const { registry } = hooked
    await pushBlob(registry, registry.owner, 'team/app')
    for (const tag of ['a', 'b', 'c']) await push(registry, tag)
    await receiver.came(3)
    expect(hanging.told).toHaveLength(1)
    await listed(registry, 'it did not answer within 10 s')
    hanging.answer = 200
    await registry.cli('webhook', 'retry', 'ci')
    await listed(registry, '0 wait  told')
    const tags = hanging.told.map(({ event }) => event.target['tag'])
    expect(tags.length).toBeGreaterThan(3)
    expect([...new Set(tags)]).toEqual(['a', 'b', 'c'])
  }, 60_000)

  test('redirects are not followed, long answers not read', async () => {
    await using elsewhere = await startWebhookReceiver(SECRET)
    await using receiver = await startWebhookReceiver(SECRET)
    await using hooked = await startHooked(hook(receiver.url))
    const { registry } = hooked
    receiver.answer = (response) => response.writeHead(307, { location: elsewhere.url }).end()
    await pushImage(registry, registry.owner, 'team/app', 'v1')
    await listed(registry, 'it answered 307: redirects are not followed')
    let isCut = false
    receiver.answer = (response) => {
      response.on('close', () => {
        isCut = true
      })
      response.writeHead(200)
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      }
      response.on('drain', more)
      more()
    }
    await registry.cli('webhook', 'retry', 'ci')
    await listed(registry, '0 wait')
    await waitFor(() => isCut, { what: 'the long answer to be cut' })
    expect(elsewhere.told).toEqual([])
  }, 60_000)
})

describe('the file', () => {
  test('a new one counts, a bad one changes nothing, one that went may come back', async () => {
    await using first = await startWebhookReceiver(SECRET)
    await using second = await startWebhookReceiver(SECRET)
    await using hooked = await startHooked(hook(first.url))
    const { registry, write } = hooked
    await pushImage(registry, registry.owner, 'team/app', 'v1')
    await first.came(1)

    write(`${hook(second.url)}  - {name: ci, url: "ftp://x", secret_file: nowhere}\n`)
    const why = 'the new webhooks are not used'
    await waitFor(() => registry.log().includes(why), { what: 'the bad file to be told' })
    const listedLines = await registry.cli('webhook', 'list')
    expect(listedLines[0]).toContain('line 3: "url" must be an http:// or https:// URL')
    expect(listedLines[0]).toMatch(/line 3: the secret in \S+ cannot be used: ENOENT/)
    expect(listedLines[0]).toContain('line 3: there are two webhooks called ci')
    await push(registry, 'v2')
    await first.came(2)

    write(hook(second.url))
    process.kill(registry.pid(), 'SIGHUP')
    await listed(registry, second.url)
    await push(registry, 'v3')
    await second.came(1)

    second.answer = 500
    await push(registry, 'v4')
    await second.came(2)
    write('webhooks: []\n')
    process.kill(registry.pid(), 'SIGHUP')
    expect(await listed(registry, 'not configured any more')).toContain('1 wait')
    await push(registry, 'v5')
    second.answer = 200
    write(hook(second.url))
    process.kill(registry.pid(), 'SIGHUP')
    await listed(registry, '0 wait')
    expect(second.told.at(-1)?.event.target['tag']).toBe('v4')
    expect(first.told).toHaveLength(2)
  }, 60_000)

  test('with a bad one it does not start, and says why', async () => {
    await expect(startHooked('webhooks:\n  - {name: ci}\n')).rejects.toThrow(
      /line 2: "url" is missing; line 2: "secret_file" is missing/,
    )
  })

  test('test says what came of it; neither secret nor path is in the log', async () => {
    await using receiver = await startWebhookReceiver(SECRET)
    await using hooked = await startHooked(hook(receiver.url))
    const { registry } = hooked
    expect(await registry.cli('webhook', 'test', 'ci')).toEqual(['ci answered 204.'])
    expect(receiver.told[0]?.event).toMatchObject({ action: 'test', fuchsbau: { event: 'test' } })
    receiver.answer = 401
    await expect(registry.cli('webhook', 'test', 'ci')).rejects.toThrow('it answered 401')
    await expect(registry.cli('webhook', 'test', 'no')).rejects.toThrow('There is no webhook no.')
    await pushImage(registry, registry.owner, 'team/app', 'v1')
    await waitFor(() => registry.log().includes('a webhook was not told'), { what: 'the log' })
    const said = registry.log() + (await registry.cli('webhook', 'list')).join('\n')
    expect(said).not.toContain(SECRET)
    expect(said).not.toContain('deep-path')
    expect(receiver.forged).toEqual([])
  }, 60_000)

  test('a wrong secret is seen by the receiver, and a new one counts at once', async () => {
    await using receiver = await startWebhookReceiver(`${SECRET}, but another`)
    await using hooked = await startHooked(hook(receiver.url))
    await expect(hooked.registry.cli('webhook', 'test', 'ci')).rejects.toThrow('it answered 400')
    expect(receiver.forged).toHaveLength(1)
  })
})

test('no address of a machine alone is called, whatever its name', async () => {
  const [port = 0] = await freePorts(1)
  const odd = [
    'http://169.254.169.254/latest',
    'http://2852039166/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fe80::1]/',
    `http://user:password@127.0.0.1:${port}/`,
  ]
  const text = odd.map((url, at) => `  - {name: h${at}, url: "${url}", secret_file: secret}\n`)
  const failed = startHooked(`webhooks:\n${text.join('')}`)
  await expect(failed).rejects.toThrow(/line 2: .*line 3: .*line 4: .*line 5: .*line 6: "url" must/)
})
