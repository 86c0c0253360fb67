// RFC 9421 in what we receive. The requests refused here carry a right signature over what they cover,
// except where the test says otherwise.
import { constants, createPublicKey, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { parseSignatureInput } from './message-signature.ts'
import { checkSignature, type ReceivedRequest, readSignature } from './signature.ts'
import {
  activity,
  ed25519Key,
  inboxComponents,
  keyId,
  messageParameters,
  now,
  otherRsaKey,
  policy,
  rsaKey,
  sha256,
  signMessage,
} from './signed-request.fixture.ts'

const hour = 3_600_000
const method: [string, string] = ['@method', 'POST']
const targetUri: [string, string] = ['@target-uri', 'https://local.example/alice/inbox']
const contentDigest: [string, string] = ['content-digest', `sha-256=:${sha256(activity)}:`]

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
    const read = readSignature(signMessage(), policy)
    expect(read).toMatchObject({ ok: true, signature: { spec: 'rfc9421', keyId } })
    expect(verifies(signMessage())).toBe(true)
    expect(verifies(signMessage(), otherRsaKey.publicKey)).toBe(false)
    expect(verifies(signMessage(), ed25519Key.publicKey)).toBe(false)
  })

  // §2.2, what each derived component stands for.
  test.each([
    [
      '@authority and @path',
      [
        ['@authority', 'local.example'],
        ['@path', '/alice/inbox'],
      ],
    ],
    [
      '@authority and @request-target',
      [
        ['@authority', 'local.example'],
        ['@request-target', '/alice/inbox'],
      ],
    ],
    [
      'host and @path',
      [
        ['host', 'local.example'],
        ['@path', '/alice/inbox'],
      ],
    ],
    ['all of them', [targetUri, ['@scheme', 'https'], ['@query', '?'], ['host', 'local.example']]],
  ] as [string, [string, string][]][])('may name its target by %s', (_, components) => {
    const request = signMessage({ components: [method, contentDigest, ...components] })
    expect(verifies(request)).toBe(true)
    expect(verifies({ ...request, target: '/carol/inbox' })).toBe(false)
  })

  test('does not verify when a covered part changed on the way', () => {
    const request = signMessage()
    expect(verifies({ ...request, target: '/carol/inbox' })).toBe(false)
    expect(verifies({ ...request, method: 'PUT' })).toBe(false)
    const input = String(request.headers['signature-input']).replace('bob', 'eve')
    const headers = { ...request.headers, 'signature-input': input }
    expect(verifies({ ...request, headers })).toBe(false)
  })

  test('sent to another host is refused although @target-uri is ours', () => {
    const fields = { host: 'remote.example', 'content-digest': contentDigest[1] }
    expect(reasonFor(signMessage({ fields }))).toBe('host')
    const elsewhere: [string, string] = ['@target-uri', 'https://remote.example/alice/inbox']
    expect(verifies(signMessage({ components: [method, elsewhere, contentDigest] }))).toBe(false)
  })
})

// Fedify's verifyRequest accepts each of these: it demands no component.
describe('coverage', () => {
  test.each([
    ['nothing', []],
    ['no @method', [targetUri, contentDigest]],
    ['no target', [method, contentDigest]],
    ['no host', [method, contentDigest, ['@path', '/alice/inbox']]],
    ['no path', [method, contentDigest, ['@authority', 'local.example']]],
    ['no content-digest', [method, targetUri]],
  ] as [string, [string, string][]][])('of %s is refused', (_, components) => {
    expect(reasonFor(signMessage({ components }))).toBe('uncovered')
  })

  test('of a path without its query is refused', () => {
    const components: [string, string][] = [
      ['@method', 'GET'],
      ['@authority', 'local.example'],
      ['@path', '/alice/outbox'],
    ]
    const get = { method: 'GET', body: Buffer.alloc(0), fields: { host: 'local.example' } }
    expect(verifies(signMessage({ ...get, components, target: '/alice/outbox' }))).toBe(true)
    const paged = { ...get, target: '/alice/outbox?page=1' }
    expect(reasonFor(signMessage({ ...paged, components }))).toBe('uncovered')
    const full: [string, string][] = [...components, ['@query', '?page=1']]
    expect(verifies(signMessage({ ...paged, components: full }))).toBe(true)
  })

  test.each([
    ['absent', 'x-absent'],
    ['unknown', '@unsupported'],
    ['of responses', '@status'],
    ['of every object', 'constructor'],
    ['in upper case', 'Content-Type'],
  ])('of a component that is %s is malformed', (_, name) => {
    const components: [string, string][] = [...inboxComponents, [name, 'undefined']]
    expect(reasonFor(signMessage({ components }))).toBe('malformed')
  })
})

