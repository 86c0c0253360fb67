// MONITOR of all clients of a network, over one list there: each client has its own nicks, and hears of those alone. Where
// the network has no MONITOR, it is asked by ISON each minute. https://ircv3.net/specs/extensions/monitor
import type { Timer } from '@fuchsbau/shared/clock.ts'
import { FoldedMap } from '../irc/casemapping.ts'
import { type Message, message } from '../irc/message.ts'
import { nickOf } from '../irc/source.ts'
import type { Network } from '../network.ts'
import { SERVICE_NICK, SERVICE_SOURCE } from '../service/names.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { Downstream } from './downstream.ts'

/** Nicks of one client. */
export const MOST_WATCHED = 100
const ISON_EVERY_MS = 60_000
/** Nicks in one line. */
const LINE_CHARACTERS = 350

interface Watched {
  watchers: Set<Downstream>
  /** `nick!user@host`, or the nick; '' when offline; undefined when it is not known yet. */
  source: string | undefined
}

export class Monitors {
  readonly #network: Network
  #nicks: FoldedMap<Watched>
  #poll: Timer | undefined

  constructor(network: Network) {
    this.#network = network
    this.#nicks = new FoldedMap('rfc1459')
  }

  isWatching(downstream: Downstream, nick: string): boolean {
    return this.#nicks.get(nick)?.watchers.has(downstream) === true
  }

  /** The nicks of a client, as it spells them. */
  list(downstream: Downstream): string[] {
    return [...this.#nicks].flatMap(([nick, { watchers }]) =>
      watchers.has(downstream) ? [nick] : [],
    )
  }

