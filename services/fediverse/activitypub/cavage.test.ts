// draft-cavage-http-signatures-12 in what we receive. The requests refused here carry a right signature
// over what they cover, except where the test says otherwise.
import { createPublicKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { parseSignatureHeader } from './cavage.ts'
import { checkSignature, type ReceivedRequest, readSignature } from './signature.ts'
import {
  activity,
  ed25519Key,
  inboxFields,
  keyId,
  now,
  otherRsaKey,
  policy,
  rsaKey,
  sha256,
  signCavage,
} from './signed-request.fixture.ts'

const minute = 60_000
const hour = 60 * minute

function reasonFor(request: ReceivedRequest, at = now) {
  const read = readSignature(request, { ...policy, now: at })
  return read.ok ? 'read' : read.reason
}

function verifies(request: ReceivedRequest, key = rsaKey.publicKey): boolean {
  const read = readSignature(request, policy)
  return read.ok && checkSignature(read.signature, key)
}

describe('a signed POST', () => {
  test('is read with its key id and verifies with that key alone', () => {
    const read = readSignature(signCavage(), policy)
    expect(read).toMatchObject({ ok: true, signature: { spec: 'cavage', keyId } })
    expect(verifies(signCavage())).toBe(true)
    expect(verifies(signCavage(), otherRsaKey.publicKey)).toBe(false)
    expect(verifies(signCavage(), ed25519Key.publicKey)).toBe(false)
  })

  test('does not verify when a covered part changed on the way', () => {
    const request = signCavage()
    const changes: Partial<ReceivedRequest>[] = [
      { target: '/carol/inbox' },
      { method: 'PUT' },
      { headers: { ...request.headers, date: new Date(now - 1000).toUTCString() } },
      { headers: { ...request.headers, host: 'LOCAL.example' } },
    ]
    for (const change of changes) expect(verifies({ ...request, ...change })).toBe(false)
  })

  test.each([
    ['(request-target)', 'host date digest'],
    ['host', '(request-target) date digest'],
    ['date', '(request-target) host digest'],
    ['digest', '(request-target) host date'],
  ])('that does not cover %s is refused', (_, covered) => {
    expect(reasonFor(signCavage({ covered }))).toBe('uncovered')
  })

  test('without `headers` covers only (created), §2.1.6, and is refused', () => {
    const request = signCavage()
    const signature = String(request.headers.signature).replace(/headers="[^"]*",/, '')
    expect(reasonFor({ ...request, headers: { ...request.headers, signature } })).toBe('uncovered')
  })

  test.each(['remote.example', 'local.example:8443', 'local.example.evil.example', ''])(
    'for host "%s" is refused: it was made for another server',
    (host) => {
      expect(reasonFor(signCavage({ fields: inboxFields({ host }) }))).toBe('host')
    },
  )

  test.each(['local.example', 'LOCAL.example', 'local.example:443'])(
    'for host %s is ours',
    (host) => {
      expect(verifies(signCavage({ fields: inboxFields({ host }) }))).toBe(true)
    },
  )

  test('with a field twice that comes once is refused', () => {
    const request = signCavage()
    for (const name of ['Host', 'Date', 'Signature']) {
      const rawHeaders = ['Accept', 'a', name, 'a', 'Accept', 'b', name.toLowerCase(), 'b']
      expect(reasonFor({ ...request, rawHeaders })).toBe('malformed')
    }
    expect(reasonFor({ ...request, rawHeaders: ['Accept', 'a', 'Accept', 'b'] })).toBe('read')
  })
})

// Fedify: verifyRequest() [draft-cavage], the cases of its time window.
describe('dates', () => {
  test('the window is 12 hours back and 1 hour ahead, both ends included', () => {
    const request = signCavage()
    expect(reasonFor(request, now + 12 * hour)).toBe('read')
    expect(reasonFor(request, now + 12 * hour + 1)).toBe('date')
    expect(reasonFor(request, now - hour)).toBe('read')
    expect(reasonFor(request, now - hour - 1)).toBe('date')
  })

  test('the window can be narrowed', () => {
    const narrow = { ...policy, maxAgeMs: 30_000, maxAheadMs: 30_000 }
    expect(readSignature(signCavage(), { ...narrow, now: now + 30_000 }).ok).toBe(true)
    expect(readSignature(signCavage(), { ...narrow, now: now + 30_001 }).ok).toBe(false)
    expect(readSignature(signCavage(), { ...narrow, now: now - 30_001 }).ok).toBe(false)
  })

  test.each(['', 'yesterday', '2026-11-22T12:00:00Z', '0', 'Sun, 22 Nov 2026 12:00:00 PST'])(
    'date "%s" is refused',
    (date) => {
      expect(reasonFor(signCavage({ fields: inboxFields({ date }) }))).toBe('date')
    },
  )

  test('(created) takes the place of date with hs2019, §2.3', () => {
    const covered = '(request-target) (created) host digest'
    const created = String(now / 1000)
    const signed = (changes: Record<string, string>) => {
      return signCavage({ covered, parameters: { algorithm: 'hs2019', created, ...changes } })
    }
    expect(verifies(signed({}))).toBe(true)
    expect(reasonFor(signed({}), now + 12 * hour + 1)).toBe('date')
    expect(reasonFor(signed({ created: String(now / 1000 + 3601) }))).toBe('date')
    expect(reasonFor(signed({ created: 'now' }))).toBe('date')
    expect(reasonFor(signed({ algorithm: 'rsa-sha256' }))).toBe('malformed')
  })

  test('a stale `created` is refused although only date is covered', () => {
    const created = String(now / 1000 - 13 * 3600)
    expect(reasonFor(signCavage({ parameters: { created } }))).toBe('date')
  })

  test('`expires` ends it, covered or not', () => {
    const at = (expires: string) => signCavage({ parameters: { algorithm: 'hs2019', expires } })
    expect(verifies(at(String(now / 1000 + 1)))).toBe(true)
    for (const expires of [String(now / 1000), String(now / 1000 - 1), 'never', '-1', '1e99']) {
      expect(reasonFor(at(expires))).toBe('date')
    }
    const covered = '(request-target) (expires) host date digest'
    const parameters = { algorithm: 'hs2019', expires: String(now / 1000 + 60) }
    expect(verifies(signCavage({ covered, parameters }))).toBe(true)
    expect(reasonFor(signCavage({ covered, parameters }), now + minute)).toBe('date')
  })
})

// Fedify: verifyRequest() [draft-cavage], Digest "invalid" and a digest of another body.
describe('digests', () => {
  const sha512 =
    'z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=='

  test.each([
    ['absent', undefined],
    ['empty', ''],
    ['no digest', 'invalid'],
    ['of another body', `SHA-256=${sha256(Buffer.from('other'))}`],
    ['cut short', `SHA-256=${sha256(activity).slice(0, 20)}`],
    ['of an unknown algorithm alone', 'MD5=Sd/dVLAcvNLSq16eXua5uQ=='],
    ['of SHA-1 alone', 'SHA=qvTGHdzF6KLavt4PO0gs2a6pQ00='],
    ['a property of every object', 'constructor=qvTGHdzF6KLavt4PO0gs2a6pQ00='],
    ['one right, one wrong', `SHA-256=${sha256(activity)},SHA-512=${sha512}`],
    [
      'five of them',
      Array(5)
        .fill(`SHA-256=${sha256(activity)}`)
        .join(','),
    ],
    ['right with rubbish after it', `SHA-256=${sha256(activity)},!`],
  ])('%s is refused', (_, digest) => {
    expect(reasonFor(signCavage({ fields: inboxFields({ digest }) }))).toBe('digest')
  })

  test('a body changed on the way is refused', () => {
    expect(reasonFor({ ...signCavage(), body: Buffer.from('{}') })).toBe('digest')
  })

  test.each([
    ['lower case', `sha-256=${sha256(activity)}`],
    ['beside an unknown one', `MD5=Sd/dVLAcvNLSq16eXua5uQ==, SHA-256=${sha256(activity)}`],
  ])('%s is accepted', (_, digest) => {
    expect(verifies(signCavage({ fields: inboxFields({ digest }) }))).toBe(true)
  })

  test('SHA-512 is accepted', () => {
    const fields = inboxFields({ digest: `SHA-512=${sha512}` })
    expect(verifies(signCavage({ fields, body: Buffer.alloc(0) }))).toBe(true)
  })
})

describe('a signed GET', () => {
  const fields = { host: 'local.example', date: new Date(now).toUTCString() }
  const covered = '(request-target) host date'
  const get = { method: 'GET', body: Buffer.alloc(0), covered, fields }

  test('needs no digest', () => {
    expect(verifies(signCavage({ ...get, target: '/alice' }))).toBe(true)
  })

  test('with a query verifies with the query signed or left out, as Mastodon has it', () => {
    const request = signCavage({ ...get, target: '/alice/outbox?page=1' })
    expect(verifies(request)).toBe(true)
    expect(verifies({ ...request, target: '/alice/outbox?page=2' })).toBe(false)
    const bare = signCavage({ ...get, target: '/alice/outbox' })
    expect(verifies({ ...bare, target: '/alice/outbox?page=1' })).toBe(true)
  })

  test('a POST has no such leave', () => {
    expect(verifies({ ...signCavage(), target: '/alice/inbox?x' })).toBe(false)
  })

  test('a digest that is there must fit', () => {
    expect(reasonFor(signCavage({ ...get, fields: inboxFields() }))).toBe('digest')
  })
})

describe('algorithms', () => {
  test.each([
    ['hs2019', 'sha256'],
    ['hs2019', 'sha512'],
    ['rsa-sha512', 'sha512'],
    ['RSA-SHA256', 'sha256'],
  ])('%s by RSA with %s verifies', (algorithm, hash) => {
    expect(verifies(signCavage({ parameters: { algorithm }, hash }))).toBe(true)
  })

  test.each(['hs2019', 'ed25519'])('%s by Ed25519 verifies', (algorithm) => {
    const request = signCavage({
      parameters: { algorithm },
      key: ed25519Key.privateKey,
      hash: null,
    })
    expect(verifies(request, ed25519Key.publicKey)).toBe(true)
    expect(verifies(request)).toBe(false)
  })

  test('the hash must be the one that is named', () => {
    expect(verifies(signCavage({ hash: 'sha512' }))).toBe(false)
    expect(verifies(signCavage({ parameters: { algorithm: 'rsa-sha512' } }))).toBe(false)
    const ed25519 = signCavage({ key: ed25519Key.privateKey, hash: null })
    expect(verifies(ed25519, ed25519Key.publicKey)).toBe(false)
  })

  test.each(['rsa-sha1', 'hmac-sha256', 'ecdsa-sha256', 'none', '', 'constructor', '__proto__'])(
    '"%s" is refused',
    (algorithm) => {
      expect(reasonFor(signCavage({ parameters: { algorithm } }))).toBe('algorithm')
    },
  )
})

describe('the Signature field', () => {
  test('is parameters of quoted text or digits between commas', () => {
    expect(parseSignatureHeader('keyId="a",created=12, signature="b="')).toEqual(
      new Map([
        ['keyId', 'a'],
        ['created', '12'],
        ['signature', 'b='],
      ]),
    )
  })

  test.each([
    'asdf',
    'keyId="a"signature="b"',
    'keyId="a",keyId="b"',
    'keyId="a",',
    ',keyId="a"',
    'keyId="a",,signature="b"',
    'keyId="a',
    'keyId=a',
    'keyId="a\\"b"',
    'keyId = "a"',
    'key-id="a"',
    `keyId="${'a'.repeat(6200)}"`,
    [...'abcdefghijk'].map((name) => `${name}="1"`).join(','),
  ])('%s is malformed', (field) => {
    expect(parseSignatureHeader(field)).toBeUndefined()
  })

  test('that is hostile costs no more than its length', () => {
    const fields = ['a="'.repeat(2000), `${'a'.repeat(6000)}=`, `k="${' ,'.repeat(3000)}`]
    const start = performance.now()
    for (const field of fields) expect(parseSignatureHeader(field)).toBeUndefined()
    expect(performance.now() - start).toBeLessThan(250)
  })

  // Fedify: verifyRequestDetailed() classifies malformed signatures as invalid.
  test.each([
    ['no keyId', 'headers="(request-target) host date digest",signature="AAAA"'],
    ['no signature', 'keyId="https://a.example/k",headers="(request-target) host date digest"'],
    ['no base64', 'keyId="k",headers="(request-target) host date digest",signature="!"'],
    ['loose base64', 'keyId="k",headers="(request-target) host date digest",signature="AAA"'],
  ])('with %s is malformed', (_, signature) => {
    expect(reasonFor({ ...signCavage(), headers: inboxFields({ signature }) })).toBe('malformed')
  })

  test.each([
    ['absent', '(request-target) host date digest x-absent'],
    ['twice', '(request-target) host date digest date'],
    ['empty', '(request-target) host date digest  content-type'],
    ['every object has', '(request-target) host date digest constructor __proto__'],
    ['unknown in brackets', '(request-target) host date digest (status)'],
  ])('that covers a field that is %s is malformed', (_, covered) => {
    expect(reasonFor(signCavage({ covered }))).toBe('malformed')
  })

  test('that covers more than 32 fields is malformed', () => {
    const extra = Array.from({ length: 29 }, (_, index) => `x-${index}`)
    const fields = inboxFields(Object.fromEntries(extra.map((name) => [name, '1'])))
    const covered = ['(request-target) host date digest', ...extra].join(' ')
    expect(reasonFor(signCavage({ covered, fields }))).toBe('malformed')
  })

  test('that is absent is missing', () => {
    expect(reasonFor({ ...signCavage(), headers: inboxFields() })).toBe('missing')
  })
})

// Fedify: verifyRequest() [draft-cavage], its first vector.
test('the vector of Fedify verifies', () => {
  const signature = [
    'ZDeMzjBKPfJvkv4QaxAdOQxKCJ96pOzOCFhhGgGnlsw4N80oN4GEZ/n8nNKjpoW95Bcs8N0dZVSQHj3g08AReKIOXpun0tgm',
    'aWGKRcRT4kEhAW+uP1wVZPbuOIvVCEhMYv6+SbnttgX0GvN365BTZpxh7+gRrRC4mns5qV69cv45I5iJB0aw24GJW9u7lUAm',
    '6yDEh4N0aXfNqNRq3LHiuPqlDzSenfXbHr0UnAMaGuI4v9/uflu/jNi3hRX4Y/T+ngM1zvLvi/BjKK4I1rh520qnkrWpxz9i',
    'kLCjIMO7Dwh1nOsPzrZE2t43XHD3evdvm1RM5Ppes+M6DrfkfQuUBw==',
  ]
  const n = [
    'yIB9rotX8G6r6_6toT-x24BUiQ_HaPH1Em9dOt4c94s-OPFoEdH7DY7Iym9A8LlH4JaGF8KD38bLHWe1S4x0jV3gHJKhK7veJfGZ',
    'CKUENcQecBZ-YWUs5HWvUIX1vVB__0luHrg6BQKGOrSOE-WIAxyr0qsWCFfZzQrvSnUD2yvg1arJX2xhms14uxoRd5Kg9efKSCmm',
    'QaNEapicARUmFWrIEpGFa_nUUnqimssAGw1eZFqf3wA4TjhsuARBhGaJtv_3KEa016eMZxy3kDlOjZnXZTaTgWkXdodwUvy8563f',
    'es3Al6BlcS2iJ9qbtha8rSm0FHqoUKH73JsLPKQIwQ',
  ]
  const covered = '(request-target) accept content-type date digest host'
  const request: ReceivedRequest = {
    method: 'POST',
    target: '/',
    body: Buffer.from('Hello, world!'),
    headers: {
      host: 'example.com',
      accept: 'text/plain',
      'content-type': 'text/plain; charset=utf-8',
      date: 'Tue, 05 Mar 2024 07:49:44 GMT',
      digest: 'sha-256=MV9b23bQeMQ7isAGTkoBZGErH853yGk0W/yUx1iU7dM=',
      signature: `keyId="https://example.com/key",headers="${covered}",signature="${signature.join('')}"`,
    },
  }
  const at = Date.parse('2024-03-05T07:49:44Z')
  const key = createPublicKey({ key: { kty: 'RSA', n: n.join(''), e: 'AQAB' }, format: 'jwk' })
  const read = readSignature(request, { origin: 'https://example.com', now: at })
  expect(read.ok && checkSignature(read.signature, key)).toBe(true)
})