describe('dates', () => {
  test('created lies in the window: 12 hours back, 1 hour ahead, both ends included', () => {
    const request = signMessage()
    expect(reasonFor(request, now + 12 * hour)).toBe('read')
    expect(reasonFor(request, now + 12 * hour + 1)).toBe('date')
    expect(reasonFor(request, now - hour)).toBe('read')
    expect(reasonFor(request, now - hour - 1)).toBe('date')
  })

  test.each([
    ['absent', '', 'uncovered'],
    ['negative', ';created=-5', 'date'],
    ['text', ';created="soon"', 'date'],
    ['a token', ';created=now', 'date'],
    ['in the year 5000', ';created=95617584000', 'date'],
  ])('created %s is refused', (_, created, reason) => {
    expect(reasonFor(signMessage({ parameters: `${created};keyid="${keyId}"` }))).toBe(reason)
  })

  test('expires ends it', () => {
    const at = (expires: string) =>
      signMessage({ parameters: `${messageParameters};expires=${expires}` })
    expect(verifies(at(String(now / 1000 + 1)))).toBe(true)
    for (const expires of [String(now / 1000), '1', '-1', 'never']) {
      expect(reasonFor(at(expires))).toBe('date')
    }
  })
})

describe('content digests', () => {
  const digest = sha256(activity)

  test.each([
    ['absent', undefined],
    ['of another body', `sha-256=:${sha256(Buffer.from('other'))}:`],
    ['in the form of Digest', `SHA-256=${digest}`],
    ['of an unknown algorithm alone', `md5=:${digest}:`],
    ['one right, one wrong', `sha-256=:${digest}:, sha-512=:${digest}:`],
  ])('%s is refused', (_, value) => {
    const fields = { host: 'local.example', ...(value && { 'content-digest': value }) }
    const components: [string, string][] = [method, targetUri, ['content-digest', `${value}`]]
    expect(reasonFor(signMessage({ fields, components }))).toBe('digest')
  })

  // Fedify: verifyRequest() [rfc9421] error cases, 7: Invalid Content-Digest.
  test('a body changed on the way is refused', () => {
    expect(reasonFor({ ...signMessage(), body: Buffer.from('{}') })).toBe('digest')
  })

  test('a GET needs none', () => {
    const components: [string, string][] = [
      ['@method', 'GET'],
      ['@target-uri', 'https://local.example/alice'],
    ]
    const get = { method: 'GET', target: '/alice', body: Buffer.alloc(0), components }
    expect(verifies(signMessage({ ...get, fields: { host: 'local.example' } }))).toBe(true)
  })
})

