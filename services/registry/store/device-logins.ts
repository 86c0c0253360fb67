// Logins that terminals have asked for and that are not over yet.
import { Rows } from '@fuchsbau/shared/database/columns.ts'
import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import type { DeviceLoginRecord } from './records.ts'

export class DeviceLogins {
  readonly #rows: Rows<DeviceLoginRecord>
  readonly #byDevice
  readonly #byUser
  readonly #addresses
  readonly #expire

  constructor(turn: Turn) {
    this.#rows = new Rows<DeviceLoginRecord>(turn, 'device_logins', {
      deviceHash: 'plain',
      userHash: 'plain',
      label: 'plain',
      limits: 'json',
      lifetimeMs: 'plain',
      address: 'plain',
      createdAt: 'plain',
      expiresAt: 'plain',
      decision: 'plain',
      personId: 'plain',
    })
    this.#byDevice = this.#rows.find<[string]>('device_hash = ?')
    this.#byUser = this.#rows.find<[string]>('user_hash = ?')
    this.#addresses = turn.reading<[], { address: string }>('SELECT address FROM device_logins')
    this.#expire = turn.writing<[number]>('DELETE FROM device_logins WHERE expires_at < ?')
  }

  byDevice(hash: string): DeviceLoginRecord | undefined {
    return this.#byDevice(hash)[0]
  }

  byUser(hash: string): DeviceLoginRecord | undefined {
    return this.#byUser(hash)[0]
  }

  /** Where each of them was asked for. */
  addresses(): string[] {
    return this.#addresses.all().map(({ address }) => address)
  }

  add(login: Omit<DeviceLoginRecord, 'id'>): DeviceLoginRecord {
    return this.#rows.add(login)
  }

  put(login: DeviceLoginRecord): void {
    this.#rows.put(login)
  }

  remove(id: number): boolean {
    return this.#rows.remove(id)
  }

  expire(before: number): void {
    this.#expire.run(before)
  }
}
