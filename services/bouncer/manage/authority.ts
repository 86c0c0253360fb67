// On whose authority something is changed: a person for what is hers, an administrator for what is anybody's, the
// operator of the machine for all.
import type { User } from '../user.ts'

/** Who asks. A `User` is one. */
export interface Authority {
  readonly record: { readonly id: number; readonly isAdmin: boolean }
}

/** Whoever has the command line of the machine. */
export const OPERATOR: Authority = { record: { id: 0, isAdmin: true } }

export const NOT_ADMIN = 'Only an administrator can do that.'

export const NOT_BY_APP =
  'This client has logged in by an app password, which is for programs and cannot do that: use the web pages, or log in by your own password.'

/** Whether she may change what is this person's. */
export function mayManage({ record }: Authority, user: User): boolean {
  return record.isAdmin || record.id === user.record.id
}
