// What a connection to a network is made with.
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import type { Traffic } from '../traffic.ts'
import type { Ending } from './ending.ts'
import type { FloodLimits } from './flood.ts'
import type { MemberPool } from './member-pool.ts'
import type { NetworkPort } from './port.ts'
import type { Continuation } from './snapshot.ts'
import type { OpenSocket } from './transport.ts'

export interface UpstreamOptions {
  port: NetworkPort
  clock: Clock
  log: Log
  /** Opens the socket; or a connection of the process before us: it is ready at once, and read from `goOn` on. */
  open: OpenSocket | Continuation
  /** Whether the socket has TLS. */
  isTls?: boolean
  flood?: FloodLimits
  traffic?: Pick<Traffic, 'fromNetworks' | 'toNetworks'>
  /** Shared with other connections. */
  pool?: MemberPool
  /** Called once, when the connection ended or never came to be. */
  onClose(ending: Ending): void
}
