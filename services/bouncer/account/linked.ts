// Whose account an identity at the provider is.
import type { Bouncer } from '../bouncer.ts'
import type { UserRecord } from '../store/records.ts'
import type { TokenOwner } from './token.ts'

/**
 * The person who is linked to it. With a user name (given only where people can't choose theirs at the provider): else the
 * person of that name, who is linked from now on, if she is linked to nobody yet.
 */
export function linkedUser(
  { store, users }: Bouncer,
  { subject, userName }: TokenOwner,
): UserRecord | undefined {
  const linked = store.users.bySubject(subject)
  if (linked || userName === undefined) return linked
  const named = store.users.named(userName)
  if (named?.subject !== '') return
  const changed = { ...named, subject }
  if (!store.users.put(changed)) return
  const live = users.get(named.id)
  if (live) live.record = changed
  return changed
}
