// What is wrong with what the registry keeps, for `fsck`, also while it runs. The images are the upstream's matter.
import { checkDatabase } from '@fuchsbau/shared/database/open.ts'
import { hasPublicKey, KeysUnusable, PUBLIC_KEY_FILE, readKeys } from './keys.ts'
import { SCHEMA } from './schema.ts'

/** In words; nothing, if all is well. */
export function checkStore(directory: string): string[] {
  return [...checkDatabase(directory, SCHEMA), ...problemsOfKeys(directory)]
}

function problemsOfKeys(directory: string): string[] {
  try {
    const isThere = readKeys(directory) !== undefined && hasPublicKey(directory)
    if (isThere) return []
    return [
      `The keys that sign tokens, or ${PUBLIC_KEY_FILE}, are not there: put them back, or the next start makes new ones.`,
    ]
  } catch (error) {
    if (error instanceof KeysUnusable) return [error.message]
    throw error
  }
}
