// Seals what the database must keep and nobody may read there: AES-256-GCM, by a key in a file beside the database, so that a
// copy of the database alone is worth nothing at the identity provider.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '@fuchsbau/shared/atomic-file.ts'

export const SEAL_FILE = 'seal.key'

const KEY_BYTES = 32
/** https://nvlpubs.nist.gov/nistpubs/Legacy/SP/nistspecialpublication800-38d.pdf 8.2.2: random, fewer than 2³² by one key. */
const IV_BYTES = 12
const TAG_BYTES = 16
const ALGORITHM = 'aes-256-gcm'

export class Seal {
  readonly #key: Buffer

  private constructor(key: Buffer) {
    this.#key = key
  }

  /** Reads the key of a directory; makes it the first time, on disk before it is used. Throws when it is none. */
  static open(directory: string): Seal {
    const path = join(directory, SEAL_FILE)
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      text = `${randomBytes(KEY_BYTES).toString('base64url')}\n`
      writeFileAtomic(path, text, { isDurable: true })
    }
    const key = Buffer.from(text.trim(), 'base64url')
    if (key.length !== KEY_BYTES) {
      throw new Error(`${path} holds no key: restore it, or delete it and let people log in again.`)
    }
    return new Seal(key)
  }

  /** `about`: what it belongs to. Moved to anything else, it cannot be opened. */
  close(text: string, about: string): string {
    const iv = randomBytes(IV_BYTES)
    const cipher = createCipheriv(ALGORITHM, this.#key, iv).setAAD(Buffer.from(about))
    const parts = [iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]
    return Buffer.concat(parts).toString('base64url')
  }

  /** Undefined when it was sealed by another key, or for something else, or changed. */
  open(sealed: string, about: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.length < IV_BYTES + TAG_BYTES) return
    try {
      const decipher = createDecipheriv(ALGORITHM, this.#key, bytes.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(Buffer.from(about)).setAuthTag(bytes.subarray(-TAG_BYTES))
      const text = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8')
      return text + decipher.final('utf8')
    } catch {
      return
    }
  }
}
