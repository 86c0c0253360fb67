// The connections we make: an undici agent that looks at the address of each one before it is opened,
// whoever asked for it and whatever its name resolved to a moment ago.
import { promises as dns, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { isPublicAddress } from '@fuchsbau/shared/public-address.ts'
import { Agent, buildConnector } from 'undici'
import { bareHost } from './address.ts'

/** Refusal of a connection to an address that is not public. */
export class PrivateAddressError extends Error {
  override readonly name = 'PrivateAddressError'
  readonly code = 'EPRIVATE'
}

/** Finds the addresses of a host name, or throws. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>

export interface AgentOptions {
  /** Tests only: connect to any address. */
  allowPrivateAddress: boolean
  /** Deadline for name, connection and TLS together, in milliseconds; 5 seconds by default. */
  connectTimeoutMs?: number
  resolve?: Resolve | undefined
}

/**
 * An agent with at most 32 connections per origin (as many attempts as the delivery engine has under way at one host),
 * kept open for 15 seconds, HTTP/1.1 only. Its requests fail with a PrivateAddressError where the host has no public
 * address.
 */
export function createAgent(options: AgentOptions): Agent {
  const { allowPrivateAddress, connectTimeoutMs = 5000 } = options
  const resolve = options.resolve ?? (allowPrivateAddress ? resolveBySystem : createResolve())
  const connector = buildConnector({
    allowH2: false,
    autoSelectFamily: true,
    lookup: guardedLookup(resolve, allowPrivateAddress),
    maxCachedSessions: 500,
    timeout: connectTimeoutMs,
  })
  const connect: buildConnector.connector = (target, callback) => {
    const host = bareHost(target.hostname)
    if (!allowPrivateAddress && isIP(host) !== 0 && !isPublicAddress(host)) {
      return callback(new PrivateAddressError(`${host} is not a public address`), null)
    }
    return connector({ ...target, hostname: host }, callback)
  }
  return new Agent({
    allowH2: false,
    connect,
    connections: 32,
    keepAliveTimeout: 15_000,
    keepAliveMaxTimeout: 60_000,
    maxHeaderSize: 16_384,
  })
}

/** A look-up for `net.connect` that passes on only public addresses, and fails when there is none. */
export function guardedLookup(resolve: Resolve, allowPrivateAddress: boolean): LookupFunction {
  return (hostname, options, callback) => {
    const answer = (addresses: readonly LookupAddress[]) => {
      const fit = addresses.filter(({ address }) => allowPrivateAddress || isPublicAddress(address))
      const [first] = fit
      if (first === undefined) {
        const message = `${hostname} has no public address`
        return callback(new PrivateAddressError(message), [])
      }
      return options.all ? callback(null, fit) : callback(null, first.address, first.family)
    }
    resolve(hostname).then(answer, (error) => callback(error, []))
  }
}

function resolveBySystem(hostname: string): Promise<LookupAddress[]> {
  return dns.lookup(hostname, { all: true })
}

/**
 * Asks the DNS servers without the thread pool, on which getaddrinfo would let two dead names hold up
 * everyone else's. Names that DNS does not know (those of a hosts file) are left to the system.
 */
function createResolve(): Resolve {
  const resolver = new dns.Resolver({ timeout: 1500, tries: 2 })
  return async (hostname) => {
    const [v6, v4] = await Promise.allSettled([
      resolver.resolve6(hostname),
      resolver.resolve4(hostname),
    ])
    const addresses: LookupAddress[] = []
    if (v6.status === 'fulfilled') {
      for (const address of v6.value) addresses.push({ address, family: 6 })
    }
    if (v4.status === 'fulfilled') {
      for (const address of v4.value) addresses.push({ address, family: 4 })
    }
    if (addresses.length > 0) return addresses
    if (v4.status === 'rejected' && v4.reason.code === 'ETIMEOUT') throw v4.reason
    return resolveBySystem(hostname)
  }
}
