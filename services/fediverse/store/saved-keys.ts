// Public keys of other servers' actors, kept over restarts below cache/; what is lost is fetched again.

import { hashId, paths } from './layout.ts'
import type { Tree } from './tree.ts'

/** One file below cache/keys/. */
interface SavedKey {
  owner: string
  /** SubjectPublicKeyInfo. */
  pem: string
  fetchedAt: number
}

/** Keys by their exact id. */
export function savedKeys(tree: Tree) {
  const pathOf = (keyId: string) => paths.cache('keys', hashId(keyId))
  return {
    get: (keyId: string) => tree.read<SavedKey>(pathOf(keyId)),
    put: (keyId: string, key: SavedKey) => tree.writeCached(pathOf(keyId), key),
    remove: (keyId: string) => tree.removeCached(pathOf(keyId)),
  }
}
