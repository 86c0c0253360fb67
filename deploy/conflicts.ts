// What is wrong with settings together.
import { effective, type Values } from './settings.ts'
import { isWithin } from './value.ts'

/** What is wrong with values together: a name in each message is the one to change. */
export function conflictsOf(values: Values): { name: string; message: string }[] {
  const found: { name: string; message: string }[] = []
  const domains = ['DOMAIN', 'SOCIAL_DOMAIN', 'INTERNAL_DOMAIN', 'TAILNET_DOMAIN']
  const addresses = [
    'EXTERNAL_ADDRESS',
    'INTERNAL_ADDRESS',
    'TAILNET_ADDRESS',
    'TAILNET_DNS_ADDRESS',
  ]
  for (const names of [domains, addresses]) {
    for (const [index, name] of names.entries()) {
      const twin = names
        .slice(0, index)
        .find((other) => values[name] && values[other] === values[name])
      if (twin) found.push({ name, message: `${name} is the same as ${twin}: each has its own` })
    }
  }
  const pool = values['LB_POOL']
  for (const name of addresses) {
    const at = values[name]
    if (pool && at && !isWithin(at, pool)) {
      found.push({ name, message: `${name} is ${at}: that is not in LB_POOL, ${pool}` })
    }
  }
  const pods = effective(values, 'POD_CIDR')
  const routes = effective(values, 'TAILNET_ROUTES')?.split(',') ?? []
  if (pool && pods && overlap(pool, pods)) {
    found.push({ name: 'LB_POOL', message: `LB_POOL is ${pool}: that is within POD_CIDR, ${pods}` })
  }
  const api = effective(values, 'KUBERNETES_ADDRESS')
  if (api && !routes.some((route) => isWithin(api, route))) {
    const message = `KUBERNETES_ADDRESS is ${api}: that is not in TAILNET_ROUTES, ${routes.join()}`
    found.push({ name: 'KUBERNETES_ADDRESS', message })
  }
  return found
}

function overlap(one: string, other: string): boolean {
  const first = (cidr: string) => cidr.split('/')[0] ?? ''
  return isWithin(first(one), other) || isWithin(first(other), one)
}
