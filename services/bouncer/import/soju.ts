// Moving in from soju: people, networks, channels, read markers, web push and the history, from its SQLite database.

import { casemappingOf, fold } from '../irc/casemapping.ts'
import { parseServerTime } from '../irc/server-time.ts'
import type { NetworkRecord } from '../store/records.ts'
import { SojuDatabase, type SojuRow, SojuUnusable } from '../store/soju-database.ts'
import type { Store } from '../store/store.ts'
import { commitOrStop, HistoryImport } from './history.ts'
import { isUserName } from './names.ts'
import { addPerson, type FoundPerson } from './person.ts'
import { readSojuMessage } from './soju-message.ts'
import { numberIn, readSojuNetwork, textIn } from './soju-network.ts'
import type { ImportOptions } from './znc.ts'

const PAGE = 1_000

export interface SojuImportOptions extends ImportOptions {
  /** soju's database. soju should be stopped, or the newest lines may be missing. */
  file: string
}

/** Takes what can be taken and says what could not be, and why. False when there was nothing. Throws ImportStopped. */
export async function importSoju({
  file,
  store,
  clock,
  print,
}: SojuImportOptions): Promise<boolean> {
  let database: SojuDatabase | undefined
  try {
    database = new SojuDatabase(file)
    const users = database.rows('User')
    if (users.length === 0) print(`${file} has no users`)
    importPushKeys(store, database, print)
    let taken = 0
    for (const user of users) {
      const name = textIn(user, 'username')
      if (isUserName(name)) {
        await importUser(store, database, user, clock.now(), print)
        taken += 1
      } else
        print(`${name}: not taken: a user name here has at most 30 letters, digits, dots, _ and -`)
    }
    return taken > 0
  } catch (error) {
    if (!(error instanceof SojuUnusable)) throw error
    print(error.message)
    return false
  } finally {
    database?.close()
  }
}

async function importUser(
  store: Store,
  database: SojuDatabase,
  user: SojuRow,
  now: number,
  print: (line: string) => void,
): Promise<void> {
  const rows = database.rows('Network').filter((row) => row['user'] === user['id'])
  const remarks: string[] = []
  const found = rows.flatMap((row) => {
    const channels = database.rows('Channel').filter(({ network }) => network === row['id'])
    const network = readSojuNetwork(row, user, channels, remarks)
    return network ? [{ row, network }] : []
  })
  const certificates = database
    .rows('DeviceCertificate')
    .filter((row) => row['user'] === user['id'])
  if (certificates.length > 0) {
    remarks.push(
      `${certificates.length} client certificates not taken: only their SHA-512 is known; add them again (BouncerServ: certificate add)`,
    )
  }
  const person = personOf(user, now, remarks)
  const networks = addPerson(
    store,
    { ...person, networks: found.map(({ network }) => network) },
    print,
  )
  for (const { row, network } of found) {
    const record = networks.get(network.record.name)
    if (record) await importNetwork(store, database, row, record, { now, print })
  }
}

function personOf(row: SojuRow, now: number, remarks: string[]): FoundPerson {
  const name = textIn(row, 'username')
  const nick = textIn(row, 'nick') || name
  const password = textIn(row, 'password')
  const isKnown = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(password)
  if (!isKnown) remarks.push('no password is taken; set one: fuchsbau bouncer password NAME')
  return {
    record: {
      name,
      password: isKnown ? password : '',
      isAdmin: row['admin'] === 1,
      isEnabled: row['enabled'] !== 0,
      nick,
      realname: textIn(row, 'realname') || nick,
      bindAddress: '',
      createdAt: parseServerTime(textIn(row, 'created_at')) ?? now,
      subject: '',
    },
    networks: [],
    fingerprints: [],
    remarks,
  }
}

