// People.
import { Rows } from '@fuchsbau/shared/database/columns.ts'
import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import type { PersonRecord } from './records.ts'

export class People {
  readonly #rows: Rows<PersonRecord>
  readonly #byId
  readonly #byName
  readonly #byIdentity
  readonly #all
  readonly #search
  readonly #login

  constructor(turn: Turn) {
    this.#rows = new Rows<PersonRecord>(turn, 'people', {
      name: 'plain',
      issuer: 'plain',
      sub: 'plain',
      groups: 'json',
      isOwner: 'flag',
      isEnabled: 'flag',
      isGone: 'flag',
      password: 'plain',
      refreshToken: 'plain',
      createdAt: 'plain',
      checkedAt: 'plain',
      lastLoginAt: 'plain',
    })
    this.#byId = this.#rows.find<[number]>('id = ?')
    this.#byName = this.#rows.find<[string]>('name = ?')
    this.#byIdentity = this.#rows.find<[string, string]>("issuer = ? AND sub = ? AND sub <> ''")
    this.#all = this.#rows.find<[]>('true ORDER BY name')
    this.#search = this.#rows.find<[string, string, string, number]>(
      '(instr(name, ?) > 0 OR instr(lower(groups), ?) > 0) AND name > ? ORDER BY name LIMIT ?',
    )
    this.#login = turn.writing<[number, number]>('UPDATE people SET last_login_at = ? WHERE id = ?')
  }

  get(id: number): PersonRecord | undefined {
    return this.#byId(id)[0]
  }

  named(name: string): PersonRecord | undefined {
    return this.#byName(name)[0]
  }

  /** Of the identity provider. */
  identified(issuer: string, sub: string): PersonRecord | undefined {
    return this.#byIdentity(issuer, sub)[0]
  }

  /** All, by name. */
  list(): PersonRecord[] {
    return this.#all()
  }

  /** By name, those behind `after`, whose name or one of whose groups holds these characters. */
  search(text: string, after: string, limit: number): PersonRecord[] {
    const wanted = text.toLowerCase()
    return this.#search(wanted, wanted, after, limit)
  }

  noteLogin(id: number, at: number): void {
    this.#login.run(at, id)
  }

  /** Undefined when the name, or the identity, is taken. */
  add(person: Omit<PersonRecord, 'id'>): PersonRecord | undefined {
    if (this.named(person.name) || this.identified(person.issuer, person.sub)) return
    return this.#rows.add(person)
  }

  put(person: PersonRecord): void {
    this.#rows.put(person)
  }

  /** With her tokens and sessions. */
  remove(id: number): boolean {
    return this.#rows.remove(id)
  }
}
