// A module of the benchmark in a process of its own, so that its CPU is not that of what is measured: its methods are called
// by messages.
import { fork } from 'node:child_process'

type Methods<T> = { [K in keyof T]: T[K] extends (...args: never[]) => unknown ? T[K] : never }

/** The same methods, answered later. */
export type Remote<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never
}

export interface Worker<T> extends AsyncDisposable {
  call: Remote<T>
  pid: number
}

interface Request {
  id: number
  name: string
  args: unknown[]
}

interface Reply {
  id: number
  result?: unknown
  error?: string
}

/** Starts a module that calls `serve`. */
export function startWorker<T>(file: string): Worker<T> {
  const child = fork(file, { serialization: 'advanced' })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let last = 0
  child.on('message', ({ id, result, error }: Reply) => {
    const call = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) call?.resolve(result)
    else call?.reject(new Error(error))
  })
  child.on('exit', () => {
    for (const call of waiting.values()) call.reject(new Error(`${file} ended`))
  })
  const call = new Proxy({} as Remote<T>, {
    get:
      (_, name) =>
      (...args: unknown[]) => {
        const made = Promise.withResolvers<unknown>()
        last += 1
        waiting.set(last, made)
        child.send({ id: last, name: String(name), args } satisfies Request)
        return made.promise
      },
  })
  return {
    call,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
    },
  }
}

/** Answers the calls that come; does nothing in a process that was not started by `startWorker`. */
export function serve<T>(file: string, make: () => Methods<T> | Promise<Methods<T>>): void {
  if (process.argv[1] !== file || !process.send) return
  const methods = Promise.resolve(make())
  process.on('disconnect', () => process.exit())
  const answer = async ({ id, name, args }: Request) => {
    try {
      const method = (await methods)[name as keyof Methods<T>] as (...given: unknown[]) => unknown
      process.send?.({ id, result: await method(...args) } satisfies Reply)
    } catch (error) {
      process.send?.({ id, error: String(error) } satisfies Reply)
    }
  }
  process.on('message', (request: Request) => void answer(request))
}

/** Ms on a clock that all processes share. */
export function sharedNow(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