describe('algorithms', () => {
  const without = `;created=${now / 1000};keyid="${keyId}"`

  test('left out are the key’s', () => {
    expect(verifies(signMessage({ parameters: without }))).toBe(true)
  })

  test.each(['hmac-sha256', 'ecdsa-p256-sha256', 'none', 'constructor'])('%s is refused', (alg) => {
    expect(reasonFor(signMessage({ parameters: `${without};alg="${alg}"` }))).toBe('algorithm')
  })

  test('the algorithm named must be the one used', () => {
    for (const alg of ['rsa-v1_5-sha512', 'rsa-pss-sha512', 'ed25519']) {
      const request = signMessage({ parameters: `${without};alg="${alg}"` })
      expect(verifies(request)).toBe(false)
      expect(verifies(request, ed25519Key.publicKey)).toBe(false)
    }
  })

  test('rsa-pss-sha512 and ed25519 verify', () => {
    const signedBy = (alg: string, make: (data: Buffer) => Buffer) => {
      const request = signMessage({ parameters: `${without};alg="${alg}"` })
      const read = readSignature(request, policy)
      const base = Buffer.from((read.ok && read.signature.bases[0]) || '', 'latin1')
      const signature = `sig1=:${make(base).toString('base64')}:`
      return { ...request, headers: { ...request.headers, signature } }
    }
    const padding = constants.RSA_PKCS1_PSS_PADDING
    const pss = signedBy('rsa-pss-sha512', (data) => {
      return sign('sha512', data, { key: rsaKey.privateKey, padding, saltLength: 64 })
    })
    expect(verifies(pss)).toBe(true)
    const ed25519 = signedBy('ed25519', (data) => sign(null, data, ed25519Key.privateKey))
    expect(verifies(ed25519, ed25519Key.publicKey)).toBe(true)
  })
})

describe('several signatures', () => {
  // Fedify: verifyRequest() [rfc9421] error cases, 12: one valid, one invalid.
  test('the first that covers enough counts', () => {
    const request = signMessage()
    const proxy = `proxy=("@method");created=${now / 1000};keyid="https://proxy.example/k"`
    const headers = {
      ...request.headers,
      'signature-input': `${proxy}, ${request.headers['signature-input']}`,
      signature: `proxy=:AAAA:, ${request.headers['signature']}`,
    }
    expect(verifies({ ...request, headers })).toBe(true)
  })

  test('five are malformed', () => {
    const request = signMessage()
    const one = String(request.headers['signature-input']).slice('sig1='.length)
    const input = [1, 2, 3, 4, 5].map((index) => `sig${index}=${one}`).join(',')
    const headers = { ...request.headers, 'signature-input': input }
    expect(reasonFor({ ...request, headers })).toBe('malformed')
  })
})

// Fedify: verifyRequest() [rfc9421] error cases 1, 2, 9 and 11, and its malformed signature base.
describe('the fields', () => {
  const field = (value: string) => {
    return { ...signMessage().headers, 'signature-input': value }
  }

  test('Signature missing, of another label or no bytes is malformed', () => {
    const request = signMessage()
    for (const signature of [undefined, 'sig2=:AAAA:', 'sig1="AAAA"', 'sig1=:!@#$:', 'rubbish']) {
      const { signature: _, ...headers } = request.headers
      const changed = signature === undefined ? headers : { ...headers, signature }
      expect(reasonFor({ ...request, headers: changed })).toBe('malformed')
    }
  })

  test('a cavage Signature does not stand in for a missing one', () => {
    const signature = 'keyId="k",headers="(request-target) host date digest",signature="AAAA"'
    const request = signMessage()
    const headers = { ...request.headers, signature }
    expect(reasonFor({ ...request, headers })).toBe('malformed')
  })

  test('a signature tampered with does not verify', () => {
    const request = signMessage()
    const headers = { ...request.headers, signature: 'sig1=:AAAAAA==:' }
    expect(verifies({ ...request, headers })).toBe(false)
  })

  test('without keyid is malformed', () => {
    expect(reasonFor(signMessage({ parameters: `;created=${now / 1000}` }))).toBe('malformed')
  })

  test.each([
    'this is not a valid signature-input format',
    'sig1',
    'sig1=',
    'sig1=()extra',
    'sig1=("@method";created=1',
    'sig1=("@method""@path");created=1',
    'sig1=("@method" "@method");created=1',
    'sig1=("@method";req);created=1',
    'sig1=("@query-param";name="page");created=1',
    'sig1=("a b" "@method"), ',
    'sig1=("value with \\"quotes\\"");created=1',
    'sig1=("@method");created=1;created=2',
    'sig1=("@method");created=1,sig1=("@method");created=2',
    'sig1=("@method");created',
    'sig1=("@method");keyid="unended',
    `sig1=(${Array.from({ length: 33 }, (_, index) => `"x-${index}"`).join(' ')})`,
    `sig1=("${'a'.repeat(6200)}")`,
  ])('%s is malformed', (input) => {
    expect(parseSignatureInput(input)).toBeUndefined()
    expect(reasonFor({ ...signMessage(), headers: field(input) })).toBe('malformed')
  })

  test('keep the text of what was signed', () => {
    const input = 'sig1=( "@method"  "host");keyid="a\\"b\\\\c";created=1, sig2=();tag=x'
    expect(parseSignatureInput(input)).toEqual([
      {
        label: 'sig1',
        components: ['@method', 'host'],
        parameters: new Map([
          ['keyid', 'a"b\\c'],
          ['created', '1'],
        ]),
        text: '( "@method"  "host");keyid="a\\"b\\\\c";created=1',
      },
      { label: 'sig2', components: [], parameters: new Map([['tag', 'x']]), text: '();tag=x' },
    ])
  })

  test('that are hostile cost no more than their length', () => {
    const fields = [
      `a=(${'"x" '.repeat(1500)}`,
      `a=()${';b="\\"'.repeat(1000)}`,
      'a=(),'.repeat(1200),
    ]
    const start = performance.now()
    for (const value of fields) expect(parseSignatureInput(value)).toBeUndefined()
    expect(performance.now() - start).toBeLessThan(250)
  })
})

