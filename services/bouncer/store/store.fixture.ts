// What the tests of the store share: stores in temporary directories, with persons and lines in them.

import { join } from 'node:path'
import { type SettableClock, settableClock } from '@fuchsbau/shared/clock.ts'
import { onTestFinished } from 'vitest'
import { makeTempData, removeTempData } from '../../../test/support/temp-data.ts'
import {
  NETWORK_DEFAULTS,
  type NetworkRecord,
  type NewMessage,
  type UserRecord,
} from './records.ts'
import { openStore, type Store } from './store.ts'

/** 2026-01-01T12:00:00Z. */
export const NOON = 1_767_268_800_000

/** A directory that does not exist, and goes when the test is over. */
export function tempDirectory(): string {
  const directory = makeTempData('bouncer-store')
  onTestFinished(() => removeTempData(directory))
  return join(directory, 'data')
}

export interface TestStore {
  store: Store
  clock: SettableClock
  directory: string
}

/** A store that is closed when the test is over, with a clock that stands at noon. */
export function testStore(directory = tempDirectory()): TestStore {
  const clock = settableClock(NOON)
  const store = openStore({ directory, clock })
  let isClosed = false
  const close = store.close.bind(store)
  store.close = () => {
    if (!isClosed) close()
    isClosed = true
  }
  onTestFinished(() => store.close())
  return { store, clock, directory }
}

export function addUser(store: Store, name = 'alice'): UserRecord {
  const user = store.users.add({
    name,
    password: '',
    isAdmin: false,
    isEnabled: true,
    nick: name,
    realname: 'A person',
    bindAddress: '',
    createdAt: NOON,
    subject: '',
  })
  if (!user) throw new Error(`${name} is taken`)
  return user
}

export const networkOf = (userId: number, name = 'libera'): Omit<NetworkRecord, 'id'> => ({
  ...NETWORK_DEFAULTS,
  userId,
  name,
  host: 'irc.example.org',
  port: 6697,
  nick: 'alice',
  alternateNicks: ['alice_', 'alice|'],
  username: 'alice',
  realname: 'A person',
  connectCommands: ['MODE alice +i'],
})

/** A network of a person, who is made if she is not there. */
export function addNetwork(store: Store, user = 'alice', name = 'libera'): NetworkRecord {
  const { id } = store.users.named(user) ?? addUser(store, user)
  const network = store.networks.add(networkOf(id, name))
  if (!network) throw new Error(`${name} is taken`)
  return network
}

/** Something said in #fox at noon, but for what is given. */
export function line(networkId: number, text: string, rest: Partial<NewMessage> = {}): NewMessage {
  return {
    networkId,
    target: '#fox',
    foldedTarget: '#fox',
    time: NOON,
    kind: 'PRIVMSG',
    source: 'bob!b@host.example',
    text,
    isOwn: false,
    ...rest,
  }
}
