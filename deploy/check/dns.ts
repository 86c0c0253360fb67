// Whether the names lead to the external Gateway, as far as it can be told from here.

import { isIP } from 'node:net'
import { isPublicAddress } from '@fuchsbau/shared/public-address.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import { type Checking, publicHosts } from './installation.ts'
import type { Found, Reach } from './reach.ts'

export async function checkDns({ reach, installation }: Checking): Promise<Finding[]> {
  const hosts = publicHosts(installation)
  const told = await publicAddresses(reach, installation.public)
  return await Promise.all(
    hosts.map(async ({ host, app }) => {
      const found = await reach.find(host)
      if (found.ok) return judge(host, found, { reach, told, external: installation.external })
      return fail(
        host,
        found.reason,
        `external-dns writes the record from the HTTPRoute: kubectl -n ${app} get httproute; kubectl -n external-dns logs deploy/external-dns-public`,
      )
    }),
  )
}

/** What PUBLIC_ADDRESS means: itself, or the addresses of the name that follows the router. */
async function publicAddresses(reach: Reach, setting: string | undefined): Promise<string[]> {
  if (setting === undefined) return []
  if (isIP(setting) !== 0) return [setting]
  const found = await reach.find(setting)
  return found.ok ? found.addresses : []
}

interface About {
  reach: Reach
  /** What the internet is to be told; empty: not known. */
  told: readonly string[]
  /** The external Gateway. */
  external: string | undefined
}

function judge(
  host: string,
  { addresses, isTold }: Found & { ok: true },
  { reach, told, external }: About,
): Finding {
  const all = addresses.join(', ')
  if (isTold) return ok(host, `${all}, by --resolve`)
  const isExpected = (each: string) => told.includes(each) || each === external
  const stray = addresses.find((each) => !isPublicAddress(each) && !isExpected(each))
  if (stray !== undefined) {
    return fail(
      host,
      `${all}: ${stray} is no address of the internet, and not EXTERNAL_ADDRESS`,
      `Find who says so: dig ${host}. A record that was made by hand stays until you delete it`,
    )
  }
  const isHome = addresses.some((each) => each === external && !told.includes(each))
  if (isHome) return atHome(host, all, reach)
  if (told.length > 0 && !addresses.every(isExpected)) {
    return warn(
      host,
      `${all}: PUBLIC_ADDRESS is ${told.join(', ')}`,
      'Right behind a proxy such as Cloudflare. Else delete the record, and external-dns writes it anew; or the address of your router has changed',
    )
  }
  return ok(host, all)
}

/** The address of the Gateway: right for who is at home, and for nobody else when it is a private one. */
function atHome(host: string, all: string, reach: Reach): Finding {
  if (!reach.hasResolver || addressesArePublic(all)) {
    return ok(host, `${all}, the Gateway itself, as at home (--resolver 1.1.1.1 asks as others do)`)
  }
  return fail(
    host,
    `${all}: nobody outside gets to this private address`,
    'PUBLIC_ADDRESS is to be the address of your router; kubectl -n external-dns logs deploy/external-dns-public',
  )
}

const addressesArePublic = (all: string) => all.split(', ').every(isPublicAddress)
