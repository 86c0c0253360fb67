// Small things by name: keys of web push, how far the search index has come.

import type { Turn } from '@fuchsbau/shared/database/turn.ts'

export class Properties {
  readonly #get
  readonly #set

  constructor(turn: Turn) {
    this.#get = turn.reading<[string], { value: string }>(
      'SELECT value FROM properties WHERE name = ?',
    )
    this.#set = turn.writing<[string, string]>('INSERT OR REPLACE INTO properties VALUES (?, ?)')
  }

  get(name: string): string | undefined {
    return this.#get.get(name)?.value
  }

  set(name: string, value: string): void {
    this.#set.run(name, value)
  }
}
