// The keys that sign tokens, in one file that is written whole; and the public one that the upstream verifies with.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '@fuchsbau/shared/atomic-file.ts'
import { StoreUnusable } from '@fuchsbau/shared/database/open.ts'
import type { JWK } from 'jose'

/**
 * `active` signs. `next` is published, and signs as soon as the upstream accepts it. `retired` signs no more, but tokens by
 * it are valid until they expire.
 */
export type KeyState = 'next' | 'active' | 'retired'

export interface KeyRecord {
  /** The key's id, as tokens name it. */
  kid: string
  state: KeyState
  createdAt: number
  retiredAt?: number
  /** Private. */
  jwk: JWK
}

const FILE = 'keys.json'
/** What the upstream is to be given: `auth.bearer.cert` of Zot. */
export const PUBLIC_KEY_FILE = 'token-key.pem'

/** The file cannot be used; the message says what to do. */
export class KeysUnusable extends StoreUnusable {
  override name = 'KeysUnusable'

  constructor(directory: string, reason: string) {
    const file = join(directory, FILE)
    super(
      `${file} cannot be used (${reason}). Put back a copy; or delete it, and give the upstream the new ${PUBLIC_KEY_FILE}.`,
    )
  }
}

/** Undefined when there are none yet. Throws KeysUnusable. */
export function readKeys(directory: string): KeyRecord[] | undefined {
  let text: string
  try {
    text = readFileSync(join(directory, FILE), 'utf8')
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return
    throw new KeysUnusable(directory, code)
  }
  const records = parse(text)
  if (!Array.isArray(records) || !records.every(isRecord)) {
    throw new KeysUnusable(directory, 'it is no list of keys')
  }
  return records
}

/** Whether the upstream was given a key from here before. */
export function hasPublicKey(directory: string): boolean {
  return existsSync(join(directory, PUBLIC_KEY_FILE))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return
  }
}

function isRecord(value: unknown): value is KeyRecord {
  const { kid, state, createdAt, jwk } = (value ?? {}) as Partial<KeyRecord>
  const isState = state === 'next' || state === 'active' || state === 'retired'
  const isKey = typeof jwk?.d === 'string' && jwk.d !== ''
  return typeof kid === 'string' && isState && typeof createdAt === 'number' && isKey
}

/** Durable before it returns: a token must never be signed by a key that is lost. */
export function writeKeys(directory: string, keys: readonly KeyRecord[], publicPem: string): void {
  writeFileAtomic(join(directory, FILE), `${JSON.stringify(keys, null, 2)}\n`, { isDurable: true })
  writeFileAtomic(join(directory, PUBLIC_KEY_FILE), publicPem, { mode: 0o644, isDurable: true })
}
