// Who hears what: events of the fake network to the connections that see them.
import type { FakeConnection, Tags } from './connection.ts'
import { channelsOf, type FakeChannel, type FakeUser, fold, sourceOf, type World } from './world.ts'

/** Who hears an event. */
export interface Audience {
  /** Only those with this capability. */
  cap?: string
  /** Not this connection. */
  except?: FakeConnection | undefined
}

/** time, msgid and account as the network puts them on an event of a user; `own` wins. */
export function eventTags(world: World, from: FakeUser, own: Tags = {}): Tags {
  world.count += 1
  const { hasTimes, hasMsgids } = world.settings
  return {
    time: hasTimes ? new Date().toISOString() : undefined,
    msgid: hasMsgids ? `fake-${world.count}` : undefined,
    account: from.account || undefined,
    ...own,
  }
}

/** Tells the members of a channel. */
export function tellChannel(
  channel: FakeChannel,
  line: string,
  tags: Tags,
  { cap, except }: Audience = {},
): void {
  for (const { connection } of channel.members.keys()) {
    if (connection === undefined || connection === except) continue
    if (cap === undefined || connection.caps.has(cap)) connection.tell(line, tags)
  }
}

/** Tells everyone who shares a channel with a user, each once, and the user unless excepted. */
export function tellNeighbours(
  world: World,
  user: FakeUser,
  line: string,
  tags: Tags,
  { cap, except }: Audience = {},
): void {
  const hearers = new Set<FakeConnection>()
  for (const { members } of channelsOf(world, user)) {
    for (const { connection } of members.keys()) if (connection) hearers.add(connection)
  }
  if (user.connection) hearers.add(user.connection)
  for (const connection of hearers) {
    if (connection === except) continue
    if (cap === undefined || connection.caps.has(cap)) connection.tell(line, tags)
  }
}

/** Tells those who MONITOR a nick that it came (730) or went (731). */
export function tellMonitors(world: World, user: FakeUser, isOnline: boolean): void {
  const folded = fold(world, user.nick)
  for (const connection of world.connections) {
    if (!connection.monitored.has(folded)) continue
    connection.numeric(isOnline ? '730' : '731', isOnline ? sourceOf(user) : user.nick)
  }
}
