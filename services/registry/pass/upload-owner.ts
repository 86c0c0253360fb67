// Whose an upload is: its address carries a mark of who began it, so that nobody else can go on with it, and nothing has to
// be stored.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { type Caller, unlimited, writeCaller } from '../account/caller.ts'
import type { KeyRing } from '../token/key-ring.ts'

const PARAMETER = '_by'

/** The address of an upload, with the mark of who began it. */
export function markUpload(keys: KeyRing, caller: Caller, path: string): string {
  const mark = markOf(keys.active.record.jwk.d ?? '', caller, path.split('?', 1)[0] ?? '')
  return `${path}${path.includes('?') ? '&' : '?'}${PARAMETER}=${mark}`
}

/** The query without the mark, when the mark is right for this caller; undefined when it is not. */
export function unmarkUpload(
  keys: KeyRing,
  caller: Caller,
  path: string,
  query: string,
): string | undefined {
  const parts = query === '' ? [] : query.split('&')
  const given = parts.find((part) => part.startsWith(`${PARAMETER}=`))?.slice(PARAMETER.length + 1)
  if (given === undefined) return
  const isRight = keys.records().some(({ jwk }) => isSame(given, markOf(jwk.d ?? '', caller, path)))
  if (!isRight) return
  return parts.filter((part) => !part.startsWith(`${PARAMETER}=`)).join('&')
}

/** A token may be renewed within an upload: the account counts, not the credential. */
function markOf(secret: string, { account }: Caller, path: string): string {
  const owner = writeCaller(unlimited(account, 'none'))
  const key = createHash('sha256').update(`uploads ${secret}`).digest()
  return createHmac('sha256', key).update(`${owner}\n${path}`).digest('base64url')
}

function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
