// The keys that sign tokens, in one file that is written whole; and the public one that the upstream verifies with.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '@fuchsbau/shared/atomic-file.ts'
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

/** Undefined when there are none yet. Throws when the file cannot be read. */
export function readKeys(directory: string): KeyRecord[] | undefined {
  let text: string
  try {
    text = readFileSync(join(directory, FILE), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  return JSON.parse(text) as KeyRecord[]
}

/** Durable before it returns: a token must never be signed by a key that is lost. */
export function writeKeys(directory: string, keys: readonly KeyRecord[], publicPem: string): void {
  writeFileAtomic(join(directory, FILE), `${JSON.stringify(keys, null, 2)}\n`, { isDurable: true })
  writeFileAtomic(join(directory, PUBLIC_KEY_FILE), publicPem, { mode: 0o644, isDurable: true })
}
