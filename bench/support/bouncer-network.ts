// The fake network in a process of its own: it floods, speaks at a pace, and goes away and comes back.
import { type FakeIrcServer, startFakeIrc } from '../../test/support/fake-irc-server.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { lineOf } from './bouncer-text.ts'
import { serve, sharedNow, startWorker } from './worker.ts'

const SPEAKERS = 40
const CHANNEL_MEMBERS = 20

export type LoadNetwork = ReturnType<typeof methodsOf>

/** Starts it; its port is asked for by `port()`. */
export const startNetwork = () => startWorker<LoadNetwork>(import.meta.filename)

function methodsOf(server: FakeIrcServer) {
  return {
    port: () => server.port,
    /** People who are in these channels besides the clients. */
    fill(channels: readonly string[]) {
      for (const channel of channels) {
        for (let n = 0; n < CHANNEL_MEMBERS; n++) server.join(channel, `p${n}`)
      }
    },
    /** Lines of text with their number; resolves to the time at which it began. `last` is said behind them. */
    async flood(channel: string, count: number, { from = 0, last = '' } = {}): Promise<number> {
      const began = sharedNow()
      await server.flood(count, {
        target: channel,
        nick: (index) => `n${index % SPEAKERS}`,
        text: (index) => lineOf(from + index),
      })
      if (last !== '') server.say(channel, 'n0', last)
      return began
    },
    /** Lines `at MS INDEX`, so many a second. */
    async speak(channel: string, count: number, perSecond: number): Promise<void> {
      for (let index = 0; index < count; index++) {
        server.say(channel, `n${index % SPEAKERS}`, `tick ${index}`)
        await new Promise((resolve) => setTimeout(resolve, 1000 / perSecond))
      }
    },
    say: (channel: string, text: string) => server.say(channel, 'n0', text),
    now: sharedNow,
    stop: () => server.stop(),
    start: () => server.start(),
    /** Resolves when so many clients are in all of these channels, to the time at which that was. */
    async joined(channels: readonly string[], count: number, timeoutMs = 60_000): Promise<number> {
      const areIn = () => {
        const nicks = server.connections
          .filter(({ isRegistered }) => isRegistered)
          .map(({ user }) => user.nick)
        return channels.every((channel) => {
          const members = new Set(server.members(channel))
          return nicks.filter((nick) => members.has(nick)).length >= count
        })
      }
      await waitFor(areIn, { what: `${count} clients in ${channels}`, timeoutMs })
      return sharedNow()
    },
  }
}

serve(import.meta.filename, async () => methodsOf(await startFakeIrc()))