  /** Watches nicks for a client, which is told their state as soon as it is known. Returns those that are too many. */
  add(downstream: Downstream, nicks: readonly string[]): string[] {
    const refused: string[] = []
    const fresh: string[] = []
    const known: string[] = []
    let count = this.list(downstream).length
    for (const nick of nicks) {
      const watched = this.#nicks.get(nick)
      if (watched?.watchers.has(downstream)) continue
      if (count >= MOST_WATCHED || (!watched && this.#nicks.size >= this.#room)) {
        refused.push(nick)
        continue
      }
      count += 1
      if (watched) {
        watched.watchers.add(downstream)
        if (watched.source !== undefined) known.push(nick)
      } else {
        const source = isService(nick) ? SERVICE_SOURCE : undefined
        this.#nicks.set(nick, { watchers: new Set([downstream]), source })
        if (source === undefined) fresh.push(nick)
        else known.push(nick)
      }
    }
    this.#tellState(downstream, known)
    this.#watch(fresh)
    return refused
  }

  remove(downstream: Downstream, nicks: readonly string[]): void {
    const gone: string[] = []
    for (const nick of nicks) {
      const watched = this.#nicks.get(nick)
      if (!watched?.watchers.delete(downstream) || watched.watchers.size > 0) continue
      this.#nicks.delete(nick)
      if (!isService(nick)) gone.push(nick)
    }
    const { upstream } = this.#network
    if (upstream && hasMonitor(upstream)) sendLists(upstream, 'MONITOR', '-', gone)
  }

  /** A client is gone, or has cleared its list. */
  clear(downstream: Downstream): void {
    this.remove(downstream, this.list(downstream))
  }

  /** Tells a client the state of all its nicks; what is not known counts as offline. */
  status(downstream: Downstream): void {
    this.#tellState(downstream, this.list(downstream))
  }

  /** 730, 731 and 734 of the network's list: told to those who watch the nick. True when it was one. */
  take({ command, params }: Message): boolean {
    if (command !== '730' && command !== '731' && command !== '734') return false
    const sources = (params.at(command === '734' ? 2 : -1) ?? '').split(',')
    for (const source of sources) {
      if (source === '') continue
      if (command === '734') this.#refuse(source)
      else this.#note(nickOf(source), command === '730' ? source : '')
    }
    return true
  }

  /** The network is there (again): it has to be told whom we watch. */
  connected(upstream: Upstream): void {
    this.#nicks.refold(upstream.isupport.casemapping)
    for (const [nick, watched] of this.#nicks) if (!isService(nick)) watched.source = undefined
    this.#watch(this.#ofNetwork)
  }

  /** Nicks that are watched, and what is known of each: for the next process. */
  get watched(): [nick: string, source: string | null][] {
    return [...this.#nicks].map(([nick, { source }]) => [nick, source ?? null])
  }

  /** The process before us has told the network whom it watched: its clients come back, and watch them again. */
  goOn(upstream: Upstream, watched: readonly [nick: string, source: string | null][]): void {
    this.#nicks.refold(upstream.isupport.casemapping)
    for (const [nick, source] of watched) {
      this.#nicks.set(nick, { watchers: new Set(), source: source ?? undefined })
    }
    // Where the network has no MONITOR, it is asked when a client watches.
    if (!hasMonitor(upstream)) this.forgetUnwatched()
  }

  /** Nicks that nobody came back for. */
  forgetUnwatched(): void {
    const { upstream } = this.#network
    const gone = [...this.#nicks].flatMap(([nick, { watchers }]) =>
      watchers.size === 0 ? [nick] : [],
    )
    for (const nick of gone) this.#nicks.delete(nick)
    if (upstream && hasMonitor(upstream)) sendLists(upstream, 'MONITOR', '-', gone)
  }

  /** The network is gone: nobody is seen there. */
  disconnected(): void {
    this.#poll?.cancel()
    this.#poll = undefined
    for (const nick of this.#ofNetwork) this.#note(nick, '')
  }

  get #ofNetwork(): string[] {
    return [...this.#nicks.keys()].filter((nick) => !isService(nick))
  }

  get #room(): number {
    return this.#network.upstream?.isupport.monitor ?? 1_000
  }

  #watch(nicks: readonly string[]): void {
    const { upstream } = this.#network
    if (!upstream?.isReady || nicks.length === 0) return
    if (hasMonitor(upstream)) sendLists(upstream, 'MONITOR', '+', nicks)
    else this.#ask(upstream)
  }

  #ask(upstream: Upstream): void {
    const { bouncer } = this.#network
    this.#poll?.cancel()
    this.#poll = undefined
    if (this.#network.upstream !== upstream || this.#nicks.size === 0) return
    for (const nicks of chunks(this.#ofNetwork)) {
      const online = new FoldedMap<true>(upstream.isupport.casemapping)
      const requester = {
        label: undefined,
        answer: ({ command, params }: Message) => {
          if (command !== '303') return
          for (const nick of (params.at(-1) ?? '').split(' '))
            if (nick !== '') online.set(nick, true)
          for (const nick of nicks)
            this.#note(nick, online.has(nick) ? (online.spelling(nick) ?? nick) : '')
        },
        end: () => undefined,
      }
      upstream.send(message('ISON', ...nicks), { requester })
    }
    this.#poll = bouncer.clock.after(ISON_EVERY_MS, () => this.#ask(upstream))
  }

  #note(nick: string, source: string): void {
    const watched = this.#nicks.get(nick)
    if (!watched || watched.source === source) return
    const isNews =
      (watched.source ?? 'unknown') === '' || source === '' || watched.source === undefined
    watched.source = source
    if (isNews) for (const downstream of watched.watchers) this.#tellState(downstream, [nick])
  }

  #refuse(nick: string): void {
    const watched = this.#nicks.get(nick)
    this.#nicks.delete(nick)
    for (const downstream of watched?.watchers ?? []) {
      downstream.numeric('734', String(this.#room), nick, 'Monitor list is full.')
    }
  }

  #tellState(downstream: Downstream, nicks: readonly string[]): void {
    const online: string[] = []
    const offline: string[] = []
    for (const nick of nicks) {
      const source = this.#nicks.get(nick)?.source
      if (source) online.push(source)
      else offline.push(nick)
    }
    for (const some of chunks(online)) downstream.numeric('730', some.join(','))
    for (const some of chunks(offline)) downstream.numeric('731', some.join(','))
  }
}

/** The bouncer's own service is always there, and no affair of the network. */
const isService = (nick: string) => nick.toLowerCase() === SERVICE_NICK.toLowerCase()

const hasMonitor = ({ isupport }: Upstream) => isupport.monitor !== undefined

function sendLists(
  upstream: Upstream,
  command: string,
  sign: string,
  nicks: readonly string[],
): void {
  for (const some of chunks(nicks)) upstream.send(message(command, sign, some.join(',')))
}

/** Lists that each fit into a line. */
export function chunks(words: readonly string[]): string[][] {
  const lists: string[][] = []
  let characters = LINE_CHARACTERS
  for (const word of words) {
    characters += word.length + 1
    if (characters > LINE_CHARACTERS) {
      lists.push([])
      characters = word.length
    }
    lists.at(-1)?.push(word)
  }
  return lists
}
