// Where a webhook may lead. Its URL is the operator's own, so that our own network is no secret from it; but where clouds
// keep what only a machine should know of itself, no receiver is.
import { lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

const refused = new BlockList()
refused.addSubnet('169.254.0.0', 16, 'ipv4') // link-local, RFC 3927: metadata of most clouds
refused.addAddress('100.100.100.200', 'ipv4') // metadata of Alibaba Cloud
refused.addAddress('192.0.0.192', 'ipv4') // metadata of Oracle Cloud
refused.addSubnet('224.0.0.0', 3, 'ipv4') // multicast, reserved, broadcast
refused.addSubnet('fe80::', 10, 'ipv6') // link-local, RFC 4291
refused.addSubnet('fd00:ec2::', 32, 'ipv6') // metadata of AWS
refused.addAddress('fd20:ce::254', 'ipv6') // metadata of Google Cloud
refused.addSubnet('ff00::', 8, 'ipv6') // multicast
refused.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6') // link-local in NAT64, RFC 6052

/** Whether an address may be connected to; a name may, until it is looked up. */
export function isDialable(host: string): boolean {
  const family = isIP(host)
  if (family === 0) return true
  // A v4 address in v6 form is judged as the v4 address that it carries.
  return !host.includes('%') && !refused.check(host, family === 4 ? 'ipv4' : 'ipv6')
}

/** The name leads only to addresses that must not be connected to. */
export class NotDialable extends Error {
  override name = 'NotDialable'
}

/** Looks a name up, and leaves out what must not be connected to: a name that changes gains nothing. */
export const lookUpDialable: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const allowed = (addresses ?? []).filter(({ address }) => isDialable(address))
    const [first] = allowed
    if (error || !first) done(error ?? new NotDialable('no address that is allowed'), '', 0)
    else if (options.all) done(null, allowed)
    else done(null, first.address, first.family)
  })
}
