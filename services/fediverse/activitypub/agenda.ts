// What is due when: a binary heap, so that one timer serves any number of waiting things. An entry whose item has
// got another instant since is stale; it is passed over when it comes up.

export interface Due {
  /** The instant, ms, under which the agenda has it; undefined when it has not. */
  dueAt: number | undefined
}

interface Entry<T> {
  at: number
  item: T
}

export class Agenda<T extends Due> {
  #heap: Entry<T>[] = []

  /** Notes an item for an instant, in place of any earlier one. */
  set(item: T, at: number): void {
    if (item.dueAt === at) return
    item.dueAt = at
    const heap = this.#heap
    heap.push({ at, item })
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1
      if (atOf(heap, parent) <= at) break
      swap(heap, i, parent)
      i = parent
    }
  }

  /** The next instant at which something is due. */
  next(): number | undefined {
    let top = this.#heap[0]
    while (top !== undefined && top.item.dueAt !== top.at) {
      this.#pop()
      top = this.#heap[0]
    }
    return top?.at
  }

  /** Takes one item that is due at `now`. */
  take(now: number): T | undefined {
    const at = this.next()
    if (at === undefined || at > now) return
    const item = this.#pop()
    if (item) item.dueAt = undefined
    return item
  }

  /** Takes everything, due or not. */
  takeAll(): T[] {
    const items = new Set(this.#heap.filter((e) => e.item.dueAt === e.at).map((e) => e.item))
    for (const item of items) item.dueAt = undefined
    this.#heap = []
    return [...items]
  }

  #pop(): T | undefined {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (heap.length > 0 && last) {
      heap[0] = last
      for (let i = 0; ; ) {
        const left = 2 * i + 1
        const least = atOf(heap, left + 1) < atOf(heap, left) ? left + 1 : left
        if (atOf(heap, least) >= last.at) break
        swap(heap, i, least)
        i = least
      }
    }
    return top?.item
  }
}

const atOf = (heap: readonly Entry<unknown>[], i: number) => heap[i]?.at ?? Number.POSITIVE_INFINITY

function swap<T>(heap: Entry<T>[], i: number, j: number): void {
  const entry = heap[i]
  heap[i] = heap[j] as Entry<T>
  heap[j] = entry as Entry<T>
}
