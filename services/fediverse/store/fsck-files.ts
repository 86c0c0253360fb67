// What each kind of stored file must be like: its name, and the least that its content must have.

import { createHash } from 'node:crypto'
import { hashId, hostFolder } from './layout.ts'
import { isUserName } from './users.ts'

type Fields = Record<string, unknown>

/** What is wrong with a file, in words; undefined when it is sound. `names` are the parts of its path. */
type Check = (names: readonly string[], value: Fields) => string | undefined

const KINDS: ReadonlySet<unknown> = new Set([
  'post',
  'announce',
  'like',
  'reaction',
  'vote',
  'follow',
  'flag',
  'move',
  'end',
  'tombstone',
])

const isText = (value: unknown) => typeof value === 'string' && value !== ''

const stem = (names: readonly string[]) => (names.at(-1) ?? '').replace(/\.json$/, '')

const namedFor = (names: readonly string[], id: unknown) =>
  isText(id) && stem(names) === hashId(id as string) ? undefined : `not the file name of ${id}`

const checkActivity: Check = (names, { id, signer, receivedAt, document }) =>
  isText(signer) && typeof receivedAt === 'number' && typeof document === 'object'
    ? namedFor(names, id)
    : 'no signer, time or document'

const CHECKS: Readonly<Record<string, Check>> = {
  objects(names, { id, kind, actor, at }) {
    if (!KINDS.has(kind) || !isText(actor) || typeof at !== 'number')
      return 'no kind, actor or time'
    if (names[1] !== stem(names).slice(0, 2)) return 'in the wrong folder'
    return namedFor(names, id)
  },
  users(names, { name, actor, state, at }) {
    if (names.length === 2) {
      return isText(name) && isUserName(name as string) && stem(names) === name
        ? undefined
        : `not the file name of ${name}`
    }
    if (state !== 'requested' && state !== 'accepted') return 'no state'
    return typeof at === 'number' ? namedFor(names, actor) : 'no time'
  },
  inbox: checkActivity,
  failed: checkActivity,
  outgoing(names, { id, text, digest }) {
    if (typeof text !== 'string') return 'no text'
    if (createHash('sha256').update(text).digest('base64') !== digest) return 'not its digest'
    return stem(names) === hashId(`${id} ${digest}`) ? undefined : 'not its file name'
  },
  queue(names, { name, inbox, body, user }) {
    if (!isText(body) || !isText(user) || typeof inbox !== 'string' || !URL.canParse(inbox)) {
      return 'no body, user or inbox'
    }
    const isRight = names[1] === hostFolder(new URL(inbox).host) && stem(names) === name
    return isRight ? undefined : 'not its file name'
  },
  keys(names, { rsaPrivate, ed25519Private }) {
    if (!isUserName(stem(names))) return 'not named for a user'
    return isText(rsaPrivate) && isText(ed25519Private) ? undefined : 'no keys'
  },
  sessions: () => undefined,
}

/** Folders whose files are checked. */
export const CHECKED_FOLDERS: readonly string[] = Object.keys(CHECKS)

/** What is wrong with a file of these folders; `text` is its content. */
export function checkFile(
  path: string,
  text: string,
): { value: Fields } | { problem: 'bad JSON' | 'wrong content'; detail: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { problem: 'bad JSON', detail: (error as Error).message }
  }
  if (typeof value !== 'object' || value === null) {
    return { problem: 'wrong content', detail: 'not an object' }
  }
  const names = path.split('/')
  const detail = CHECKS[names[0] ?? '']?.(names, value as Fields)
  return detail ? { problem: 'wrong content', detail } : { value: value as Fields }
}
