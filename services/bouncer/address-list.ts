// Lists of IP addresses and networks, as settings write them.
import { BlockList, isIP } from 'node:net'

/** Names that Fastify's `trustProxy` knows, too. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/** `10.0.0.1`, `fd00::/8`, `loopback` … Undefined when one of them is none of that. */
export function addressList(entries: readonly string[]): BlockList | undefined {
  const list = new BlockList()
  for (const entry of entries.flatMap((each) => NAMED[each] ?? [each])) {
    const [address = '', bits, ...more] = entry.split('/')
    const version = isIP(address)
    const family = version === 6 ? 'ipv6' : 'ipv4'
    const longest = version === 6 ? 128 : 32
    if (version === 0 || more.length > 0) return
    if (bits === undefined) list.addAddress(address, family)
    else if (/^\d{1,3}$/.test(bits) && Number(bits) <= longest) {
      list.addSubnet(address, Number(bits), family)
    } else return
  }
  return list
}

const loopback = addressList(['loopback'])

/** Whether only this machine reaches it. */
export function isLoopback(host: string): boolean {
  const family = isIP(host) === 6 ? 'ipv6' : 'ipv4'
  return host === 'localhost' || (isIP(host) !== 0 && loopback?.check(host, family) === true)
}
