// Somebody found by a credential, once the identity provider was asked about her, if that is due: whoever lets a person do
// something finds her so.
import type { Registry } from '../registry.ts'
import type { PersonRecord } from '../store/records.ts'
import type { Caller } from './caller.ts'

/** What `find` finds: anew, when the person in it was asked about. Nothing is waited for when that is not due. */
export async function checked<T>(
  { recheck }: Pick<Registry, 'recheck'>,
  find: () => T,
  personIn: (found: T) => PersonRecord | undefined,
): Promise<T> {
  const found = find()
  const person = personIn(found)
  if (!person || !recheck.isDue(person)) return found
  await recheck.check(person)
  return find()
}

export function personOf(caller: Caller | undefined): PersonRecord | undefined {
  return caller?.account.kind === 'person' ? caller.account.person : undefined
}