async function importNetwork(
  store: Store,
  database: SojuDatabase,
  row: SojuRow,
  network: NetworkRecord,
  { now, print }: { now: number; print(line: string): void },
): Promise<void> {
  const id = numberIn(row, 'id')
  const label = `${store.users.get(network.userId)?.name}/${network.name}`
  const history = new HistoryImport(store, network, { label, print, now })
  const source = `soju ${id}`
  let last = Number(history.mark(source) ?? 0)
  const isAgain = last > 0
  for (;;) {
    const page = database.messages(id, last, PAGE)
    for (const message of page) {
      const line = readSojuMessage(message, network)
      if (line) history.append(line)
      else history.counts.damaged += 1
      last = message.id
    }
    if (page.length === 0) break
    await history.note(source, String(last))
  }
  await history.end()
  const markers = importMarkers(store, database, id, network)
  const subscriptions = importSubscriptions(store, database, id, network)
  commitOrStop(store)
  const { taken, overlapping, damaged } = history.counts
  const parts = [
    `${taken} ${isAgain ? 'more ' : ''}lines`,
    `${markers} read markers`,
    ...(subscriptions > 0 ? [`${subscriptions} web push subscriptions`] : []),
    ...(overlapping > 0 ? [`${overlapping} lines are from when the bouncer was there itself`] : []),
    ...(damaged > 0 ? [`${damaged} lines are left out: damaged, or of no kind that is kept`] : []),
    ...(last === 0 ? ['soju kept no lines in this database (message-store fs or memory)'] : []),
  ]
  print(`${label}: ${parts.join('; ')}`)
}

/** They only move forward: what is further here stays. Returns how many were moved. */
function importMarkers(
  store: Store,
  database: SojuDatabase,
  sojuId: number,
  { id, casemapping }: NetworkRecord,
): number {
  const rows = database.rows('ReadReceipt').filter(({ network }) => network === sojuId)
  const moved = rows.filter((row) => {
    const target = textIn(row, 'target')
    const time = parseServerTime(textIn(row, 'timestamp'))
    if (time === undefined || target === '' || target.length > 200) return false
    return store.markers.set(id, fold(target, casemappingOf(casemapping)), time).isNew
  })
  return moved.length
}

function importSubscriptions(
  store: Store,
  database: SojuDatabase,
  sojuId: number,
  { id, userId }: NetworkRecord,
): number {
  const known = new Set(store.subscriptions.list(userId, id).map(({ endpoint }) => endpoint))
  const rows = database.rows('WebPushSubscription').filter((row) => row['network'] === sojuId)
  const isOurs = rows.filter((row) => textIn(row, 'key_vapid') === vapidKey(store))
  const added = isOurs.filter((row) => {
    const endpoint = textIn(row, 'endpoint')
    const [p256dh, auth] = [textIn(row, 'key_p256dh'), textIn(row, 'key_auth')]
    const createdAt = parseServerTime(textIn(row, 'created_at')) ?? 0
    const isWhole = /^https:\/\//.test(endpoint) && isKeyOf(p256dh, 65) && isKeyOf(auth, 16)
    if (!isWhole || known.has(endpoint)) return false
    return store.subscriptions.put({ userId, networkId: id, endpoint, p256dh, auth, createdAt })
  })
  return added.length
}

const isKeyOf = (text: string, bytes: number) =>
  /^[\w-]+={0,2}$/.test(text) && Buffer.from(text, 'base64url').length === bytes

const vapidKey = ({ properties }: Store): string | undefined =>
  properties.get('vapid')?.split(' ')[0]

/** With soju's keys its subscriptions go on to work. Ours, once made, stay. */
function importPushKeys(store: Store, database: SojuDatabase, print: (line: string) => void): void {
  const [row] = database.rows('WebPushConfig')
  if (!row || store.properties.get('vapid') !== undefined) return
  const [shown, secret] = [textIn(row, 'vapid_key_public'), textIn(row, 'vapid_key_private')]
  if (!isKeyOf(shown, 65) || !isKeyOf(secret, 32)) return
  store.properties.set('vapid', `${shown} ${secret}`)
  print('web push: the keys are taken, so that clients go on to be woken')
}
