// WEBPUSH and what it sends, to a push service of the tests that decrypts as a client does (RFC 8291).
// https://codeberg.org/emersion/soju/src/branch/master/doc/ext/webpush.md
import { createDecipheriv, createECDH, type ECDH, hkdfSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { expect, test } from 'vitest'
import { waitFor } from '../../../../test/support/wait-for.ts'
import { type SceneOptions, startScene } from '../../bouncer.fixture.ts'
import { deliver } from '../../push/deliver.ts'

const CAPS = ['soju.im/webpush', 'message-tags', 'standard-replies', 'draft/read-marker']
const PUSH: SceneOptions = {
  channels: ['#den'],
  bouncer: { push: { subject: 'mailto:irc@example.org', allowPrivateAddress: true } },
}

interface Received {
  path: string
  line: string
  headers: IncomingHttpHeaders
}

/** https://www.rfc-editor.org/rfc/rfc8291#section-4 */
function decrypt(body: Buffer, ecdh: ECDH, secret: Buffer): string {
  const salt = body.subarray(0, 16)
  const length = body[20] ?? 0
  const sender = body.subarray(21, 21 + length)
  const derive = (key: Buffer, from: Buffer, info: Buffer, bytes: number) =>
    Buffer.from(hkdfSync('sha256', key, from, info, bytes))
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), ecdh.getPublicKey(), sender])
  const key = derive(ecdh.computeSecret(sender), secret, info, 32)
  const contentKey = derive(key, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16)
  const nonce = derive(key, salt, Buffer.from('Content-Encoding: nonce\0'), 12)
  const decipher = createDecipheriv('aes-128-gcm', contentKey, nonce)
  decipher.setAuthTag(body.subarray(-16))
  const plain = Buffer.concat([decipher.update(body.subarray(21 + length, -16)), decipher.final()])
  return plain.subarray(0, plain.lastIndexOf(2)).toString()
}

/** A push service with one client; `answer` is its status. */
async function startPushService() {
  const ecdh: ECDH = createECDH('prime256v1')
  const point = ecdh.generateKeys()
  const secret = randomBytes(16)
  const received: Received[] = []
  const state = { answer: 201 }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const line = decrypt(Buffer.concat(chunks), ecdh, secret)
      received.push({ path: request.url ?? '', line, headers: request.headers })
      response.writeHead(state.answer, { location: 'http://127.0.0.1:1/' }).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  return {
    state,
    received,
    endpoint: (path: string) => `http://127.0.0.1:${port}/${path}`,
    keys: `p256dh=${point.toString('base64url')};auth=${secret.toString('base64url')}`,
    [Symbol.asyncDispose]: async () => {
      server.close()
      await once(server, 'close')
    },
  }
}

