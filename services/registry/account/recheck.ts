// Whether a person is still at the identity provider, and in which groups: asked by the refresh token of her login, when one of
// her credentials is used and the last answer is older than `registry.recheck`. Who is gone has to log in again; while the
// provider cannot be asked, what it said last holds.
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import type { RelyingParty, Renewed } from '@fuchsbau/shared/login/oidc.ts'
import type { Counter } from '@fuchsbau/shared/metrics.ts'
import { type Audited, audit, type Registry } from '../registry.ts'
import type { PersonRecord } from '../store/records.ts'
import type { Seal } from '../store/seal.ts'
import { type Caller, unlimited } from './caller.ts'

export interface RecheckOptions {
  /** Undefined when no provider is configured. */
  party: Pick<RelyingParty, 'issuer' | 'renew'> | undefined
  seal: Seal
  /** How old an answer may be. */
  everyMs: number
  /** How long ago the login of somebody may be about whom the provider cannot be asked. */
  maxLoginAgeMs: number
}

type Base = Audited & Pick<Registry, 'metrics'>

/** A request waits so long for the answer; after that what is known holds, and the answer counts for the next. */
const WAIT_MS = 5_000
/** After a failure nothing is asked about that person for so long. */
const PAUSE_MS = 30_000
const CLOSE_MS = 10_000
const MOST_NAMED = 500

interface Running {
  task: Promise<void>
  /** Ends with the task, or when nobody is to wait any longer. */
  wait: Promise<void>
}

export class Recheck {
  readonly #base: Base
  readonly #options: RecheckOptions
  readonly #counters: Readonly<Record<Renewed['outcome'], Counter>>
  readonly #running = new Map<number, Running>()
  /** Persons who are to be asked about whatever their last answer; each time it is demanded has a mark of its own. */
  readonly #demanded = new Map<number, symbol>()
  /** After a failure: until when nothing is asked about these persons. */
  readonly #paused = new Map<number, number>()
  /** Tokens that replace the one that is sealed so, and could not be stored. */
  readonly #unsaved = new Map<number, { instead: string; token: string }>()
  /** While the provider does not answer, nobody waits for it. */
  #isAway = false

  constructor(base: Base, options: RecheckOptions) {
    this.#base = base
    this.#options = options
    const help = 'How often the identity provider was asked about a person again.'
    const counter = (outcome: string) =>
      base.metrics.counter('fuchsbau_registry_rechecks_total', help, { outcome })
    this.#counters = { here: counter('here'), gone: counter('gone'), failed: counter('failed') }
  }

