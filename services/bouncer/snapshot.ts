// What a bouncer tells the next one of a network whose connection the holder keeps: the connection's state, and what its
// keeper and clients knew. Versioned; what cannot be read, or was made for other settings, means to connect anew.
import { createHmac } from 'node:crypto'
import { OF_CONNECTION } from './manage/networks.ts'
import type { Network } from './network.ts'
import {
  fields,
  list,
  number,
  optional,
  pair,
  readUpstreamState,
  text,
} from './upstream/read-state.ts'
import type { UpstreamState } from './upstream/snapshot.ts'

const VERSION = 1

/** Of the keeper. */
export interface KeeperState {
  registeredAt: number
  /** Channels that could not be joined. */
  refused: string[]
  /** Channels of the configuration. */
  configured: string[]
  /** The words of away that the network was told last. */
  away: string
  /** Nicks that the network watches for us, and what is known of each. */
  watched: [nick: string, source: string | null][]
  /** Where TLS is, as the network said (STS). */
  tlsPort?: number
  gap?: GapState
}

/** Channels whose history has to tell a gap yet. */
export interface GapState {
  lostAt: number
  reason: string
  channels: string[]
}

export interface Snapshot {
  upstream: UpstreamState
  keeper: KeeperState
}

export function writeSnapshot(network: Network, { upstream, keeper }: Snapshot): Buffer {
  const config = configOf(network)
  return Buffer.from(JSON.stringify({ v: VERSION, config, upstream, keeper }))
}

/** The snapshot, or why it is of no use. */
export function readSnapshot(network: Network, bytes: Buffer): Snapshot | { problem: string } {
  try {
    const from = fields(JSON.parse(bytes.toString()))
    if (from['v'] !== VERSION) return { problem: `its version is ${String(from['v'])}` }
    if (from['config'] !== configOf(network)) return { problem: 'the settings have changed' }
    return {
      upstream: readUpstreamState(from['upstream']),
      keeper: readKeeper(from['keeper']),
    }
  } catch {
    return { problem: 'it is damaged' }
  }
}

function readKeeper(value: unknown): KeeperState {
  const from = fields(value)
  const tlsPort = optional(number)(from['tlsPort'])
  const gap = optional(readGap)(from['gap'])
  return {
    registeredAt: number(from['registeredAt']),
    refused: list(text)(from['refused']),
    configured: list(text)(from['configured']),
    away: text(from['away']),
    watched: list(pair(text, (source) => (source === null ? null : text(source))))(from['watched']),
    ...(tlsPort !== undefined && { tlsPort }),
    ...(gap && { gap }),
  }
}

function readGap(value: unknown): GapState {
  const from = fields(value)
  return {
    lostAt: number(from['lostAt']),
    reason: text(from['reason']),
    channels: list(text)(from['channels']),
  }
}

/** Tells whether settings are others that need a new connection, and nothing of them: some are passwords. */
function configOf({ record, user, bouncer }: Network): string {
  const values = OF_CONNECTION.map((field) => record[field])
  return createHmac('sha256', bouncer.holding?.secret ?? '')
    .update(JSON.stringify([...values, user.record.bindAddress]))
    .digest('hex')
}
