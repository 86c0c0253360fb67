// Persons.

import { Rows } from '@fuchsbau/shared/database/columns.ts'
import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import type { UserRecord } from './records.ts'

export class Users {
  readonly #rows: Rows<UserRecord>
  readonly #onRemoved: () => void
  readonly #byId
  readonly #byName
  readonly #bySubject
  readonly #all

  constructor(turn: Turn, onRemoved: () => void) {
    this.#onRemoved = onRemoved
    this.#rows = new Rows<UserRecord>(turn, 'users', {
      name: 'plain',
      password: 'plain',
      isAdmin: 'flag',
      isEnabled: 'flag',
      nick: 'plain',
      realname: 'plain',
      bindAddress: 'plain',
      createdAt: 'plain',
      subject: 'plain',
    })
    this.#byId = this.#rows.find<[number]>('id = ?')
    this.#byName = this.#rows.find<[string]>('name = ?')
    this.#bySubject = this.#rows.find<[string]>("subject = ? AND subject <> ''")
    this.#all = this.#rows.find<[]>('true ORDER BY name')
  }

  get(id: number): UserRecord | undefined {
    return this.#byId(id)[0]
  }

  /** By name, in any case. */
  named(name: string): UserRecord | undefined {
    return this.#byName(name)[0]
  }

  /** By `ISS SUB` of the identity provider. */
  bySubject(subject: string): UserRecord | undefined {
    return this.#bySubject(subject)[0]
  }

  /** All, by name. */
  list(): UserRecord[] {
    return this.#all()
  }

  /** Undefined when the name, or the subject, is taken. */
  add(user: Omit<UserRecord, 'id'>): UserRecord | undefined {
    return this.#isTaken(user) ? undefined : this.#rows.add(user)
  }

  /** False when there is no such person, or her new name or subject is taken. */
  put(user: UserRecord): boolean {
    return !this.#isTaken(user, user.id) && this.#rows.put(user)
  }

  /**
   * With all that is hers: networks, passwords, sessions, subscriptions, uploads. Nothing of it is found from now on; her
   * messages and files are swept away in the background.
   */
  remove(id: number): boolean {
    const isRemoved = this.#rows.remove(id)
    this.#onRemoved()
    return isRemoved
  }

  #isTaken({ name, subject }: Omit<UserRecord, 'id'>, own?: number): boolean {
    return [this.named(name), this.bySubject(subject)].some((user) => user && user.id !== own)
  }
}
