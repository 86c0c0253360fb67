// Requests that could be read in two ways, and addresses that others choose: what we answer, and what the upstream hears of it.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type RawRequest,
  type RawUpstream,
  startRawUpstream,
} from '../../../services/registry/pass/raw-upstream.fixture.ts'
import { openSocket, readAll } from '../../support/raw-socket.ts'
import { digestOf } from '../../support/registry-image.ts'
import { type RegistryProcess, startRegistry } from '../../support/registry-process.ts'

const POLICY = `rules:
  - {who: owner, repositories: "**", allow: [pull, push, overwrite, delete, catalog, admin]}
  - {who: anonymous, repositories: "open/**", allow: pull}
`
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const BLOB = `/v2/open/a/blobs/${digestOf('x')}`
const UPLOADS = '/v2/open/a/blobs/uploads/'

let raw: RawUpstream
let registry: RegistryProcess
let token: string
let answer: (request: RawRequest) => void

beforeAll(async () => {
  raw = await startRawUpstream((request) => answer(request))
  registry = await startRegistry({
    policy: POLICY,
    env: { FUCHSBAU_REGISTRY_UPSTREAM: raw.url, FUCHSBAU_REGISTRY_TOKEN_LIFETIME: '1h' },
  })
  token = await registry.token(registry.owner, 'repository:open/a:*', 'repository:own:*')
})

afterAll(async () => {
  await registry[Symbol.asyncDispose]()
  await raw[Symbol.asyncDispose]()
})

beforeEach(() => {
  answer = ({ socket }) => socket.write(OK)
})

/** All that is answered; the last request of the bytes asks for the end. */
async function speak(...lines: string[]): Promise<string> {
  const socket = await openSocket(registry.url)
  const heard = readAll(socket)
  socket.write(lines.join('\r\n'), 'latin1')
  return await heard
}

/** What the upstream heard meanwhile. */
async function heardOf(task: () => Promise<unknown>): Promise<string> {
  const before = raw.received.join('').length
  await task()
  return raw.received.join('').slice(before)
}

const auth = () => `authorization: Bearer ${token}`
const smuggled = ['GET /v2/own/smuggled HTTP/1.1', 'host: x', '', '']

describe('a request that could be read in two ways is refused, and the upstream hears nothing (RFC 9112)', () => {
  test.each<[string, string[]]>([
    ['length and coding (6.3)', ['content-length: 5', 'transfer-encoding: chunked', '', '0', '']],
    ['two lengths (6.3)', ['content-length: 5', 'content-length: 6', '', 'abcdef']],
    ['a list of lengths (6.3)', ['content-length: 5, 5', '', 'abcde']],
    ['a length with a sign (8.6 of RFC 9110)', ['content-length: +5', '', 'abcde']],
    ['a coding that is not the last (6.1)', ['transfer-encoding: chunked, gzip', '', '0', '']],
    ['an unknown coding (6.1)', ['transfer-encoding: xchunked', '', '0', '']],
    [
      'two codings (6.1)',
      ['transfer-encoding: chunked', 'transfer-encoding: identity', '', '0', ''],
    ],
    ['a folded line (5.2)', ['x-a: b', ' transfer-encoding: chunked', '', '']],
    ['a space before the colon (5.1)', ['content-length : 5', '', 'abcde']],
    ['a NUL (5.5 of RFC 9110)', ['x-a: b\0c', '', '']],
    ['a line that ends by LF alone (2.2)', ['x-a: b\ntransfer-encoding: chunked', '', '0', '']],
    ['a line that ends by CR alone (2.2)', ['x-a: b\rtransfer-encoding: chunked', '', '0', '']],
  ])('%s', async (_, rest) => {
    let said = ''
    const heard = await heardOf(async () => {
      said = await speak(`POST ${UPLOADS} HTTP/1.1`, 'host: x', auth(), ...rest, ...smuggled)
    })
    expect(said).toMatch(/^HTTP\/1\.1 400 /)
    expect(said.match(/HTTP\/1\.1 \d/g)).toHaveLength(1)
    expect(heard).toBe('')
  })

  test('a chunk whose size is none ends the upload, at the upstream too', async () => {
    const heard = await heardOf(() =>
      speak(
        `POST ${UPLOADS} HTTP/1.1`,
        'host: x',
        auth(),
        'transfer-encoding: chunked',
        '',
        '0x5',
        'abcde',
        '0',
        '',
        '',
      ),
    )
    expect(heard).not.toMatch(/\r\n0\r\n\r\n$/)
  })

  test('a body where none belongs is no request, here or there', async () => {
    const body = smuggled.join('\r\n')
    const heard = await heardOf(() =>
      speak(
        `GET ${BLOB} HTTP/1.1`,
        'host: x',
        `content-length: ${body.length}`,
        'connection: close',
        '',
        body,
      ),
    )
    expect(heard).toContain(BLOB)
    expect(heard).not.toContain('smuggled')
  })
})

