// Requests that no well-meaning client sends, the same ones for the same seed, as bytes. What holds SMUGGLED was meant to get
// past us; SECRET must never be seen again.
import type { Dice } from './bouncer-fuzz.ts'

export const SMUGGLED = 'smuggled'
export const SECRET = 'fuzz-secret'

const HEX = '0123456789abcdef'

const SEGMENTS = [
  '',
  '.',
  '..',
  '%2e%2e',
  '%2f',
  '%zz',
  '%',
  '%00',
  '%0d%0ax:%20smuggled',
  'fuzz',
  'app',
  'fuzz%2fapp',
  'APP',
  'a'.repeat(300),
  'a-'.repeat(150),
  'manifests',
  'blobs',
  'uploads',
  'tags',
  'list',
  'referrers',
  '_catalog',
  '_zot',
  'latest',
  '\u00e4\u00f6',
  '\u0080\u00ff',
  ';x=1',
  '#x',
  '\\..\\',
  '{}|^`"<>',
  '__proto__',
  '*',
  '@',
  'x:y:z',
] as const

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'BREW',
  'get',
  'PROPFIND',
] as const

const QUERIES = [
  '',
  '?',
  '?n=-1',
  '?n=999999999999',
  '?n=x&last=..%2f',
  '?n=1&n=2',
  '?tag=odd%0d%0ax:%20odd',
  '?tag=a%26x=odd',
  '?mount=sha256:0&from=../x',
  '?from=secret/app&mount=x&from=fuzz/app',
  '?digest=md5:0',
  '?_by=x',
  '?%',
  '?\u0000',
  '?digest=sha256:%',
  `?${'x=1&'.repeat(2_000)}`,
  '?artifactType=%ff%fe',
] as const

const HEADERS: readonly [[string, string], ...[string, string][]] = [
  ['content-length', '-1'],
  ['content-length', '5, 6'],
  ['content-length', '99999999999999999999'],
  ['content-length', '0x10'],
  ['transfer-encoding', 'chunked'],
  ['transfer-encoding', 'gzip, chunked'],
  ['transfer-encoding', 'smuggled'],
  ['content-range', '9-3'],
  ['content-range', 'bytes 0-99999999999999999999/*'],
  ['range', 'bytes=9-3,5-'],
  ['range', `bytes=${'0-1,'.repeat(500)}`],
  ['expect', '100-continue'],
  ['expect', 'smuggled'],
  ['connection', 'upgrade'],
  ['upgrade', 'smuggled'],
  ['x-forwarded-for', '999.999.999.999'],
  ['x-forwarded-host', 'smuggled'],
  ['cookie', `session=${SECRET}`],
  ['proxy-authorization', `Basic ${SECRET}`],
  ['host', 'smuggled'],
  ['accept', `application/${'x'.repeat(5_000)}`],
  ['accept', '\u00ff\u0080'],
  ['content-type', '__proto__'],
  ['content-type', 'text/html; charset="'],
  ['if-none-match', '"'.repeat(1_000)],
  ['x-long', 'x'.repeat(40_000)],
  ['user-agent', '\u0001'],
  ['x y', 'smuggled'],
]

export interface FuzzOptions {
  /** Good tokens. */
  tokens: readonly [string, ...string[]]
  /** A good manifest. */
  manifest: string
}

/** One request, with all of its body or less. */
export function registryRequest(random: Dice, options: FuzzOptions): Buffer {
  return random.chance(0.5) ? nearlyGood(random, options) : bad(random, options)
}

const HARMLESS: readonly [[string, string], ...[string, string][]] = [
  ['accept', '*/*'],
  ['range', 'bytes=9-3,5-'],
  ['content-range', '9-3'],
  ['cookie', `session=${SECRET}`],
  ['proxy-authorization', `Basic ${SECRET}`],
  ['x-forwarded-host', SMUGGLED],
  ['x-registry-auth', SMUGGLED],
  ['te', SMUGGLED],
  ['content-type', '__proto__'],
  ['if-none-match', '"'.repeat(1_000)],
]

