import { describe, expect, test } from 'vitest'
import { checkFields } from '../manage/network-fields.ts'
import { formatAddress, readAddress } from './address.ts'
import { WELL_KNOWN_NETWORKS } from './well-known.ts'

describe('an address', () => {
  test.each([
    ['libera', 'irc.libera.chat', 6697, 'tls'],
    ['Libera.Chat', 'irc.libera.chat', 6697, 'tls'],
    ['irc.example.org', 'irc.example.org', 6697, 'tls'],
    ['irc.example.org:7000', 'irc.example.org', 7000, 'tls'],
    ['irc.example.org:+7000', 'irc.example.org', 7000, 'tls'],
    ['ircs://irc.example.org/', 'irc.example.org', 6697, 'tls'],
    ['ircs://[2001:db8::1]:7000', '2001:db8::1', 7000, 'tls'],
    ['2001:db8::1', '2001:db8::1', 6697, 'tls'],
    ['irc+insecure://localhost', 'localhost', 6667, 'plain'],
    ['IRC+INSECURE://10.0.0.1:6668', '10.0.0.1', 6668, 'plain'],
    ['ircs://intranet', 'intranet', 6697, 'tls'],
  ])('%j', (text, host, port, transport) => {
    expect(readAddress(text)).toMatchObject({ ok: true, address: { host, port, transport } })
  })

  test.each([
    ['irc://irc.example.org', /irc\+insecure:\/\/HOST/],
    ['http://irc.example.org', /ircs:\/\/HOST/],
    ['libra', /did you mean libera/],
    ['intranet', /give its host/],
    ['', /no address/],
    ['irc+insecure://a.example:+6697', /TLS/],
  ])('%j is refused with what to do', (text, reason) => {
    expect(readAddress(text)).toMatchObject({ ok: false, reason: expect.stringMatching(reason) })
  })

  test('is read back as it is shown', () => {
    for (const text of ['ircs://a.example:6697', 'irc+insecure://[::1]:6667']) {
      const read = readAddress(text)
      expect(read.ok && formatAddress(read.address)).toBe(text)
    }
  })
})

test('well-known networks have TLS, and can be added as they are', () => {
  for (const { name, host, port } of WELL_KNOWN_NETWORKS) {
    expect(checkFields({ name, host, port })).toMatchObject({ ok: true })
    expect(readAddress(name)).toMatchObject({ address: { name, host, port, transport: 'tls' } })
  }
  expect(new Set(WELL_KNOWN_NETWORKS.map(({ name }) => name)).size).toBe(WELL_KNOWN_NETWORKS.length)
})
