// How long a search in a large history takes, in the store itself: what it holds up the bouncer's one thread.
import { systemClock } from '@fuchsbau/shared/clock.ts'
import { NETWORK_DEFAULTS } from '../../services/bouncer/store/records.ts'
import { openStore, type Store } from '../../services/bouncer/store/store.ts'
import { makeTempData, removeTempData } from '../../test/support/temp-data.ts'
import { lineOf, word } from './bouncer-text.ts'
import { median } from './measure.ts'
import { serve, startWorker } from './worker.ts'

const CHANNELS = 20
const SPEAKERS = 200
const IN_TURN = 1000
const SEARCHES = 11

type Searching = ReturnType<typeof methods>

export interface SearchTime {
  what: string
  /** Median, ms. */
  ms: number
}

/** Fills a store with so many lines of one person, and searches for words of each kind. */
export async function searchTimes(lines: number): Promise<SearchTime[]> {
  await using worker = startWorker<Searching>(import.meta.filename)
  return await worker.call.measure(lines)
}

function methods() {
  return {
    async measure(lines: number): Promise<SearchTime[]> {
      const directory = makeTempData('search')
      const store = openStore({ directory, clock: systemClock() })
      const userId = fill(store, lines)
      const search = (what: string, text: string, isThere = true): SearchTime => {
        const times = Array.from({ length: SEARCHES }, () => {
          const began = performance.now()
          const { messages } = store.search.find({ userId, text, limit: 100 })
          const took = performance.now() - began
          if (messages.length > 0 !== isThere) throw new Error(`${messages.length} have ${text}`)
          return took
        })
        return { what, ms: median(times) }
      }
      while (store.sizes().indexLag > 0) store.search.find({ userId, text: 'anything', limit: 1 })
      store.commitTurn()
      const times = [
        search('a rare word', String(Math.floor(lines / 2))),
        search('a common word', word(0)),
        search('two common words', `${word(1)} ${word(2)}`),
        search('a phrase of them', `"${word(1)} ${word(2)}"`),
        search('a word that is not there', 'xylophone', false),
      ]
      store.close()
      removeTempData(directory)
      return times
    },
  }
}

function fill(store: Store, lines: number): number {
  const user = store.users.add({
    name: 'you',
    password: '',
    isAdmin: true,
    isEnabled: true,
    nick: 'you',
    realname: 'you',
    bindAddress: '',
    createdAt: 0,
    subject: '',
  })
  const network = store.networks.add({
    userId: user?.id ?? 0,
    name: 'den',
    ...NETWORK_DEFAULTS,
    isEnabled: false,
    host: '127.0.0.1',
    port: 1,
    transport: 'plain',
    nick: 'you',
    username: 'you',
    realname: 'you',
  })
  const first = Date.now() - lines * 1000
  for (let index = 0; index < lines; index++) {
    const target = `#c${index % CHANNELS}`
    const nick = `n${index % SPEAKERS}`
    store.messages.append({
      networkId: network?.id ?? 0,
      target,
      foldedTarget: target,
      time: first + index * 1000,
      kind: 'PRIVMSG',
      source: `${nick}!${nick}@host.test`,
      text: lineOf(index),
      isOwn: false,
    })
    if (index % IN_TURN === IN_TURN - 1) {
      store.commitTurn()
      if (index % 4000 === 3999) store.search.find({ userId: user?.id ?? 0, text: 'any', limit: 1 })
    }
  }
  store.commitTurn()
  return user?.id ?? 0
}

serve(import.meta.filename, methods)
