// Whether each name answers with TLS at every address it has, and shows a certificate that the world takes.
import { isIPv6 } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { judgeCertificate } from './certificate.ts'
import { type Finding, fail, skip, warn } from './finding.ts'
import { type Checking, publicHosts } from './installation.ts'
import { NO_WAY } from './trouble.ts'

export async function checkTls(checking: Checking): Promise<Finding[]> {
  const hosts = publicHosts(checking.installation)
  const findings = await Promise.all(hosts.map(({ host }) => checkHost(checking, host)))
  return findings.flat()
}

/** One line when all is the same at each address. */
async function checkHost(checking: Checking, host: string): Promise<Finding[]> {
  const { reach } = checking
  const found = await reach.find(host)
  if (!found.ok) {
    const message = `${host} ${found.reason}`
    return [
      reach.looksAt('dns')
        ? skip(host, `${message}: see dns`)
        : fail(host, message, 'fuchsbau deploy check --only dns says more'),
    ]
  }
  const each = await Promise.all(
    found.addresses.map((address) => checkAddress(checking, host, address)),
  )
  const [first] = each
  const isSame = each.every((finding) => finding.message === first?.message)
  return first && isSame
    ? [first]
    : each.map((finding, index) => ({
        ...finding,
        message: `${found.addresses[index]}: ${finding.message}`,
      }))
}

async function checkAddress(
  { reach, now, installation }: Checking,
  host: string,
  address: string,
): Promise<Finding> {
  const opened = await reach.open(host, 443, { isTls: true, address })
  if (!opened.ok && isIPv6(address) && opened.reason === NO_WAY) {
    return warn(
      host,
      `this machine has no IPv6 to look at ${address}`,
      'The Gateways have none either: an AAAA record that you did not mean to have is to be deleted',
    )
  }
  if (!opened.ok) {
    return fail(
      host,
      opened.reason,
      'The router forwards 443 to EXTERNAL_ADDRESS? kubectl -n gateways describe gateway shared-gateway-external',
    )
  }
  const object = host === installation.social ? 'gateways/social-apex' : 'gateways/domain'
  const finding = judgeCertificate(opened.socket as TLSSocket, { subject: host, host, now, object })
  opened.socket.destroy()
  return finding
}
