// Msgids. Ours are made from the row's number: a prefix that no other database has, then the number in base 36. Those of
// InspIRCd (`1OA~1732312345~17`) are stored as a number, which takes a quarter of the space, in the row and in its index.
// https://ircv3.net/specs/extensions/message-ids

import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import { RecentMap } from './recent.ts'

/** As stored: a text as it is, or prefix and counter in one number. */
export type MsgidCode = string | bigint

const INSPIRCD = /^([0-9A-Z]{3}~\d{1,12}~)(0|[1-9]\d{0,8})$/
const COUNTERS = 2 ** 30
/** A network has one for each start of each server; with more than that it plays with us, and they are stored as text. */
const MOST_PREFIXES = 1000

export class Msgids {
  readonly #own: string
  readonly #ids = new RecentMap<string, number>(MOST_PREFIXES)
  readonly #prefixes = new RecentMap<number, string>(MOST_PREFIXES)
  readonly #find
  readonly #get
  readonly #add
  readonly #count

  constructor(turn: Turn, own: string) {
    this.#own = own
    this.#find = turn.reading<[number, string], { id: number }>(
      'SELECT id FROM msgid_prefixes WHERE network_id = ? AND prefix = ?',
    )
    this.#get = turn.reading<[number], { prefix: string }>(
      'SELECT prefix FROM msgid_prefixes WHERE id = ?',
    )
    this.#add = turn.writing<[number, string]>(
      'INSERT INTO msgid_prefixes (network_id, prefix) VALUES (?, ?)',
    )
    this.#count = turn.reading<[number], { count: number }>(
      'SELECT count(*) AS count FROM msgid_prefixes WHERE network_id = ?',
    )
    turn.hook({
      afterRollback: () => {
        this.#ids.clear()
        this.#prefixes.clear()
      },
    })
  }

  /** Ours for a row. */
  ofRow(id: number): string {
    return this.#own + id.toString(36)
  }

  /** The row of one of ours; undefined for what we cannot have made. */
  rowOf(msgid: string): number | undefined {
    if (!msgid.startsWith(this.#own)) return
    const id = Number.parseInt(msgid.slice(this.#own.length), 36)
    return Number.isSafeInteger(id) && this.ofRow(id) === msgid ? id : undefined
  }

  /** How a msgid of a network is stored. The same one is always stored the same way. */
  encode(networkId: number, msgid: string): MsgidCode {
    return this.#encode(networkId, msgid, true)
  }

  /** The same for one to look for, which need not be there. */
  known(networkId: number, msgid: string): MsgidCode {
    return this.#encode(networkId, msgid, false)
  }

  #encode(networkId: number, msgid: string, isAdding: boolean): MsgidCode {
    const [, prefix, counter] = INSPIRCD.exec(msgid) ?? []
    if (prefix === undefined) return msgid
    const id = this.#idOf(networkId, prefix) ?? (isAdding && this.#idFor(networkId, prefix))
    return id ? BigInt(id * COUNTERS + Number(counter)) : msgid
  }

  decode(code: string | number): string {
    if (typeof code === 'string') return code
    const id = Math.floor(code / COUNTERS)
    let prefix = this.#prefixes.get(id)
    if (prefix === undefined) {
      prefix = this.#get.get(id)?.prefix ?? ''
      this.#prefixes.set(id, prefix)
    }
    return prefix + String(code % COUNTERS)
  }

  #idOf(networkId: number, prefix: string): number | undefined {
    const key = `${networkId} ${prefix}`
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const id = this.#find.get(networkId, prefix)?.id
    if (id !== undefined) this.#ids.set(key, id)
    return id
  }

  #idFor(networkId: number, prefix: string): number | undefined {
    const count = this.#count.get(networkId)?.count ?? 0
    return count < MOST_PREFIXES ? this.#add.run(networkId, prefix).id : undefined
  }
}