// Fedify: verifyRequest() [rfc9421] test vector from Mastodon.
test('the vector of Mastodon verifies', () => {
  const signature = [
    'WfM6q/qBqhUyqPUDt9metjadJGtLLpmMTBzk/t+R3byKe4/TGAXC6vBB/M6NsD5qv8GCmQGtisCMQxJQO0IGODGzi+Jv+eqDJ50agMVX',
    'NV6nUOzY44c4/XTPoI98qyx1oEMa4Hefy3vSYKq96iDVAc+RDLCMTeGP3wn9wizjD1SNmU0RZI1bTB+eCkywMP9mM5zXzUOYF+Qkuf+W',
    'dEpPR1XUGPlnqfdvPalcKVfaI/VThBjI91D/lmUGoa69x4EBEHM+aJmW6086e7/dVh+FndKkdGfXslZXFZKi2flTGQZgEWLn948SqAaJ',
    'QROkJg8B14Sb1NONS1qZBhK3Mum8Pg==',
  ]
  const publicKey = [
    '-----BEGIN PUBLIC KEY-----',
    'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqIAYvNFGbZ5g4iiK6feS',
    'dXD4bDStFM58A7tHycYXaYtzZQpIeHXAmaXuZzXIwtrP4N0gIk8JNwZvXj2UPS+S',
    '07t0V9wNK94he01LV5EMz/GN4eNnFmDL64HIEuKLvV8TvgjbUPRD6Y5X0UpKi2ZI',
    'FLSb96Q5w0Z/k7ntpVKV52y8kz5Fjr/O/0JuHryZe0yItzJh8kzFfeMf0EXzfSna',
    'KvT7P9jhgC6uTre+jXyvVZjiHDrnqvvucdI3I7DRfXo1OqARBrLjy+TdseUAjNYJ',
    '+OuPRI1URIWQI01DCHqcohVu9+Ar+BiCjFp3ua+XMuJvrvbD61d1Fvig/9nbBRR+',
    '8QIDAQAB',
    '-----END PUBLIC KEY-----',
  ]
  const keyid = 'https://remote.domain/users/bob#main-key'
  const request: ReceivedRequest = {
    method: 'GET',
    target: '/activitypub/success',
    body: Buffer.alloc(0),
    headers: {
      host: 'www.example.com',
      'signature-input': `sig1=("@method" "@target-uri");created=1703066400;keyid="${keyid}"`,
      signature: `sig1=:${signature.join('')}:`,
    },
  }
  const at = Date.parse('2023-12-20T10:00:00Z')
  const read = readSignature(request, { origin: 'https://www.example.com', now: at })
  expect(read.ok && checkSignature(read.signature, createPublicKey(publicKey.join('\n')))).toBe(
    true,
  )
})
