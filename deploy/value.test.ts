import { describe, expect, test } from 'vitest'
import {
  address,
  addressAt,
  addressOrName,
  asn,
  certificates,
  digest,
  domain,
  email,
  httpsUrl,
  image,
  isWithin,
  network,
  networks,
  type Parse,
  publicKey,
  replicas,
  schedule,
  size,
  user,
} from './value.ts'

const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBdTCCARygAwIBAgIUDHj61uGwluFKsuJapUY9DHEF79IwCgYIKoZIzj0EAwIw
HjEcMBoGA1UEAwwTRXhhbXBsZSBvZiBhIFZhdWx0
-----END CERTIFICATE-----`
const KEY =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeATTBR6ZmJaaQLSlePbpPMLl9VyywmxEQce22UPWJdS/2i/iZDIeAmM6GmRCEi+vq1282yj9vE+rZwvU389kkg=='

const parsers = {
  address,
  addressOrName,
  asn,
  certificates,
  digest,
  domain,
  email,
  httpsUrl,
  image,
  network,
  networks,
  publicKey,
  replicas,
  schedule,
  size,
  user,
} satisfies Record<string, Parse>
type Kind = keyof typeof parsers

test.each<[Kind, string, string]>([
  ['domain', 'this-is-fine.io', 'this-is-fine.io'],
  ['domain', 'xn--fchse-kva.example', 'xn--fchse-kva.example'],
  ['user', 'you', 'you'],
  ['size', '20Gi', '20Gi'],
  ['address', '192.0.2.1', '192.0.2.1'],
  ['asn', '4294967295', '4294967295'],
  ['network', '192.0.2.0/28', '192.0.2.0/28'],
  ['networks', '10.96.0.0/12, 192.168.1.0/24', '10.96.0.0/12,192.168.1.0/24'],
  ['schedule', '17 3 * * *', '17 3 * * *'],
  ['schedule', '*/15 0-6 * * MON-FRI', '*/15 0-6 * * MON-FRI'],
  ['httpsUrl', 'https://Vault.example:8200/', 'https://vault.example:8200'],
  ['image', 'ghcr.io/you/a-b:0.1.0', 'ghcr.io/you/a-b:0.1.0'],
  ['publicKey', KEY, KEY],
  ['publicKey', `-----BEGIN PUBLIC KEY-----\n${KEY}\n-----END PUBLIC KEY-----\n`, KEY],
  ['replicas', '0', '0'],
])('%s takes %s', (kind, text, expected) => {
  expect(parsers[kind](text)).toEqual({ ok: true, value: expected })
})

test.each<[Kind, string, RegExp]>([
  ['domain', 'https://this-is-fine.io', /without https/],
  ['domain', 'This-Is-Fine.io', /small letters/],
  ['domain', 'localhost', /domain name/],
  ['domain', 'a.io.', /without a dot/],
  ['user', 'You', /a–z/],
  ['email', 'you', /e-mail/],
  ['email', '"$(id)"@a.io', /e-mail/],
  ['size', '20', /20Gi/],
  ['size', '20G', /20Gi/],
  ['address', '192.0.2.256', /IPv4/],
  ['address', '::1', /IPv4/],
  ['addressOrName', 'home', /domain name/],
  ['asn', '0', /4294967295/],
  ['asn', '4294967296', /4294967295/],
  ['network', '192.0.2.0', /length/],
  ['network', '192.0.2.3/28', /first address of the network: 192\.0\.2\.0\/28/],
  ['network', '10.0.0.0/4', /from \/8/],
  ['networks', '10.96.0.0/12,', /length/],
  ['schedule', '3 o clock', /five fields/],
  ['httpsUrl', 'http://vault.example', /https/],
  ['httpsUrl', 'https://a:b@vault.example', /https/],
  ['httpsUrl', 'https://vault.example?x=1', /nothing after/],
  ['image', 'fuchsbau', /registry and its tag/],
  ['digest', 'sha256:abc', /64 digits/],
  ['certificates', 'ca.pem', /@FILE/],
  ['certificates', CERTIFICATE, /PEM/],
  ['certificates', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', /PEM/],
  ['publicKey', 'cosign.pub', /@cosign\.pub/],
  ['replicas', '2', /0 or 1/],
])('%s refuses %s', (kind, text, expected) => {
  const parsed = parsers[kind](text)
  expect(parsed.ok ? parsed.value : parsed.expected).toMatch(expected)
})

describe('addresses in a network', () => {
  test.each([
    ['192.0.2.0/28', 0, '192.0.2.0'],
    ['192.0.2.0/28', 15, '192.0.2.15'],
    ['192.0.2.0/28', 16, undefined],
    ['10.255.255.0/23', 300, '10.255.255.44'],
    ['none', 1, undefined],
  ])('%s, %d steps in', (network, step, expected) => {
    expect(addressAt(network, step)).toBe(expected)
  })

  test('are within it, or not', () => {
    expect(isWithin('10.111.255.255', '10.96.0.0/12')).toBe(true)
    expect(isWithin('10.112.0.0', '10.96.0.0/12')).toBe(false)
  })
})
