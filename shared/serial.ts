// One queue per key: tasks of one key run one after another, tasks of different keys side by side.

/** Thrown by `run` when too many tasks already wait for that key. */
export class QueueFullError extends Error {
  constructor(key: string, limit: number) {
    super(`more than ${limit} tasks wait for ${key}`)
    this.name = 'QueueFullError'
  }
}

export type Serial = {
  /** Runs `task` after all earlier tasks of `key`; a failed task does not stop the next. */
  run<T>(key: string, task: () => Promise<T>): Promise<T>
  /** How many tasks of `key` run or wait. */
  pending(key: string): number
  /** Resolves when nothing runs or waits any more, for no key. */
  idle(): Promise<void>
}

type Queue = { tail: Promise<unknown>; pending: number }

/** At most `limit` tasks may run or wait per key (at least 1). A key without tasks costs no memory. */
export function createSerial({ limit }: { limit: number }): Serial {
  const queues = new Map<string, Queue>()

  async function runLast<T>(key: string, queue: Queue, task: () => Promise<T>): Promise<T> {
    try {
      await queue.tail
      return await task()
    } finally {
      queue.pending -= 1
      if (queue.pending === 0) queues.delete(key)
    }
  }

  return {
    async run(key, task) {
      const queue = queues.get(key) ?? { tail: Promise.resolve(), pending: 0 }
      if (queue.pending >= limit) throw new QueueFullError(key, limit)
      queues.set(key, queue)
      queue.pending += 1
      const result = runLast(key, queue, task)
      queue.tail = result.catch(() => undefined)
      return await result
    },
    pending: (key) => queues.get(key)?.pending ?? 0,
    async idle() {
      while (queues.size > 0) await Promise.all([...queues.values()].map((queue) => queue.tail))
    },
  }
}