test.each([
  ['OPTIONS', 404],
  ['TRACE', 404],
  ['PROPFIND', 404],
  ['BREW', 400],
  ['get', 400],
])('the method %s is none of the specification: %i', async (method, status) => {
  const heard = await heardOf(async () => {
    const said = await speak(
      `${method} ${BLOB} HTTP/1.1`,
      'host: x',
      auth(),
      'connection: close',
      '',
      '',
    )
    expect(said).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  })
  expect(heard).toBe('')
})

test('CONNECT leads nowhere', async () => {
  expect(await speak('CONNECT 127.0.0.1:1 HTTP/1.1', 'host: x', '', '')).toBe('')
})

test.each(['x-http-method-override', 'x-http-method', 'x-method-override'])(
  '%s changes nothing, and stays here',
  async (name) => {
    const heard = await heardOf(async () => {
      const headers = { [name]: 'DELETE' }
      const response = await registry.request('/v2/open/a/manifests/v1', { headers })
      expect(response.status).toBe(200)
    })
    expect(heard).toMatch(/^GET /)
    expect(heard).not.toContain('DELETE')
  },
)

describe('the name by which we are called does not get into an answer', () => {
  const evil = ['host: evil.test', 'x-forwarded-host: evil.test', 'forwarded: host=evil.test']
  test('a challenge', async () => {
    const said = await speak('GET /v2/ HTTP/1.1', ...evil, 'connection: close', '', '')
    expect(said).toContain(`realm="${registry.url}/token"`)
    expect(said).not.toContain('evil')
  })

  test('an upload, a page, and what the upstream hears', async () => {
    answer = ({ head, socket }) => {
      const host = /host: (\S+)/i.exec(head)?.[1]
      const location = `location: http://${host}/v2/open/a/blobs/uploads/1\r\n`
      socket.write(`HTTP/1.1 202 Accepted\r\n${location}content-length: 0\r\n\r\n`)
    }
    const heard = await heardOf(async () => {
      const empty = ['content-length: 0', 'connection: close', '', '']
      const said = await speak(`POST ${UPLOADS} HTTP/1.1`, ...evil, auth(), ...empty)
      expect(said).toMatch(/\r\nlocation: \/v2\/open\/a\/blobs\/uploads\/1\?_by=/i)
    })
    expect(heard).not.toContain('evil')
    const page = await speak('GET /tokens HTTP/1.1', ...evil, 'connection: close', '', '')
    expect(page).toMatch(/\r\nlocation: \/login/i)
    expect(page).not.toContain('evil')
  })

  test.each(['/v2/_catalog', BLOB, '/v2/'])(
    'an absolute address of %s is not ours',
    async (path) => {
      const heard = await heardOf(async () => {
        const target = `http://evil.test${path}`
        const said = await speak(
          `GET ${target} HTTP/1.1`,
          'host: x',
          auth(),
          'connection: close',
          '',
          '',
        )
        expect(said).toMatch(/^HTTP\/1\.1 404 /)
        expect(said).toContain('NAME_UNKNOWN')
      })
      expect(heard).toBe('')
    },
  )
})

