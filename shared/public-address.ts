// Which addresses may be requested when somebody else names them: globally reachable unicast, so that nobody reaches into
// our own network through us.
// https://www.iana.org/assignments/iana-ipv4-special-registry · https://www.iana.org/assignments/iana-ipv6-special-registry
import { BlockList, isIP } from 'node:net'

const refusedIPv4: readonly [string, number][] = [
  ['0.0.0.0', 8], // this network
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carrier-grade NAT
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24], // IETF protocol assignments
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relay anycast
  ['192.168.0.0', 16],
  ['198.18.0.0', 15], // benchmarking
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
]

const refusedIPv6: readonly [string, number][] = [
  ['2001::', 23], // IETF protocol assignments: Teredo, ORCHID, benchmarking
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4: carries an IPv4 address
  ['3fff::', 20],
]

const nat64 = '64:ff9b::' // RFC 6052: carries an IPv4 address in its last 32 bits

const refused = new BlockList()
const routed = new BlockList()
routed.addSubnet('2000::', 3, 'ipv6')
routed.addSubnet(nat64, 96, 'ipv6')
for (const [network, prefix] of refusedIPv4) {
  refused.addSubnet(network, prefix, 'ipv4')
  refused.addSubnet(`${nat64}${network}`, 96 + prefix, 'ipv6')
}
for (const [network, prefix] of refusedIPv6) refused.addSubnet(network, prefix, 'ipv6')

/**
 * True for a globally reachable unicast address in text form. False for every other address, for
 * IPv4-mapped IPv6 addresses whatever they carry, for zone ids, and for text that is no address.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !refused.check(address, 'ipv4')
  if (family !== 6 || address.includes('%')) return false
  return routed.check(address, 'ipv6') && !refused.check(address, 'ipv6')
}
