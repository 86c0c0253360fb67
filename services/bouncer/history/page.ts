// Pages of a conversation for CHATHISTORY. A client that goes on from the time of a page's last line would miss those of
// the same millisecond; so a page that was not asked for by msgid ends (or begins) with its millisecond whole.

import type { Bound, RangeQuery } from '../store/ranges.ts'
import type { StoredMessage } from '../store/records.ts'
import type { Store } from '../store/store.ts'

/** Of one millisecond so many lines more than asked for; it is hard to see how there could be more. */
const MOST_MORE = 10_000
const PAGE = 1_000

export interface Paging {
  store: Store
  query: RangeQuery
}

/** The newest ones, of those after a bound if there is one. */
export function latest({ store, query }: Paging, after?: Bound): StoredMessage[] {
  const page = store.messages.latest(query, after)
  return isExact(after) ? page : withWholeStart({ store, query }, page, after)
}

export function before({ store, query }: Paging, bound: Bound): StoredMessage[] {
  const page = store.messages.before(query, bound)
  return isExact(bound) ? page : withWholeStart({ store, query }, page)
}

export function after({ store, query }: Paging, bound: Bound): StoredMessage[] {
  const page = store.messages.after(query, bound)
  return isExact(bound) ? page : withWholeEnd({ store, query }, page)
}

/** From one bound towards the other. */
export function between({ store, query }: Paging, from: Bound, to: Bound): StoredMessage[] {
  const page = store.messages.between(query, from, to)
  if (isExact(from)) return page
  return from.time <= to.time
    ? withWholeEnd({ store, query }, page, to)
    : withWholeStart({ store, query }, page, to)
}

export function around({ store, query }: Paging, bound: Bound): StoredMessage[] {
  return store.messages.around(query, bound)
}

const isExact = (bound: Bound | undefined) => bound?.id !== undefined

function withWholeEnd(
  { store, query }: Paging,
  page: StoredMessage[],
  to?: Bound,
): StoredMessage[] {
  const most = page.length + MOST_MORE
  while (page.length >= query.limit && page.length < most) {
    const last = page.at(-1)
    if (!last) break
    const end = to?.id !== undefined && to.time === last.time ? to : { time: last.time + 1 }
    const more = store.messages.between({ ...query, limit: PAGE }, last, end)
    page.push(...more)
    if (more.length < PAGE) break
  }
  return page
}

function withWholeStart(
  { store, query }: Paging,
  page: StoredMessage[],
  from?: Bound,
): StoredMessage[] {
  let whole = page
  const most = page.length + MOST_MORE
  while (whole.length >= query.limit && whole.length < most) {
    const [first] = whole
    if (!first) break
    const isInBound = from?.id !== undefined && from.time === first.time
    const start = isInBound ? from : { time: first.time - 1 }
    const more = store.messages.between({ ...query, limit: PAGE }, first, start)
    whole = [...more, ...whole]
    if (more.length < PAGE) break
  }
  return whole
}
