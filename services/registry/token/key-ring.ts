// The keys that sign our tokens: one is active, the next may be published already, old ones are accepted until their last
// token has expired.
import { randomBytes } from 'node:crypto'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, importJWK, type JWK } from 'jose'
import { type KeyRecord, KeysUnusable, readKeys, writeKeys } from '../store/keys.ts'

/** Zot and docker's registry both know it; signing takes 0.05 ms. */
export const ALGORITHM = 'ES256'

export interface SigningKey {
  kid: string
  privateKey: CryptoKey
  publicKey: CryptoKey
  record: KeyRecord
}

export class KeyRing {
  readonly #directory: string
  readonly #clock: Clock
  #keys: SigningKey[]
  /** Whether the key that signs was made at this start. */
  isNew = false

  private constructor(directory: string, clock: Clock, keys: SigningKey[]) {
    this.#directory = directory
    this.#clock = clock
    this.#keys = keys
  }

  /** Reads the keys of a directory; makes the first. */
  static async open(directory: string, clock: Clock): Promise<KeyRing> {
    const records = readKeys(directory) ?? []
    const loaded = Promise.all(records.map(load)).catch((error: Error) => {
      throw new KeysUnusable(directory, error.message)
    })
    const ring = new KeyRing(directory, clock, await loaded)
    if (!ring.#keys.some(({ record }) => record.state === 'active')) {
      ring.#keys.push(await makeKey('active', clock.now()))
      ring.isNew = true
      await ring.#write()
    }
    return ring
  }

  get active(): SigningKey {
    const active = this.#keys.find(({ record }) => record.state === 'active')
    if (!active) throw new Error('there is no active key')
    return active
  }

  get next(): SigningKey | undefined {
    return this.#keys.find(({ record }) => record.state === 'next')
  }

  /** The key of this id, whatever its state. */
  find(kid: string): SigningKey | undefined {
    return this.#keys.find((key) => key.kid === kid)
  }

  records(): KeyRecord[] {
    return this.#keys.map(({ record }) => record)
  }

  /** Makes the next key, unless there is one; from now on its public half is what the upstream is given. */
  async prepare(): Promise<SigningKey> {
    const known = this.next
    if (known) return known
    const key = await makeKey('next', this.#clock.now())
    this.#keys.push(key)
    await this.#write()
    return key
  }

  /** The next key signs from now on. */
  async activate(): Promise<void> {
    const { next, active } = this
    if (!next) return
    active.record = { ...active.record, state: 'retired', retiredAt: this.#clock.now() }
    next.record = { ...next.record, state: 'active' }
    await this.#write()
  }

  /** Forgets keys that were retired before this time: no token of theirs is valid any more. */
  async forget(retiredBefore: number): Promise<void> {
    const kept = this.#keys.filter(
      ({ record: { retiredAt = Number.POSITIVE_INFINITY } }) => retiredAt >= retiredBefore,
    )
    if (kept.length === this.#keys.length) return
    this.#keys = kept
    await this.#write()
  }

  /** The public keys. https://www.rfc-editor.org/rfc/rfc7517#section-5 */
  jwks(): { keys: JWK[] } {
    return {
      keys: this.#keys.map(({ kid, record: { jwk } }) => {
        const { kty, crv, x, y } = jwk
        return { kty, crv, x, y, kid, alg: ALGORITHM, use: 'sig' } as JWK
      }),
    }
  }

  async #write(): Promise<void> {
    const pem = await exportSPKI((this.next ?? this.active).publicKey)
    writeKeys(this.#directory, this.records(), `${pem.trimEnd()}\n`)
  }
}

async function makeKey(state: 'active' | 'next', createdAt: number): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM, { extractable: true })
  const kid = randomBytes(9).toString('base64url')
  const record: KeyRecord = { kid, state, createdAt, jwk: await exportJWK(privateKey) }
  return { kid, privateKey, publicKey, record }
}

async function load(record: KeyRecord): Promise<SigningKey> {
  const { kid, jwk } = record
  const { d: _, ...publicJwk } = jwk
  const privateKey = (await importJWK(jwk, ALGORITHM)) as CryptoKey
  const publicKey = (await importJWK(publicJwk, ALGORITHM, { extractable: true })) as CryptoKey
  return { kid, privateKey, publicKey, record }
}
