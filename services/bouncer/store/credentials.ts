// How a person logs in besides her main password: app passwords, the SCRAM verifier of the main password, certificates.

import { Rows } from '@fuchsbau/shared/database/columns.ts'
import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import type { AppPassword, ScramVerifier } from './records.ts'

/** A client certificate that logs in (SASL EXTERNAL). */
export interface Fingerprint {
  /** SHA-256 of the certificate, lower-case hex. */
  fingerprint: string
  userId: number
  label: string
  createdAt: number
}

const FINGERPRINT = 'fingerprint, user_id AS userId, label, created_at AS createdAt'

export class Credentials {
  readonly #turn: Turn
  readonly #appPasswords: Rows<AppPassword>
  readonly #byHash
  readonly #byUser

  constructor(turn: Turn) {
    this.#turn = turn
    this.#appPasswords = new Rows<AppPassword>(turn, 'app_passwords', {
      userId: 'plain',
      label: 'plain',
      hash: 'plain',
      scram: 'json',
      createdAt: 'plain',
      lastUsedAt: 'plain',
      lastUsedFrom: 'plain',
    })
    this.#byHash = this.#appPasswords.find<[number, string]>('user_id = ? AND hash = ?')
    this.#byUser = this.#appPasswords.find<[number]>('user_id = ? ORDER BY id')
  }

  addAppPassword(password: Omit<AppPassword, 'id'>): AppPassword {
    return this.#appPasswords.add(password)
  }

  /** Hers, oldest first. */
  appPasswords(userId: number): AppPassword[] {
    return this.#byUser(userId)
  }

  /** The one of hers with this hash. */
  appPassword(userId: number, hash: string): AppPassword | undefined {
    return this.#byHash(userId, hash)[0]
  }

  noteUse(password: AppPassword, at: number, address: string): void {
    this.#appPasswords.put({ ...password, lastUsedAt: at, lastUsedFrom: address })
  }

  removeAppPassword(userId: number, id: number): boolean {
    const isHers = this.appPasswords(userId).some((password) => password.id === id)
    return isHers && this.#appPasswords.remove(id)
  }

  /** Of the main password. */
  scram(userId: number): ScramVerifier | undefined {
    const sql = 'SELECT scram FROM scram_verifiers WHERE user_id = ?'
    const row = this.#turn.reading<[number], { scram: string }>(sql).get(userId)
    return row && JSON.parse(row.scram)
  }

  /** Undefined takes it away, as when the password is changed to one that came hashed. */
  setScram(userId: number, verifier: ScramVerifier | undefined): void {
    this.#turn.writing<[number]>('DELETE FROM scram_verifiers WHERE user_id = ?').run(userId)
    if (!verifier) return
    this.#turn
      .writing<[number, string]>('INSERT INTO scram_verifiers VALUES (?, ?)')
      .run(userId, JSON.stringify(verifier))
  }

  /** Whose certificate it is. */
  byFingerprint(fingerprint: string): Fingerprint | undefined {
    return this.#turn
      .reading<[string], Fingerprint>(
        `SELECT ${FINGERPRINT} FROM fingerprints WHERE fingerprint = ?`,
      )
      .get(fingerprint.toLowerCase())
  }

  fingerprints(userId: number): Fingerprint[] {
    const sql = `SELECT ${FINGERPRINT} FROM fingerprints WHERE user_id = ? ORDER BY created_at`
    return this.#turn.reading<[number], Fingerprint>(sql).all(userId)
  }

  /** False when somebody has it already. */
  addFingerprint({ fingerprint, userId, label, createdAt }: Fingerprint): boolean {
    if (this.byFingerprint(fingerprint)) return false
    this.#turn
      .writing<[string, number, string, number]>('INSERT INTO fingerprints VALUES (?, ?, ?, ?)')
      .run(fingerprint.toLowerCase(), userId, label, createdAt)
    return true
  }

  removeFingerprint(userId: number, fingerprint: string): boolean {
    return (
      this.#turn
        .writing<[number, string]>('DELETE FROM fingerprints WHERE user_id = ? AND fingerprint = ?')
        .run(userId, fingerprint.toLowerCase()).changes > 0
    )
  }
}