test('a message for the person wakes her clients, and only such a one', async () => {
  await using service = await startPushService()
  await using scene = await startScene(PUSH)
  const { server } = scene
  server.join('#den', 'hare')
  await using phone = await scene.client('phone', CAPS)
  const isupport = phone.lines
    .filter(({ command }) => command === '005')
    .flatMap(({ params }) => params)
  const vapid = isupport.find((token) => token.startsWith('VAPID='))?.slice(6) ?? ''
  expect(Buffer.from(vapid, 'base64url')).toHaveLength(65)
  phone.send(`WEBPUSH REGISTER ${service.endpoint('a')} ${service.keys}`)
  await phone.expect(`WEBPUSH REGISTER ${service.endpoint('a')}`)
  await phone.close()
  server.say('#den', 'hare', 'nothing for her')
  server.say('#den', 'hare', 'fox: for her')
  server.say('fox', 'hare', 'psst')
  server.notice('fox', 'NickServ', 'You are not registered')
  server.say('#den', 'hare', `fox: ${'ü'.repeat(4000)}`)
  await waitFor(() => Promise.resolve(service.received.length >= 2), { what: 'two pushes' })
  await scene.settled()
  const [first, second] = service.received
  expect(first?.line).toMatch(/^@time=\S+;msgid=\S+ :hare!\S+ PRIVMSG #den :fox: for her$/)
  expect(second?.line).toMatch(/ PRIVMSG fox :?psst$/)
  expect(first?.path).toBe('/a')
  expect(first?.headers).toMatchObject({ 'content-encoding': 'aes128gcm', urgency: 'high' })
  expect(first?.headers.authorization).toContain(`k=${vapid}`)
  for (const { line } of service.received) expect(Buffer.byteLength(line)).toBeLessThan(3994)
  expect(service.received.map(({ line }) => line).join()).not.toContain('nothing for her')
})

test('who has just spoken there is not woken; what she reads elsewhere is taken back', async () => {
  await using service = await startPushService()
  await using scene = await startScene(PUSH)
  const { server } = scene
  server.join('#den', 'hare')
  await using phone = await scene.client('phone', CAPS)
  phone.send(`WEBPUSH REGISTER ${service.endpoint('a')} ${service.keys}`)
  await phone.expect('WEBPUSH REGISTER')
  server.say('#den', 'hare', 'fox, are you there?')
  await waitFor(() => Promise.resolve(service.received.length === 1), { what: 'a push' })
  phone.send('PRIVMSG #den :yes')
  await server.expectLine('PRIVMSG #den yes')
  await scene.settled()
  server.say('#den', 'hare', 'good, fox')
  await phone.expect('PRIVMSG #den')
  phone.send('MARKREAD #den timestamp=2030-01-01T00:00:00.000Z')
  await phone.expect('MARKREAD #den')
  await waitFor(() => Promise.resolve(service.received.length === 2), { what: 'the read marker' })
  expect(service.received[1]?.line).toMatch(/ MARKREAD #den :?timestamp=/)
})

test.each([404, 410])(
  'a subscription that the service does not know (%i) is forgotten',
  async (status) => {
    await using service = await startPushService()
    await using scene = await startScene(PUSH)
    await using phone = await scene.client('phone', CAPS)
    phone.send(`WEBPUSH REGISTER ${service.endpoint('a')} ${service.keys}`)
    await phone.expect('WEBPUSH REGISTER')
    service.state.answer = status
    const list = () => scene.store.subscriptions.list(scene.user.record.id, scene.network.record.id)
    expect(list()).toHaveLength(1)
    scene.server.say('fox', 'hare', 'psst')
    await waitFor(() => Promise.resolve(list().length === 0), { what: 'its removal' })
  },
)

test('UNREGISTER takes it away, also one that is not there; what is wrong is told', async () => {
  await using service = await startPushService()
  await using scene = await startScene(PUSH)
  await using phone = await scene.client('phone', CAPS)
  const list = () => scene.store.subscriptions.list(scene.user.record.id, scene.network.record.id)
  phone.send(`WEBPUSH REGISTER ${service.endpoint('a')} ${service.keys}`)
  phone.send(`WEBPUSH REGISTER ${service.endpoint('a')} ${service.keys}`)
  await phone.sync()
  expect(list()).toHaveLength(1)
  phone.send(`WEBPUSH UNREGISTER ${service.endpoint('a')}`)
  await phone.expect('WEBPUSH UNREGISTER')
  expect(list()).toEqual([])
  phone.send(`WEBPUSH UNREGISTER ${service.endpoint('a')}`)
  await phone.expect('WEBPUSH UNREGISTER')
  for (const wrong of [
    `REGISTER ${service.endpoint('a')}`,
    `REGISTER ${service.endpoint('a')} p256dh=x;auth=y`,
    `REGISTER ftp://example.org/ ${service.keys}`,
    `REGISTER https://user:pass@example.org/ ${service.keys}`,
    'RENEW https://example.org/',
  ]) {
    phone.send(`WEBPUSH ${wrong}`)
    await phone.expect('FAIL WEBPUSH INVALID_PARAMS')
  }
  expect(list()).toEqual([])
})

test('private addresses are refused, as addresses and behind names, unless it is configured', async () => {
  await using service = await startPushService()
  await using scene = await startScene({ channels: ['#den'] })
  await using phone = await scene.client('phone', CAPS)
  const [p256dh = '', auth = ''] = service.keys.split(';').map((key) => key.split('=')[1] ?? '')
  for (const host of [
    '127.0.0.1',
    '[::1]',
    '10.1.2.3',
    '169.254.169.254',
    '0x7f.1',
    '[::ffff:127.0.0.1]',
    '[fd00::1]',
  ]) {
    phone.send(`WEBPUSH REGISTER https://${host}/a ${service.keys}`)
    await phone.expect('FAIL WEBPUSH INVALID_PARAMS')
  }
  const keys = {
    publicKey: scene.bouncer.push.publicKey,
    privateKey: scene.store.properties.get('vapid')?.split(' ')[1] ?? '',
  }
  const options = {
    keys,
    subject: 'mailto:a@example.org',
    clock: scene.clock,
    allowPrivateAddress: false,
    ttlMs: 60_000,
  }
  const endpoint = 'https://localhost:1/a'
  expect(await deliver({ endpoint, p256dh, auth }, 'x', options)).toEqual({
    outcome: 'failed',
    isPassing: false,
  })
  expect(service.received).toEqual([])
})
