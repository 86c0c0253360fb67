// Refresh tokens.
import { Rows } from '@fuchsbau/shared/database/columns.ts'
import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import type { RefreshTokenRecord } from './records.ts'

/** Refresh tokens of the token endpoint. */
export class RefreshTokens {
  readonly #rows: Rows<RefreshTokenRecord>
  readonly #byHash
  readonly #byId
  readonly #ofPerson
  readonly #ofRobot
  readonly #expire

  constructor(turn: Turn) {
    this.#rows = new Rows<RefreshTokenRecord>(turn, 'refresh_tokens', {
      hash: 'plain',
      personId: 'plain',
      robotId: 'plain',
      accessTokenId: 'plain',
      client: 'plain',
      createdAt: 'plain',
      expiresAt: 'plain',
    })
    this.#byHash = this.#rows.find<[string]>('hash = ?')
    this.#byId = this.#rows.find<[number]>('id = ?')
    this.#ofPerson = this.#rows.find<[number]>('person_id = ? ORDER BY id DESC')
    this.#ofRobot = this.#rows.find<[number]>('robot_id = ? ORDER BY id DESC')
    this.#expire = turn.writing<[number]>('DELETE FROM refresh_tokens WHERE expires_at < ?')
  }

  byHash(hash: string): RefreshTokenRecord | undefined {
    return this.#byHash(hash)[0]
  }

  get(id: number): RefreshTokenRecord | undefined {
    return this.#byId(id)[0]
  }

  /** Hers, the newest first. */
  ofPerson(personId: number): RefreshTokenRecord[] {
    return this.#ofPerson(personId)
  }

  ofRobot(robotId: number): RefreshTokenRecord[] {
    return this.#ofRobot(robotId)
  }

  add(token: Omit<RefreshTokenRecord, 'id'>): RefreshTokenRecord {
    return this.#rows.add(token)
  }

  remove(id: number): boolean {
    return this.#rows.remove(id)
  }

  expire(before: number): void {
    this.#expire.run(before)
  }
}
