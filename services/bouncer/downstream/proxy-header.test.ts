import { describe, expect, test } from 'vitest'
import { parseProxyHeader } from './proxy-header.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')
const v2 = (head: string, rest: Buffer) =>
  Buffer.concat([
    bytes('\r\n\r\n\0\r\nQUIT\n'),
    Buffer.from(head, 'hex'),
    Buffer.from([rest.length >> 8, rest.length & 255]),
    rest,
  ])
const four = Buffer.from('c0000201c6336401c35019fd', 'hex')
const six = Buffer.concat([
  Buffer.from('20010db8000000000000000000000001', 'hex'),
  Buffer.from('20010db8000000000000000000000002', 'hex'),
  Buffer.from('c35019fd', 'hex'),
])
const mapped = Buffer.concat([
  Buffer.from('00000000000000000000ffffc0000201', 'hex'),
  six.subarray(16),
])

/** https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt, 2.1 and 2.2 */
const RIGHT: [string, Buffer, string | undefined][] = [
  ['version 1 of IPv4', bytes('PROXY TCP4 192.0.2.1 198.51.100.1 50000 6697\r\n'), '192.0.2.1'],
  ['version 1 of IPv6', bytes('PROXY TCP6 2001:db8::1 ::1 50000 6697\r\n'), '2001:db8::1'],
  ['version 1 that does not know', bytes('PROXY UNKNOWN ffff:f...f 65535\r\n'), undefined],
  ['version 2 of IPv4', v2('2111', four), '192.0.2.1'],
  ['version 2 of IPv6', v2('2121', six), '2001:db8:0:0:0:0:0:1'],
  // A proxy that listens on both: all IPv4 would be one /64, which is slowed together.
  [
    'version 1 of IPv4 in IPv6',
    bytes('PROXY TCP6 ::ffff:192.0.2.1 ::1 50000 6697\r\n'),
    '192.0.2.1',
  ],
  ['version 2 of IPv4 in IPv6', v2('2121', mapped), '192.0.2.1'],
  [
    'version 2 with extensions',
    v2('2111', Buffer.concat([four, bytes('\x20\0\x01x')])),
    '192.0.2.1',
  ],
  ['version 2 that speaks for itself', v2('2000', Buffer.alloc(0)), undefined],
  ['version 2 of no family', v2('2100', Buffer.alloc(0)), undefined],
]

describe('a PROXY header', () => {
  test.each(RIGHT)('of %s is read, and nothing behind it', (_, header, address) => {
    const whole = { is: 'whole', length: header.length, address }
    expect(parseProxyHeader(header)).toEqual(whole)
    expect(parseProxyHeader(Buffer.concat([header, bytes('\x16\x03\x01')]))).toEqual(whole)
  })

  test.each(RIGHT)('of %s is waited for, byte by byte', (_, header) => {
    for (let end = 0; end < header.length; end += 1) {
      expect(parseProxyHeader(header.subarray(0, end)), `${end} bytes`).toEqual({
        is: 'incomplete',
      })
    }
  })

  test.each([
    ['another protocol', bytes('NICK fox\r\n')],
    ['TLS', bytes('\x16\x03\x01\x02\0')],
    ['an address that is none', bytes('PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n')],
    ['a name for an address', bytes('PROXY TCP4 evil.example 198.51.100.1 1 2\r\n')],
    ['an address of the other family', bytes('PROXY TCP4 2001:db8::1 ::1 1 2\r\n')],
    ['too few words', bytes('PROXY TCP4 192.0.2.1\r\n')],
    ['a port that is none', bytes('PROXY TCP4 192.0.2.1 198.51.100.1 x 2\r\n')],
    ['a line without end (107 bytes at most)', bytes(`PROXY TCP4 ${'1'.repeat(200)}`)],
    ['version 3', v2('3111', four)],
    ['another command', v2('2211', four)],
    ['too few bytes of address', v2('2111', four.subarray(0, 8))],
    ['a Unix socket', v2('2131', Buffer.alloc(216))],
    ['too many extensions', v2('2111', Buffer.alloc(2_049)).subarray(0, 100)],
  ])('is wrong: %s', (_, header) => {
    expect(parseProxyHeader(header)).toEqual({ is: 'wrong' })
  })
})
