// The hosts that the operator has blocked, with their subdomains: not heard, not asked, not delivered to.

import type { Fetching } from '../context.ts'
import { parseHandle } from './webfinger-client.ts'

export interface BlockedHosts {
  /** Whether a URL is on a blocked host, whatever its port. */
  has(url: string): boolean
}

/** `hosts` are names, or URLs, in any case. */
export function blockHosts(hosts: readonly string[]): BlockedHosts {
  const names = hosts.flatMap(
    (host) => nameOf(host.includes('://') ? host : `https://${host}`) ?? [],
  )
  const isBlocked = (name: string) =>
    names.some((blocked) => name === blocked || name.endsWith(`.${blocked}`))
  return {
    has(url) {
      const name = names.length > 0 ? nameOf(url) : undefined
      return name !== undefined && isBlocked(name)
    },
  }
}

/** The host without the dot that makes it absolute. */
function nameOf(url: string): string | undefined {
  return URL.parse(url)?.hostname.replace(/\.$/, '') || undefined
}

/** Asks everybody else. */
export function withoutBlocked(fetching: Fetching, blocked: BlockedHosts): Fetching {
  const message = 'this host is blocked here'
  return {
    fetchDocument: async (url) =>
      blocked.has(url) ? { ok: false, kind: 'blocked', message } : fetching.fetchDocument(url),
    async lookupHandle(handle) {
      const host = parseHandle(handle)?.host
      return host && blocked.has(`https://${host}`)
        ? { ok: false, message }
        : fetching.lookupHandle(handle)
    },
  }
}
