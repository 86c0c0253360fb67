// Records to rows and back: a column is called as its property, in snake case.

import type { Turn } from './turn.ts'

/** How a property is stored: as it is, as 0 or 1, or as JSON. */
export type Column = 'plain' | 'flag' | 'json'
export type Columns<T> = { readonly [Key in keyof T]-?: Column }
type Value = string | number | null
type Row = Record<string, Value>

/** Rows of one table that hold records of type T and have a row number `id`. */
export class Rows<T extends { id: number }> {
  readonly #columns: readonly [keyof T & string, string, Column][]
  readonly #turn: Turn
  readonly #table: string
  readonly #insert
  readonly #update
  readonly #remove

  constructor(turn: Turn, table: string, columns: Columns<Omit<T, 'id'>>) {
    this.#turn = turn
    this.#table = table
    this.#columns = Object.entries<Column>(columns).map(([key, column]) => [
      key as keyof T & string,
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      column,
    ])
    const names = this.#columns.map(([, name]) => name)
    this.#insert = turn.writing<Value[]>(
      `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
    )
    this.#update = turn.writing<Value[]>(
      `UPDATE ${table} SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`,
    )
    this.#remove = turn.writing<[number]>(`DELETE FROM ${table} WHERE id = ?`)
  }

  add(record: Omit<T, 'id'>): T {
    const { id } = this.#insert.run(...this.#values(record))
    return { ...record, id } as T
  }

  /** False when there is no such row. */
  put(record: T): boolean {
    return this.#update.run(...this.#values(record), record.id).changes > 0
  }

  remove(id: number): boolean {
    return this.#remove.run(id).changes > 0
  }

  /** Reads the rows of a condition, which may end with an order and a limit. */
  find<P extends unknown[]>(condition: string): (...parameters: P) => T[] {
    const statement = this.#turn.reading<P, Row>(`SELECT * FROM ${this.#table} WHERE ${condition}`)
    return (...parameters) => statement.all(...parameters).map((row) => this.#record(row))
  }

  #values(record: Omit<T, 'id'>): Value[] {
    const properties = record as Record<string, unknown>
    return this.#columns.map(([key, , column]) => {
      const value = properties[key]
      if (value === undefined) return null
      if (column === 'json') return JSON.stringify(value)
      return column === 'flag' ? Number(value) : (value as Value)
    })
  }

  #record(row: Row): T {
    const properties: Record<string, unknown> = { id: row['id'] }
    for (const [key, name, column] of this.#columns) {
      const value = row[name]
      if (value === null || value === undefined) continue
      if (column === 'json') properties[key] = JSON.parse(String(value))
      else properties[key] = column === 'flag' ? value === 1 : value
    }
    return properties as unknown as T
  }
}
