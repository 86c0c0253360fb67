// The store: all that the bouncer keeps. The only code that touches SQLite and files. See turn.ts for when writes are
// stored: a line goes to a client only in `onCommitted`, or later.

import type { Clock } from '@fuchsbau/shared/clock.ts'
import { syncInBackground } from '@fuchsbau/shared/database/log-sync.ts'
import type { OpenDatabase } from '@fuchsbau/shared/database/open.ts'
import { Turn } from '@fuchsbau/shared/database/turn.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import { Audit } from './audit.ts'
import { startChores } from './background.ts'
import { Channels } from './channels.ts'
import { Credentials } from './credentials.ts'
import { fileSizes, openDatabase } from './database.ts'
import { freePages } from './free-pages.ts'
import { Interned } from './interned.ts'
import { Markers } from './markers.ts'
import { Messages } from './messages.ts'
import { Msgids } from './msgids.ts'
import { Networks } from './networks.ts'
import { Properties } from './properties.ts'
import { Receipts } from './receipts.ts'
import { Removal } from './removal.ts'
import { Search } from './search.ts'
import { SearchIndex } from './search-index.ts'
import { Sessions } from './sessions.ts'
import { StsPolicies } from './sts.ts'
import { Subscriptions } from './subscriptions.ts'
import { Uploads } from './uploads.ts'
import { Users } from './users.ts'

export interface StoreOptions {
  /** Made if it is not there. */
  directory: string
  clock: Clock
  log?: Log
}

/** For metrics. */
export interface StoreSizes {
  databaseBytes: number
  logBytes: number
  messages: number
  targets: number
  uploadBytes: number
  /** Lines that the search index does not have yet. */
  indexLag: number
  commits: number
}

export class Store {
  readonly users: Users
  readonly credentials: Credentials
  readonly networks: Networks
  readonly channels: Channels
  readonly messages: Messages
  /** Deletes history. */
  readonly removal: Removal
  readonly search: Search
  readonly receipts: Receipts
  readonly markers: Markers
  readonly sts: StsPolicies
  readonly sessions: Sessions
  readonly audit: Audit
  readonly subscriptions: Subscriptions
  readonly uploads: Uploads
  readonly properties: Properties
  readonly #turn: Turn
  readonly #index: SearchIndex
  readonly #interned: Interned
  readonly #directory: string
  readonly #total
  readonly #ends: readonly (() => void)[]

  constructor(open: OpenDatabase, { directory, clock, log }: StoreOptions) {
    const turn = new Turn(open.database)
    this.#turn = turn
    this.#directory = directory
    this.properties = new Properties(turn)
    const interned = new Interned(turn)
    this.#interned = interned
    const index = new SearchIndex(turn, this.properties)
    this.#index = index
    const msgids = new Msgids(turn, this.properties.get('msgid-prefix') ?? 'fb')
    this.messages = new Messages(turn, interned, index, msgids)
    const removal = new Removal(turn, interned, index)
    this.removal = removal
    const uploads = new Uploads(turn, directory)
    this.uploads = uploads
    this.networks = new Networks(turn, () => removal.noteDetached())
    this.users = new Users(turn, () => {
      removal.noteDetached()
      uploads.noteOrphans()
    })
    this.search = new Search(open.database, turn, index, this.networks, interned, msgids)
    this.credentials = new Credentials(turn)
    this.channels = new Channels(turn)
    this.receipts = new Receipts(turn, clock)
    this.markers = new Markers(turn)
    this.sts = new StsPolicies(turn)
    this.sessions = new Sessions(turn)
    this.audit = new Audit(turn)
    this.subscriptions = new Subscriptions(turn)
    this.#total = turn.reading<[], { messages: number; targets: number }>(
      'SELECT ifnull(sum(row_count), 0) AS messages, count(*) AS targets FROM targets',
    )
    turn.onFailed((reason) => log?.error({ reason }, 'storage failed'))
    uploads.step()
    this.#ends = [
      startChores(turn, clock, [index, removal, uploads, freePages(open.database, turn)]),
      syncInBackground(open.database, turn, clock),
      () => this.receipts.flush(),
      () => turn.commitTurn(),
      open.close,
    ]
  }

  /** A network folds names otherwise from now on: conversations and their markers are found by the new ones. */
  refold(networkId: number, fold: (name: string) => string): void {
    for (const { from, to } of this.#interned.refold(networkId, fold)) {
      this.markers.rename(networkId, from, to)
    }
  }

  /** Why nothing can be written now, in words; undefined while all is well. */
  get failure(): string | undefined {
    return this.#turn.failure
  }

  /** Stores the turn's writes now, then calls the listeners. Else that happens by itself at the end of the turn. */
  commitTurn(): void {
    this.#turn.commitTurn()
  }

  /** Has the listeners called at the end of the turn, also when nothing is written in it. */
  endSoon(): void {
    this.#turn.endSoon()
  }

  /** Calls back when the turn's writes are stored. Returns how to stop. */
  onCommitted(listener: () => void): () => void {
    return this.#turn.onCommitted(listener)
  }

  /** Calls back, at once, when the turn's writes were rolled back. Returns how to stop. */
  onFailed(listener: (reason: string) => void): () => void {
    return this.#turn.onFailed(listener)
  }

  /** Whether writing is possible (again): tries it. */
  tryAgain(): boolean {
    return this.#turn.tryAgain()
  }

  sizes(): StoreSizes {
    return {
      ...fileSizes(this.#directory),
      ...(this.#total.get() ?? { messages: 0, targets: 0 }),
      uploadBytes: this.uploads.bytes(),
      indexLag: this.#index.lag,
      commits: this.#turn.commits,
    }
  }

  /** Commits, and closes all. */
  close(): void {
    for (const end of this.#ends) end()
  }
}

/**
 * Opens the store in a directory, made if need be. Throws StoreLocked when another process has it open, StoreUnusable
 * when the file is not ours, newer than this program, or cannot be read.
 */
export function openStore(options: StoreOptions): Store {
  const open = openDatabase(options.directory)
  try {
    return new Store(open, options)
  } catch (error) {
    open.close()
    throw error
  }
}