test.each([
  ['dots', '/v2/open/../own/tags/list'],
  ['escaped dots', '/v2/open/%2e%2e/own/tags/list'],
  ['dots escaped twice', '/v2/open/%252e%252e/own/tags/list'],
  ['an escaped slash', '/v2/open%2fa/tags/list'],
  ['a slash escaped twice', '/v2/open%252fa/tags/list'],
  ['an escaped letter', '/v2/%6fpen/a/tags/list'],
  ['a backslash', '/v2/open\\a/tags/list'],
  ['a NUL', '/v2/open/a%00/tags/list'],
  ['no name', '/v2//tags/list'],
  ['capitals', '/v2/Open/a/tags/list'],
  ['a digest that is too long', `/v2/open/a/blobs/sha256:${'a'.repeat(65)}`],
  ['a digest with capitals', `/v2/open/a/blobs/sha256:${'A'.repeat(64)}`],
  ['a digest of an unknown algorithm', `/v2/open/a/blobs/md5:${'a'.repeat(32)}`],
  ['a tag that is too long', `/v2/open/a/manifests/${'a'.repeat(129)}`],
  ['an upload that is called by dots', '/v2/open/a/blobs/uploads/..%2f..'],
  ['a parameter in the path', '/v2/open/a;x=y/tags/list'],
  ['a fragment', '/v2/open/a/tags/list#x'],
])(
  'an address with %s is 4xx in the form of the specification, and not asked for',
  async (_, path) => {
    const heard = await heardOf(async () => {
      const said = await speak(
        `GET ${path} HTTP/1.1`,
        'host: x',
        auth(),
        'connection: close',
        '',
        '',
      )
      expect(said).toMatch(
        /^HTTP\/1\.1 4\d\d .*\r\n\r\n\{"errors":\[\{"code":"[A-Z_]+","message":"/s,
      )
    })
    expect(heard).toBe('')
  },
)

describe('what the upstream says of other places', () => {
  const says = (status: string, header: string) => {
    answer = ({ socket }) =>
      socket.write(`HTTP/1.1 ${status}\r\n${header}\r\ncontent-length: 0\r\n\r\n`)
  }
  const get = (path = BLOB) =>
    fetch(`${registry.url}${path}`, {
      redirect: 'manual',
      headers: { authorization: `Bearer ${token}` },
    })

  test.each(['301 Moved', '302 Found', '303 See Other', '307 Temporary Redirect', '308 Permanent'])(
    '%s: clients are not sent to where the upstream keeps its blobs, and we do not go there',
    async (status) => {
      says(status, `location: ${registry.url}/elsewhere?X-Amz-Signature=secret`)
      const response = await get()
      expect(response.status).toBe(502)
      expect(response.headers.get('location')).toBeNull()
      expect(await response.text()).not.toContain('secret')
    },
  )

  test('a Link to another host, of another relation, or without end, is left out or made ours', async () => {
    const linkOf = async (value: string) => {
      says('200 OK', `link: ${value}`)
      return (await get('/v2/open/a/tags/list')).headers.get('link')
    }
    expect(await linkOf('<http://evil.test/v2/open/a/tags/list?last=b>; rel="next"')).toBe(
      '</v2/open/a/tags/list?last=b>; rel="next"',
    )
    expect(await linkOf('<http://evil.test/other>; rel="next"')).toBeNull()
    expect(await linkOf('<//evil.test>; rel="next"')).toBeNull()
    expect(await linkOf('</v2/x>; rel="preload"')).toBeNull()
    expect(await linkOf('</v2/x>; rel="next", <https://evil.test>; rel="preload"')).toBeNull()
    expect(await linkOf(`</v2/${'a'.repeat(20_000)}>; rel="next"`)).toBeNull()
  })

  test.each([
    'set-cookie: a=b',
    'www-authenticate: Basic realm="x"',
    'access-control-allow-origin: *',
  ])('%s stays there', async (header) => {
    says('200 OK', header)
    expect((await get()).headers.get(header.split(':')[0] ?? '')).toBeNull()
  })

  test('a header with a line break in it is no answer', async () => {
    answer = ({ socket }) =>
      socket.write('HTTP/1.1 200 OK\r\netag: a\rset-cookie: b=c\r\ncontent-length: 0\r\n\r\n')
    expect((await get()).status).toBe(503)
  })
})

test('an address with IPv6, a path and a slash at its end', async () => {
  await using other = await startRegistry({
    env: { FUCHSBAU_REGISTRY_URL: 'http://[::1]:5000/reg/' },
  })
  const { headers } = await other.request('/v2/')
  expect(headers.get('www-authenticate')).toBe(
    'Bearer realm="http://[::1]:5000/reg/token",service="[::1]:5000"',
  )
})
