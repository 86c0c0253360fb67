import { describe, expect, test } from 'vitest'
import { checkUrl, isPublicAddress } from './address.ts'

const publicAddresses = [
  '1.1.1.1',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.1',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2600::1',
  '2a01:4f8::1',
  '2606:4700:4700::1111',
  '64:ff9b::1.1.1.1',
]

const refusedAddresses = [
  ['this network', '0.0.0.0'],
  ['this network', '0.1.2.3'],
  ['private', '10.0.0.1'],
  ['private', '172.16.0.1'],
  ['private', '172.31.255.255'],
  ['private', '192.168.1.1'],
  ['carrier-grade NAT', '100.64.0.1'],
  ['carrier-grade NAT', '100.127.255.255'],
  ['loopback', '127.0.0.1'],
  ['loopback', '127.255.255.254'],
  ['link-local, cloud metadata', '169.254.169.254'],
  ['protocol assignments', '192.0.0.8'],
  ['documentation', '192.0.2.1'],
  ['documentation', '198.51.100.7'],
  ['documentation', '203.0.113.9'],
  ['6to4 anycast', '192.88.99.1'],
  ['benchmarking', '198.19.255.255'],
  ['multicast', '224.0.0.1'],
  ['multicast', '239.255.255.255'],
  ['reserved', '240.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['IPv6 unspecified', '::'],
  ['IPv6 loopback', '::1'],
  ['IPv6 loopback in full', '0000:0000:0000:0000:0000:0000:0000:0001'],
  ['IPv4-mapped loopback', '::ffff:127.0.0.1'],
  ['IPv4-mapped in hexadecimal', '::ffff:7f00:1'],
  ['IPv4-mapped public', '::ffff:1.1.1.1'],
  ['IPv4-compatible', '::127.0.0.1'],
  ['IPv4-translated', '::ffff:0:127.0.0.1'],
  ['NAT64 of loopback', '64:ff9b::127.0.0.1'],
  ['NAT64 of a private address', '64:ff9b::a00:1'],
  ['NAT64 local-use', '64:ff9b:1::1'],
  ['discard-only', '100::1'],
  ['6to4 of loopback', '2002:7f00:1::'],
  ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
  ['ORCHIDv2', '2001:20::1'],
  ['documentation', '2001:db8::1'],
  ['documentation', '3fff::1'],
  ['unique local', 'fc00::1'],
  ['unique local', 'fd12:3456::1'],
  ['link-local', 'fe80::1'],
  ['link-local with a zone', 'fe80::1%eth0'],
  ['public with a zone', '2600::1%eth0'],
  ['site-local', 'fec0::1'],
  ['multicast', 'ff02::1'],
  ['no address', 'example.org'],
  ['no address', ''],
  ['no address', '0x7f.1'],
] as const

describe('addresses of other servers', () => {
  test.each(publicAddresses)('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })

  test.each(refusedAddresses)('%s: %s is refused', (_, address) => {
    expect(isPublicAddress(address)).toBe(false)
  })
})

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
