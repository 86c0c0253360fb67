import { describe, expect, test } from 'vitest'
import { checkUrl } from './address.ts'

describe('URLs of other servers', () => {
  test.each([
    'https://127.0.0.1/',
    'https://127.0.0.1./',
    'https://127.1/',
    'https://0x7f.1/',
    'https://0x7f000001/',
    'https://2130706433/',
    'https://017700000001/',
    'https://127.0.0.1:8443/inbox',
    'https://%31%32%37.0.0.1/',
    'https://①②⑦.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[fe80::1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://0/',
    'https://169.254.169.254/latest/meta-data/',
  ])('%s is a private address', (text) => {
    expect(checkUrl(text, false)).toMatchObject({ ok: false, kind: 'private-address' })
  })

  test.each([
    'http://example.org/',
    'ftp://example.org/',
    'file:///etc/passwd',
    'data:application/json,{}',
    'javascript:alert(1)',
    'https://',
    'https://user:password@example.org/',
    'https://user@example.org/',
    'example.org/users/a',
    'https://[fe80::1%25eth0]/',
    'https://256.256.256.256/',
    `https://example.org/${'a'.repeat(2048)}`,
    '',
  ])('%s is not a URL we request', (text) => {
    expect(checkUrl(text, false)).toMatchObject({ ok: false, kind: 'bad-url' })
  })

  test.each([
    ['https://example.org/users/a', 'https://example.org/users/a'],
    ['https://EXAMPLE.org:443/users/a', 'https://example.org/users/a'],
    ['https://example.org:8443/', 'https://example.org:8443/'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
    ['https://1.1.1.1/', 'https://1.1.1.1/'],
    ['https://[2606:4700:4700::1111]/', 'https://[2606:4700:4700::1111]/'],
  ])('%s may be requested', (text, href) => {
    const checked = checkUrl(text, false)
    expect(checked.ok && checked.url.href).toBe(href)
  })

  test('the test setting opens http and private addresses, and nothing else', () => {
    expect(checkUrl('http://127.0.0.1:8080/', true).ok).toBe(true)
    expect(checkUrl('ftp://127.0.0.1/', true).ok).toBe(false)
    expect(checkUrl('http://a:b@127.0.0.1/', true).ok).toBe(false)
  })
})
