// The store: all that the bouncer keeps. The only code that touches SQLite and files. See turn.ts for when writes are
// stored: a line goes to a client only in `onCommitted`, or later.

import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import { Audit } from './audit.ts'
import { startChores } from './background.ts'
import { Channels } from './channels.ts'
import { Credentials } from './credentials.ts'
import { fileSizes, openDatabase, syncInBackground } from './database.ts'
import { Interned } from './interned.ts'
import { Markers } from './markers.ts'
import { OwnMsgids } from './message-row.ts'
import { Messages } from './messages.ts'
import { Networks } from './networks.ts'
import { Properties } from './properties.ts'
import { Receipts } from './receipts.ts'
import { Removal } from './removal.ts'
import { Search } from './search.ts'
import { SearchIndex } from './search-index.ts'
import { Sessions } from './sessions.ts'
import { StsPolicies } from './sts.ts'
import { Subscriptions } from './subscriptions.ts'
import { Turn } from './turn.ts'
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

export interface Store {
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
  /** Why nothing can be written now, in words; undefined while all is well. */
  readonly failure: string | undefined
  /** Stores the turn's writes now, then calls the listeners. Else that happens by itself at the end of the turn. */
  commitTurn(): void
  /** Has the listeners called at the end of the turn, also when nothing is written in it. */
  endSoon(): void
  /** Returns how to stop. */
  onCommitted(listener: () => void): () => void
  /** Called at once when the turn's writes were rolled back. Returns how to stop. */
  onFailed(listener: (reason: string) => void): () => void
  /** Whether writing is possible (again). */
  tryAgain(): boolean
  sizes(): StoreSizes
  /** Commits, and closes all. */
  close(): void
}

/**
 * Opens the store in a directory, made if need be. Throws StoreLocked when another process has it open, StoreUnusable
 * when the file is not ours, newer than this program, or cannot be read.
 */
export function openStore({ directory, clock, log }: StoreOptions): Store {
  const { database, close } = openDatabase(directory)
  const turn = new Turn(database)
  const properties = new Properties(turn)
  const interned = new Interned(turn)
  const index = new SearchIndex(turn, properties)
  const msgids = new OwnMsgids(properties.get('msgid-prefix') ?? 'fb')
  const removal = new Removal(turn, interned, index)
  const uploads = new Uploads(turn, directory)
  const networks = new Networks(turn, () => removal.noteDetached())
  const receipts = new Receipts(turn, clock)
  const sync = syncInBackground(
    directory,
    clock,
    () => turn.commits,
    (error) => turn.fail(`the disk reports an error (${error.message})`),
  )
  turn.onCommitted(() => sync.noteCommit())
  turn.onFailed((reason) => log?.error({ reason }, 'storage failed'))
  uploads.sweep(true)
  const stopChores = startChores(turn, clock, [
    {
      get isBehind() {
        return index.isBehind
      },
      step: () => index.step(),
    },
    {
      get isBehind() {
        return removal.isBehind
      },
      step: () => removal.sweep(),
    },
    {
      get isBehind() {
        return uploads.isBehind
      },
      step: () => uploads.sweep(false),
    },
  ])
  const total = turn.reading<[], { messages: number; targets: number }>(
    'SELECT ifnull(sum(row_count), 0) AS messages, count(*) AS targets FROM targets',
  )
  return {
    users: new Users(turn, () => {
      removal.noteDetached()
      uploads.noteOrphans()
    }),
    credentials: new Credentials(turn),
    networks,
    channels: new Channels(turn),
    messages: new Messages(turn, interned, index, msgids),
    removal,
    search: new Search(database, { turn, index, networks, interned, msgids }),
    receipts,
    markers: new Markers(turn),
    sts: new StsPolicies(turn),
    sessions: new Sessions(turn),
    audit: new Audit(turn),
    subscriptions: new Subscriptions(turn),
    uploads,
    properties,
    get failure() {
      return turn.failure
    },
    commitTurn: () => turn.commitTurn(),
    endSoon: () => turn.endSoon(),
    onCommitted: (listener) => turn.onCommitted(listener),
    onFailed: (listener) => turn.onFailed(listener),
    tryAgain: () => turn.tryAgain(),
    sizes: () => ({
      ...fileSizes(directory),
      ...(total.get() ?? { messages: 0, targets: 0 }),
      uploadBytes: uploads.bytes(),
      indexLag: index.lag,
      commits: turn.commits,
    }),
    close() {
      stopChores()
      sync.stop()
      receipts.flush()
      turn.commitTurn()
      close()
    },
  }
}
