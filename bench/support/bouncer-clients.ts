// All clients of the benchmark, in one process of their own.
import { LoadClient, type Login } from './bouncer-client.ts'
import { fetchHistory, type Returned } from './bouncer-history.ts'
import { serve, sharedNow, startWorker } from './worker.ts'

export type LoadClients = ReturnType<typeof methods>

/** Starts the process; it has no clients yet. */
export const startClients = () => startWorker<LoadClients>(import.meta.filename)

/** What one client got of a flood. */
export interface Got {
  said: number
  /** When the last line came. */
  at: number
  /** Longest time without a line, ms. */
  longestGap: number
}

function methods() {
  const clients = new Map<string, LoadClient>()
  let waiting: Promise<Got>[] = []
  let ticks: Promise<number[]> = Promise.resolve([])
  const get = (name: string) => {
    const client = clients.get(name)
    if (!client) throw new Error(`there is no client ${name}`)
    return client
  }
  return {
    /** Logs a client in; with `caps` [] as an old one. Resolves to the time that took, ms. */
    async open(
      name: string,
      port: number,
      login: Login,
      caps?: readonly string[],
    ): Promise<number> {
      const began = sharedNow()
      const client = new LoadClient(port)
      clients.set(name, client)
      await client.login(login, caps)
      return sharedNow() - began
    },
    async join(name: string, channels: readonly string[]): Promise<void> {
      const client = get(name)
      client.send(`JOIN ${channels.join(',')}`)
      await client.until(new RegExp(` 366 \\S+ ${channels.at(-1)} `))
      await client.sync()
    },
    /** Begins to wait for a text; to be followed by `got`. */
    expect(names: readonly string[], text: string, timeoutMs: number): void {
      waiting = names.map(async (name): Promise<Got> => {
        const client = get(name)
        client.reset()
        const at = await client.untilText(text, timeoutMs)
        return { said: client.said, at, longestGap: client.longestGap }
      })
      for (const each of waiting) each.catch(() => {}) // told by `got`
    },
    got: () => Promise.all(waiting),
    /** Lines said that each has got, for those that get no last one. */
    said: (names: readonly string[]) => names.map((name) => get(name).said),
    /** Logs in and waits for a text of the playback: ms from the connection on, and lines said. */
    async returning(
      name: string,
      port: number,
      { login, text, timeoutMs }: { login: Login; text: string; timeoutMs: number },
    ): Promise<Returned> {
      const said = new Set<number>()
      const began = sharedNow()
      const client = new LoadClient(port)
      clients.set(name, client)
      let end = began
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, timeoutMs)
      client.begin(login, ['server-time', 'message-tags'])
      const chunks: Buffer[] = []
      client.listen((chunk) => {
        chunks.push(Buffer.from(chunk))
        end = sharedNow()
        if (chunk.includes(text)) resolve()
      })
      await promise
      clearTimeout(timer)
      client.listen(undefined)
      const body = Buffer.concat(chunks).toString()
      for (const [, index] of body.matchAll(/ PRIVMSG #\S+ :(\d+) /g)) said.add(Number(index))
      return { ms: end - began, said: said.size }
    },
    /** The same by CHATHISTORY, page after page. */
    async fetching(
      name: string,
      port: number,
      { login, channel }: { login: Login; channel: string },
    ): Promise<Returned | undefined> {
      const client = new LoadClient(port)
      clients.set(name, client)
      return fetchHistory(client, login, channel)
    },
    /** Begins to wait for so many of `tick N` at two clients; to be followed by `delays`. */
    expectTicks(behind: string, direct: string, count: number): void {
      const times = { [behind]: new Map<number, number>(), [direct]: new Map<number, number>() }
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const timer = setTimeout(() => reject(new Error('ticks were lost')), 60_000)
      for (const name of [behind, direct]) {
        get(name).listen((body) => {
          const now = sharedNow()
          for (const [, index] of body.toString().matchAll(/:tick (\d+)/g))
            times[name]?.set(Number(index), now)
          if (Object.values(times).every(({ size }) => size >= count)) resolve()
        })
      }
      ticks = promise.then(() => {
        clearTimeout(timer)
        for (const name of [behind, direct]) get(name).listen(undefined)
        return [...(times[direct] ?? [])].map(
          ([index, at]) => (times[behind]?.get(index) ?? Number.NaN) - at,
        )
      })
      ticks.catch(() => {}) // told by `delays`
    },
    /** How long each came behind at the first client, ms. */
    delays: () => ticks,
    pause: (name: string) => get(name).pause(),
    resume: (name: string) => get(name).resume(),
    async close(names: readonly string[]): Promise<void> {
      await Promise.all(names.map((name) => get(name).quit()))
      for (const name of names) clients.delete(name)
    },
    async closeAll(): Promise<void> {
      await Promise.all([...clients.values()].map((client) => client.quit()))
      clients.clear()
    },
  }
}

serve(import.meta.filename, () => methods())
