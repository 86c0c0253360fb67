// Whether the names lead to the external Gateway, as far as it can be told from here.
import { isPublicAddress } from '@fuchsbau/shared/public-address.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import { type Checking, type Installation, publicHosts } from './installation.ts'
import type { Found, Reach } from './reach.ts'

export async function checkDns({ reach, installation }: Checking): Promise<Finding[]> {
  const hosts = publicHosts(installation).map(({ host }) => host)
  const finding = hosts.map(async (host) =>
    judge(host, await reach.find(host), { reach, installation }),
  )
  return await Promise.all(finding)
}

type About = { reach: Reach; installation: Installation }

function judge(host: string, found: Found, { reach, installation }: About): Finding {
  const namespace = publicHosts(installation).find((each) => each.host === host)?.app ?? ''
  if (!found.ok) {
    return fail(
      host,
      found.reason,
      `external-dns writes the record from the HTTPRoute: kubectl -n ${namespace} get httproute; kubectl -n external-dns logs deploy/external-dns-public`,
    )
  }
  const { addresses, isTold } = found
  const all = addresses.join(', ')
  if (isTold) return ok(host, `${all}, by --resolve`)
  const { external } = installation
  const stray = addresses.find((each) => !isPublicAddress(each) && each !== external)
  if (stray !== undefined) {
    return fail(
      host,
      `${all}: ${stray} is no address of the internet${external === undefined ? '' : `, and not the Gateway (${external})`}`,
      `Find who says so: dig ${host}; a record that was made by hand stays until you delete it`,
    )
  }
  const isHome = addresses.every((each) => each === external)
  if (isHome && external !== undefined && !isPublicAddress(external))
    return atHome(host, all, reach)
  if (!isHome && external !== undefined && isPublicAddress(external)) {
    return warn(
      host,
      `${all}: EXTERNAL_ADDRESS is ${external}`,
      'Right behind a proxy such as Cloudflare; else delete the record, external-dns writes it anew',
    )
  }
  return ok(host, all)
}

/** The Gateway's own private address: right for who is at home, and for nobody else. */
function atHome(host: string, all: string, reach: Reach): Finding {
  if (!reach.hasResolver) {
    return ok(
      host,
      `${all}, the Gateway itself, as it may be at home (--resolver 1.1.1.1 asks as others do)`,
    )
  }
  return fail(
    host,
    `${all}: nobody outside gets to this private address`,
    'Public records are to name the address of your router: see EXTERNAL_ADDRESS in deploy/README.md',
  )
}