/** With a good token, for an endpoint that there is: what gets as far as the upstream, if anything does. */
function nearlyGood(random: Dice, { tokens, manifest }: FuzzOptions): Buffer {
  const [name, value] = random.pick(HARMLESS)
  const method = random.pick(['GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
  const bytes = random.chance(0.08)
    ? Buffer.alloc(5 * 1024 * 1024, 'x')
    : Buffer.from(random.pick([manifest, '{', 'null', '['.repeat(50_000)]))
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const lines = [
    `${method} ${registryPath(random)} HTTP/1.1`,
    'host: registry.test',
    'connection: close',
    `authorization: Bearer ${tokens[0]}`,
    `${name}: ${value}`,
    ...(hasBody ? [`content-length: ${bytes.length}`] : []),
  ]
  const head = Buffer.from([...lines, '', ''].join('\r\n'), 'latin1')
  return hasBody ? Buffer.concat([head, bytes]) : head
}

function bad(random: Dice, { tokens, manifest }: FuzzOptions): Buffer {
  const isToken = random.chance(0.15)
  const path = isToken ? tokenPath(random) : registryPath(random)
  const method = isToken ? random.pick(['GET', 'POST', 'PUT']) : random.pick(METHODS)
  const lines = [`${method} ${path} HTTP/1.1`]
  if (!random.chance(0.02)) lines.push('host: registry.test')
  lines.push('connection: close')
  const authorization = authorizationOf(random, tokens)
  if (authorization !== undefined) lines.push(`authorization: ${authorization}`)
  for (let count = random.below(3); count > 0; count -= 1) {
    const [name, value] = random.pick(HEADERS)
    lines.push(`${name}: ${value}`)
  }
  if (random.chance(0.01)) for (let index = 0; index < 2_100; index += 1) lines.push(`x${index}: 1`)
  const body = bodyOf(random, method, manifest)
  if (isToken && method === 'POST') lines.push('content-type: application/x-www-form-urlencoded')
  return Buffer.concat([
    Buffer.from([...lines, ...body.lines, '', ''].join('\r\n'), 'latin1'),
    body.bytes,
  ])
}

function registryPath(random: Dice): string {
  const digest = digestOf(random)
  const known = [
    '/v2/',
    '/v2/_catalog',
    '/v2/fuzz/app/tags/list',
    '/v2/fuzz/app/manifests/latest',
    `/v2/fuzz/app/manifests/${digest}`,
    `/v2/fuzz/app/blobs/${digest}`,
    '/v2/fuzz/app/blobs/uploads/',
    `/v2/fuzz/app/blobs/uploads/${random.pick(SEGMENTS)}`,
    `/v2/fuzz/app/referrers/${digest}`,
    '/v2/_zot/ext/search',
  ] as const
  if (random.chance(0.6)) return `${random.pick(known)}${random.pick(QUERIES)}`
  const parts = Array.from({ length: 1 + random.below(6) }, () => random.pick(SEGMENTS))
  const start = random.pick([
    '/v2/',
    '/v2',
    '/v2//',
    '/',
    '//v2/',
    'http://smuggled/v2/',
    '/v2/fuzz/',
  ])
  return `${start}${parts.join('/')}${random.pick(QUERIES)}`
}

function tokenPath(random: Dice): string {
  const scopes = [
    'repository:fuzz/app:pull',
    'repository::pull',
    'repository:../x:*',
    `repository:${'a'.repeat(4_000)}:pull`,
    'registry:catalog:*',
    '%00',
    '%zz',
    `${'repository:a:pull%20'.repeat(300)}`,
    'repository:__proto__:pull',
  ] as const
  const parts = Array.from({ length: random.below(5) }, () => `scope=${random.pick(scopes)}`)
  return `/token${random.pick(['', '/', '/x'])}?service=x&${parts.join('&')}`
}

function digestOf(random: Dice): string {
  const algorithm = random.pick([
    'sha256',
    'sha512',
    'md5',
    'SHA256',
    '',
    'sha256:sha256',
    '__proto__',
  ])
  const length = random.pick([64, 64, 64, 128, 63, 0, 500])
  const hex = Array.from({ length }, () => HEX[random.below(16)]).join('')
  return `${algorithm}:${random.chance(0.1) ? hex.toUpperCase() : hex}`
}

function authorizationOf(random: Dice, tokens: FuzzOptions['tokens']): string | undefined {
  const token = random.pick(tokens)
  const [head = '', claims = '', signature = ''] = token.split('.')
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const at = random.below(token.length)
  const flipped = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
  switch (random.below(12)) {
    case 0:
      return
    case 1:
      return `Bearer ${encode({ alg: 'none' })}.${claims}.`
    case 2:
      return `Bearer ${encode({ alg: 'HS256', kid: 'x' })}.${claims}.${signature}`
    case 3:
      return `Bearer ${flipped}`
    case 4:
      return `Bearer ${head}.${encode({ exp: 1e300, access: '__proto__' })}.${signature}`
    case 5:
      return `Basic ${Buffer.from(`token:${SECRET}`).toString('base64')}`
    case 6:
      return random.pick([
        'Basic',
        'Basic !',
        'Bearer',
        'Bearer a b',
        'Digest x',
        '\u00ff',
        `Bearer ${'.'.repeat(9_000)}`,
      ])
    default:
      return `Bearer ${token}`
  }
}

function bodyOf(
  random: Dice,
  method: string,
  manifest: string,
): { lines: string[]; bytes: Buffer } {
  if (method === 'GET' || method === 'HEAD' || random.chance(0.2))
    return { lines: [], bytes: Buffer.alloc(0) }
  const bytes = random.chance(0.01)
    ? Buffer.alloc(5 * 1024 * 1024, 'x')
    : Buffer.from(
        random.pick([
          manifest,
          '',
          '{',
          '[]',
          'null',
          '{"schemaVersion":2',
          '\u0000',
          '['.repeat(50_000),
          'grant_type=password&username=x&password=y',
          'grant_type=refresh_token&refresh_token=%00',
        ]),
      )
  const length = `content-length: ${bytes.length}`
  const chunk = (size: string, data = bytes.toString('latin1'), rest = '\r\n0\r\n\r\n') =>
    Buffer.from(`${size}\r\n${data}${rest}`, 'latin1')
  const chunked = 'transfer-encoding: chunked'
  switch (random.below(8)) {
    case 0:
      return { lines: [chunked], bytes: chunk(bytes.length.toString(16)) }
    case 1:
      return {
        lines: [chunked],
        bytes: chunk(random.pick(['-1', 'zz', '', 'fffffffffffffffff', '5;x', ' 5'])),
      }
    case 2:
      return { lines: [chunked, length], bytes: chunk(bytes.length.toString(16)) }
    case 3:
      return { lines: [`content-length: ${bytes.length + 10}`], bytes }
    case 4:
      return {
        lines: [length],
        bytes: Buffer.concat([
          bytes,
          Buffer.from(`GET /v2/${SMUGGLED}/tags/list HTTP/1.1\r\nhost: x\r\n\r\n`),
        ]),
      }
    default:
      return { lines: [length], bytes }
  }
}
