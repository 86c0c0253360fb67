// The store: all that the registry keeps, but the images, which are the upstream's. The only code that touches SQLite and
// files. What a turn of the event loop writes is committed at its end; an answer goes out behind that.
import type { Clock, Timer } from '@fuchsbau/shared/clock.ts'
import { syncInBackground } from '@fuchsbau/shared/database/log-sync.ts'
import { fileSizes, type OpenDatabase, openDatabase } from '@fuchsbau/shared/database/open.ts'
import { Turn } from '@fuchsbau/shared/database/turn.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import { AccessTokens } from './access-tokens.ts'
import { Audit } from './audit.ts'
import { DeviceLogins } from './device-logins.ts'
import { People } from './people.ts'
import { Pushes } from './pushes.ts'
import { RefreshTokens } from './refresh-tokens.ts'
import { Robots } from './robots.ts'
import { SCHEMA } from './schema.ts'
import { Sessions } from './sessions.ts'
import { WebhookEvents } from './webhook-events.ts'

export interface StoreOptions {
  /** Made if it is not there. */
  directory: string
  clock: Clock
  log: Log
}

/** How often a store that failed is tried. */
const RETRY_MS = 5_000

export class Store {
  readonly people: People
  readonly robots: Robots
  readonly accessTokens: AccessTokens
  readonly refreshTokens: RefreshTokens
  readonly sessions: Sessions
  readonly audit: Audit
  readonly deviceLogins: DeviceLogins
  readonly pushes: Pushes
  readonly webhookEvents: WebhookEvents
  readonly #turn: Turn
  readonly #open: OpenDatabase
  readonly #directory: string
  readonly #stopSyncing: () => void
  #retry: Timer | undefined

  constructor(open: OpenDatabase, { directory, clock, log }: StoreOptions) {
    const turn = new Turn(open.database)
    this.#turn = turn
    this.#open = open
    this.#directory = directory
    this.people = new People(turn)
    this.robots = new Robots(turn)
    this.accessTokens = new AccessTokens(turn)
    this.refreshTokens = new RefreshTokens(turn)
    this.sessions = new Sessions(turn)
    this.audit = new Audit(turn)
    this.deviceLogins = new DeviceLogins(turn)
    this.pushes = new Pushes(turn)
    this.webhookEvents = new WebhookEvents(turn)
    this.#stopSyncing = syncInBackground(open.database, turn, clock)
    turn.onFailed((reason) => {
      log.error({ reason }, 'storage failed')
      this.#retry ??= clock.after(RETRY_MS, () => this.#tryAgain(clock))
    })
  }

  /** Why nothing can be written now, in words; undefined while all is well. */
  get failure(): string | undefined {
    return this.#turn.failure
  }

  /** Stores the turn's writes now. Else that happens by itself at the end of the turn. */
  commitTurn(): void {
    this.#turn.commitTurn()
  }

  /** Calls back after every commit. Returns how to stop. */
  onCommitted(listener: () => void): () => void {
    return this.#turn.onCommitted(listener)
  }

  /** Calls back, at once, when the turn's writes were rolled back. Returns how to stop. */
  onFailed(listener: (reason: string) => void): () => void {
    return this.#turn.onFailed(listener)
  }

  sizes(): { databaseBytes: number; logBytes: number } {
    return fileSizes(this.#directory, SCHEMA)
  }

  /** Commits, and closes all. */
  close(): void {
    this.#retry?.cancel()
    this.#turn.commitTurn()
    this.#stopSyncing()
    this.#open.close()
  }

  #tryAgain(clock: Clock): void {
    this.#retry = undefined
    if (!this.#turn.tryAgain()) {
      this.#retry = clock.after(RETRY_MS, () => this.#tryAgain(clock))
    }
  }
}

/**
 * Opens the store in a directory, made if need be. Throws StoreLocked when another process has it open, StoreUnusable when
 * the file is not ours, newer than this program, or cannot be read.
 */
export function openStore(options: StoreOptions): Store {
  const open = openDatabase(options.directory, SCHEMA)
  try {
    return new Store(open, options)
  } catch (error) {
    open.close()
    throw error
  }
}
