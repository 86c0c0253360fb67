// What of an installation's settings the checks go by.
import type { Reach } from './reach.ts'

export interface Installation {
  domain: string
  social: string
  owner: string
  /** Of the external Gateway; undefined: not known. */
  external: string | undefined
  /** What the internet's DNS is to say; undefined: not known. */
  public: string | undefined
  /** The domain of pages at home, and the address of their Gateway; undefined: not known. */
  internal: string | undefined
  internalAddress: string | undefined
  /** Of our services; undefined: not known. */
  version: string | undefined
}

export interface Checking {
  reach: Reach
  /** The same, which takes certificates of Vault, too: for names of the lab only. */
  lab: Reach
  installation: Installation
  /** Milliseconds since the epoch. */
  now: number
}

/** The names of the external Gateway that serve HTTPS, and what is there. */
export function publicHosts({ domain, social }: Installation): { host: string; app: string }[] {
  return [
    { host: social, app: 'fediverse' },
    { host: `oci.${domain}`, app: 'registry' },
    { host: `irc.${domain}`, app: 'bouncer' },
    { host: `auth.${domain}`, app: 'pocket-id' },
    { host: `ts.${domain}`, app: 'headscale' },
  ]
}
