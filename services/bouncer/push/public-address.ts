// Which addresses a push service may have: globally reachable unicast ones. What clients name is requested by us, and must
// not lead into our own network. https://www.iana.org/assignments/iana-ipv4-special-registry (and -ipv6-)
import { BlockList, isIP } from 'node:net'

const REFUSED_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]
const REFUSED_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']
/** RFC 6052: carries an IPv4 address in its last 32 bits. */
const NAT64 = '64:ff9b::'

const { refused, routed } = makeLists()

/** False for every other address, IPv4-mapped ones, ones with a zone, and for text that is no address. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !refused.check(address, 'ipv4')
  if (family !== 6 || address.includes('%')) return false
  return routed.check(address, 'ipv6') && !refused.check(address, 'ipv6')
}

function makeLists() {
  const lists = { refused: new BlockList(), routed: new BlockList() }
  lists.routed.addSubnet('2000::', 3, 'ipv6')
  lists.routed.addSubnet(NAT64, 96, 'ipv6')
  for (const range of REFUSED_V4) {
    const [network = '', prefix] = range.split('/')
    lists.refused.addSubnet(network, Number(prefix), 'ipv4')
    lists.refused.addSubnet(`${NAT64}${network}`, 96 + Number(prefix), 'ipv6')
  }
  for (const range of REFUSED_V6) {
    const [network = '', prefix] = range.split('/')
    lists.refused.addSubnet(network, Number(prefix), 'ipv6')
  }
  return lists
}
