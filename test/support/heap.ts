// What a running server holds in memory when everything that it could let go of is gone, by its inspector.
import { kill } from 'node:process'
import type { Fuchsbau } from './fuchsbau.ts'
import { waitFor } from './wait-for.ts'

/** To be in the environment of a server whose heap is measured. */
export const MEASURABLE = { NODE_OPTIONS: '--inspect-port=127.0.0.1:0' }

/** What is needed of a server. */
type Inspected = Pick<Fuchsbau, 'pid' | 'log'>

interface Usage {
  usedSize: number
  backingStorageSize: number
}

/** Objects and buffers in MiB, right after a collection of garbage. */
export async function heldMiB(server: Inspected): Promise<number> {
  await using inspector = await inspect(server)
  await inspector.ask('HeapProfiler.collectGarbage')
  const { usedSize, backingStorageSize } = await inspector.ask<Usage>('Runtime.getHeapUsage')
  return (usedSize + backingStorageSize) / 1024 / 1024
}

interface Inspector extends AsyncDisposable {
  ask<T>(method: string): Promise<T>
}

async function inspect(server: Inspected): Promise<Inspector> {
  const find = () => /Debugger listening on (ws:\S+)/.exec(server.log().slice(from))?.[1]
  const from = Math.max(0, server.log().lastIndexOf('"msg":"ready"'))
  if (!find()) kill(server.pid(), 'SIGUSR1')
  const url = await waitFor(find, { what: 'the inspector', context: server.log })
  const socket = new WebSocket(url)
  const answers = new Map<number, (result: unknown) => void>()
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id: number; result: unknown }
    answers.get(id)?.(result)
  })
  await new Promise((opened, failed) => {
    socket.addEventListener('open', opened)
    socket.addEventListener('error', failed)
  })
  let count = 0
  return {
    ask<T>(method: string) {
      const id = ++count
      socket.send(JSON.stringify({ id, method }))
      return new Promise<T>((resolve) => answers.set(id, resolve as (result: unknown) => void))
    },
    async [Symbol.asyncDispose]() {
      socket.close()
    },
  }
}
