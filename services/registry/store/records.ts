// What is kept, as values.
import type { Action } from '../scope.ts'

/** A person: who logs in with a browser. */
export interface PersonRecord {
  id: number
  /** Chosen at the first login and kept: namespaces depend on it. Lower case. */
  name: string
  /** Of the identity provider; empty for the local owner. */
  issuer: string
  sub: string
  /** As the provider said last. */
  groups: string[]
  isOwner: boolean
  /** By an administrator here. */
  isEnabled: boolean
  /** The provider does not know her any more, or did not let her in: until she logs in again. */
  isGone: boolean
  /** argon2id; empty: no login by password. */
  password: string
  /** Of the provider, to ask whether she is still there; empty: none. */
  refreshToken: string
  createdAt: number
  /** When the provider was asked last. */
  checkedAt: number
  /** When she logged in to the pages last; undefined: never. */
  lastLoginAt?: number
}

/** An account of a program, which belongs to no person. */
export interface RobotRecord {
  id: number
  name: string
  about: string
  isEnabled: boolean
  createdAt: number
  createdBy: string
}

/** What a token may be used for at most: in one of these repositories, these actions. */
export interface Limit {
  repositories: string[]
  actions: Action[]
}

/** Made by a person for one of her programs, or by an administrator for a robot. Exactly one of the two ids is set. */
export interface AccessTokenRecord {
  id: number
  personId?: number
  robotId?: number
  label: string
  /** SHA-256, hex. */
  hash: string
  limits: Limit[]
  createdAt: number
  expiresAt: number
  revokedAt?: number
  lastUsedAt?: number
  lastUsedFrom?: string
  /** Of one that was given for an ID token: the fingerprint of the policy's entry, which it ends with. */
  exchangeEntry?: string
  /** SHA-256 of that ID token, hex. The same as `hash` where the ID token itself is the password. */
  idToken?: string
}

/** A login that a terminal has asked for, and a person has yet to approve. Only hashes of its two codes are kept. */
export interface DeviceLoginRecord {
  id: number
  /** SHA-256, hex, of what the terminal asks by. */
  deviceHash: string
  /** The same of what the person types. */
  userHash: string
  /** Of the token that is asked for. */
  label: string
  limits: Limit[]
  lifetimeMs: number
  /** Where it was asked for. */
  address: string
  createdAt: number
  expiresAt: number
  decision: 'none' | 'approved' | 'denied'
  /** Who approved. */
  personId?: number
}

/** What docker gets for `offline_token=true`: stands for the credential that it was made from. */
export interface RefreshTokenRecord {
  id: number
  hash: string
  personId?: number
  robotId?: number
  /** Whose revocation ends this, too. */
  accessTokenId?: number
  client: string
  createdAt: number
  expiresAt: number
}

export interface SessionRecord {
  id: number
  hash: string
  personId: number
  createdAt: number
  usedAt: number
  address: string
  /** For the logout at the provider. */
  idToken: string
  /** The provider's name for the session, if it has one. */
  sid: string
}

/** One line of the audit. */
export interface AuditRecord {
  id: number
  at: number
  /** `login`, `push`, `pull` … */
  event: string
  /** `person:you`, `robot:ci`, `anonymous`. */
  who: string
  /** By what: `session`, `password`, `token:ID LABEL`, `refresh-token:ID of token:ID LABEL`. */
  credential: string
  repository: string
  reference: string
  digest: string
  address: string
  /** `ok`, or why not. */
  outcome: string
}

/** Something that a webhook is still to be told. */
export interface WebhookEventRecord {
  id: number
  /** Its name in the file of the webhooks. */
  hook: string
  /** The id that the receiver sees: the same each time that it is told. */
  event: string
  /** What is sent, byte by byte. */
  body: string
  createdAt: number
  /** Times that it was tried in vain. */
  failures: number
}

/** How telling a webhook went last. */
export interface WebhookStateRecord {
  succeededAt: number | undefined
  failedAt: number | undefined
  /** Why it failed, in words; empty when it succeeded since. */
  error: string
}

/** What a tag was when it was last pushed through us. */
export interface PushRecord {
  digest: string
  at: number
}