  /** Whether `check` has something to do. Cheap: it is asked for each request. */
  isDue(person: PersonRecord): boolean {
    // The local owner is of no provider.
    if (person.issuer === '') return false
    const canAsk = this.#canAsk(person)
    if (canAsk && this.#demanded.has(person.id)) return true
    const { everyMs, maxLoginAgeMs } = this.#options
    const age = this.#base.clock.now() - person.checkedAt
    return age >= (canAsk ? everyMs : maxLoginAgeMs)
  }

  /**
   * Asks the provider if that is due, once for all who ask at the same time, and keeps what it says. Resolves when that is
   * done, or at once or in 5 s when it cannot be. Never rejects. Whoever calls reads the person anew.
   */
  async check({ id }: PersonRecord): Promise<void> {
    const { store, clock } = this.#base
    // A token that is replaced now could not be kept.
    if (store.failure !== undefined) return
    const running = this.#running.get(id)
    if (running) {
      await running.wait
      // What was demanded since is not answered by it.
      const isOver = this.#running.get(id) !== running
      const again = isOver && this.#demanded.has(id) && store.people.get(id)
      return again ? await this.check(again) : undefined
    }
    // As she is now: a refresh token is good once, and whoever calls may have read her before it was replaced.
    const person = store.people.get(id)
    if (!person || person.isGone || !this.isDue(person)) return
    if (!this.#canAsk(person)) return this.#end(person, 'her last login is too long ago')
    if (clock.now() < (this.#paused.get(id) ?? 0)) return
    const task = this.#ask(person)
      .catch((error: unknown) => this.#failed(person, { reason: 'ours', isAway: false }, error))
      .finally(() => this.#running.delete(id))
    const wait = this.#isAway ? Promise.resolve() : within(clock, WAIT_MS, task)
    this.#running.set(id, { task, wait })
    await wait
  }

  /** The next use of her credentials waits for a new answer, which is asked for now. */
  demand(person: PersonRecord): void {
    if (!this.#canAsk(person)) return
    this.#demanded.set(person.id, Symbol())
    this.#paused.delete(person.id)
    void this.check(person)
  }

  /** The refresh token of a login, as it is kept; empty for none. */
  sealed(login: { issuer: string; sub: string; refreshToken: string | undefined }): string {
    const { refreshToken } = login
    return refreshToken === undefined ? '' : this.#options.seal.close(refreshToken, aboutOf(login))
  }

  /** Resolves when nothing is asked any more, so that what is answered is kept; after 10 s in any case. */
  async close(): Promise<void> {
    const tasks = [...this.#running.values()].map(({ task }) => task)
    await within(this.#base.clock, CLOSE_MS, Promise.all(tasks))
  }

  /** Whether the provider that is configured is hers, and gave something to ask by. */
  #canAsk({ refreshToken, issuer }: PersonRecord): boolean {
    const { party } = this.#options
    if (refreshToken === '' || !party) return false
    // The setting has no slash at the end.
    return issuer === party.issuer || issuer === `${party.issuer}/`
  }

  async #ask(person: PersonRecord): Promise<void> {
    const { party, seal } = this.#options
    const { id, sub } = person
    const demanded = this.#demanded.get(id)
    const unsaved = this.#unsaved.get(id)
    const isUnsaved = unsaved?.instead === person.refreshToken
    const refreshToken = isUnsaved ? unsaved.token : seal.open(person.refreshToken, aboutOf(person))
    if (!party || refreshToken === undefined) return this.#forget(person)
    let sealed = person.refreshToken
    const keep = (token: string) => {
      sealed = this.#keep(person, sealed, token)
    }
    if (isUnsaved) keep(unsaved.token)
    const renewed = await party.renew({ refreshToken, subject: sub, keep })
    this.#count(renewed.outcome)
    if (renewed.outcome === 'failed') return this.#failed(person, renewed)
    if (this.#demanded.get(id) === demanded) this.#demanded.delete(id)
    this.#isAway = false
    this.#paused.delete(id)
    // Who has logged in meanwhile is there, whatever was said of her login before.
    const now = this.#still(id, sealed)
    if (now && renewed.outcome === 'gone') this.#end(now, 'refused by the identity provider')
    else if (now && renewed.outcome === 'here') this.#note(now, renewed.groups ?? now.groups)
  }

  /** Stores the token that replaces another, before anything is made of it. Returns how the one that counts is sealed. */
  #keep(person: PersonRecord, instead: string, token: string): string {
    const { id } = person
    const now = this.#still(id, instead)
    if (!now) return instead
    const refreshToken = this.#options.seal.close(token, aboutOf(person))
    const isStored = this.#stored(() => this.#base.store.people.put({ ...now, refreshToken }))
    if (isStored) this.#unsaved.delete(id)
    else this.#unsaved.set(id, { instead, token })
    return isStored ? refreshToken : instead
  }

  #note(person: PersonRecord, groups: string[]): void {
    const { store, clock } = this.#base
    const isStored = this.#stored(() =>
      store.people.put({ ...person, groups, checkedAt: clock.now() }),
    )
    if (!isStored || groups.join('\n') === person.groups.join('\n')) return
    this.#audit(person, { event: 'groups', reference: groups.join(', ').slice(0, MOST_NAMED) })
  }

  /** Her sessions end; her tokens rest until she logs in again. */
  #end(person: PersonRecord, why: string): void {
    const { store, clock } = this.#base
    this.#stored(() => {
      store.people.put({ ...person, isGone: true, refreshToken: '', checkedAt: clock.now() })
      store.sessions.removeAll(person.id)
      this.#audit(person, { event: 'gone', outcome: why })
    })
  }

  /** The key of the seal is another: she cannot be asked about any more. */
  #forget(person: PersonRecord): void {
    const { store, log } = this.#base
    log.error({ person: person.name }, 'the refresh token of a login cannot be unsealed')
    const now = this.#still(person.id, person.refreshToken)
    if (now) this.#stored(() => store.people.put({ ...now, refreshToken: '' }))
  }

  #failed(
    person: PersonRecord,
    { reason, isAway }: { reason: string; isAway: boolean },
    err?: unknown,
  ): void {
    const { clock, log } = this.#base
    this.#paused.set(person.id, clock.now() + PAUSE_MS)
    if (isAway) this.#isAway = true
    const about = { person: person.name, reason, ...(err !== undefined && { err }) }
    log.warn(
      about,
      'the identity provider could not be asked about a person: the last answer holds',
    )
  }

  /** The person as she is now, unless another login, or nothing, has taken the place of the one that is sealed so. */
  #still(id: number, sealed: string): PersonRecord | undefined {
    const now = this.#base.store.people.get(id)
    return now?.refreshToken === sealed ? now : undefined
  }

  /** Whether it is on disk. */
  #stored(write: () => void): boolean {
    const { store } = this.#base
    try {
      write()
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
    }
    store.commitTurn()
    return store.failure === undefined
  }

  #audit(
    person: PersonRecord,
    entry: { event: string; reference?: string; outcome?: string },
  ): void {
    const caller: Caller = unlimited({ kind: 'person', person }, 'none')
    audit(this.#base, { ...entry, caller, address: '' })
  }

  #count(outcome: Renewed['outcome']): void {
    this.#counters[outcome].inc()
  }
}

/** What a sealed refresh token belongs to. */
const aboutOf = ({ issuer, sub }: { issuer: string; sub: string }) => `${issuer}\n${sub}`

async function within(clock: Clock, ms: number, task: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = clock.after(ms, late.resolve)
  await Promise.race([task, late.promise])
  timer.cancel()
}
