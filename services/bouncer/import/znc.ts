// Moving in from ZNC: people, networks, channels, passwords and certificates from its configuration and what its modules
// keep; the history from the files of its log module.

import type { Clock } from '@fuchsbau/shared/clock.ts'
import { ForeignDirectory } from '../store/foreign-directory.ts'
import type { NetworkRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { HistoryImport } from './history.ts'
import { type LocalTime, localTime, zncZone } from './local-time.ts'
import { networkName } from './names.ts'
import { addPerson } from './person.ts'
import { parseZncConfig, setting, type ZncBlock } from './znc-config.ts'
import { importLogs } from './znc-history.ts'
import { type LogFile, logPlaces, matchLogFile } from './znc-log-files.ts'
import { loadedModules } from './znc-network.ts'
import { networkBlocks, readUser } from './znc-user.ts'

export interface ImportOptions {
  store: Store
  clock: Clock
  print(line: string): void
}

export interface ZncImportOptions extends ImportOptions {
  /** ZNC's own, with `configs/znc.conf`. */
  directory: string
  /** Zone of the times in the logs; absent: what the user had set in ZNC, else this machine's. */
  timezone?: string
}

const CONFIG_BYTES = 32 * 1024 * 1024
/** Days times conversations of all users. */
const MOST_FILES = 1_000_000

/** Takes what can be taken and says what could not be, and why. False when there was nothing. Throws ImportStopped. */
export async function importZnc(options: ZncImportOptions): Promise<boolean> {
  const { directory: root, store, clock, print } = options
  const directory = new ForeignDirectory(root)
  const text = directory.text('configs/znc.conf', CONFIG_BYTES)
  if (text === undefined) {
    print(
      `${root} has no configs/znc.conf that can be read: give ZNC's data directory, such as ~/.znc or /var/lib/znc`,
    )
    return false
  }
  const { root: config, problems } = parseZncConfig(text)
  for (const problem of problems) print(`znc.conf: ${problem}`)
  const users = config.blocks.get('user') ?? []
  const networks = new Map<string, ReadonlyMap<string, NetworkRecord>>()
  for (const block of users) {
    const person = await readUser(block, directory, clock.now())
    if (typeof person === 'string') print(`${block.name}: ${person}`)
    else networks.set(block.name, addPerson(store, person, print))
  }
  if (users.length === 0) print('znc.conf has no users')
  sayGlobal(config, directory, print)
  const files = await findLogs(directory, config, users)
  for (const block of users) await importUserLogs(block, options, directory, networks, files)
  return networks.size > 0
}

async function importUserLogs(
  user: ZncBlock,
  { store, clock, print, timezone }: ZncImportOptions,
  directory: ForeignDirectory,
  networks: ReadonlyMap<string, ReadonlyMap<string, NetworkRecord>>,
  files: readonly LogFile[],
): Promise<void> {
  for (const block of networkBlocks(user)) {
    const network = networks.get(user.name)?.get(networkName(block.name))
    const own = files.filter((file) => file.user === user.name && file.network === block.name)
    if (!network || own.length === 0) continue
    const label = `${user.name}/${network.name}`
    const zone = zoneOf(timezone ?? zncZone(setting(user, 'timezone')), label, print)
    const history = new HistoryImport(store, network, { label, print, now: clock.now() })
    const channels = (block.blocks.get('chan') ?? []).map(({ name }) => name)
    const {
      files: read,
      before,
      unreadable,
      future,
    } = await importLogs(directory, own, history, {
      network,
      channels,
      zone,
    })
    await history.end()
    const { taken, overlapping, damaged } = history.counts
    const parts = [
      `${taken} lines of ${read} log files`,
      ...(before > 0 ? [`${before} files were taken before`] : []),
      ...(overlapping > 0
        ? [`${overlapping} lines are from when the bouncer was there itself`]
        : []),
      ...(damaged > 0 ? [`${damaged} damaged lines are left out`] : []),
      ...(future > 0 ? [`${future} files are dated in the future`] : []),
      ...(unreadable > 0 ? [`${unreadable} files cannot be read`] : []),
    ]
    print(`${label}: ${parts.join('; ')}`)
  }
}

const ownZone = () => new Intl.DateTimeFormat().resolvedOptions().timeZone

function zoneOf(name: string, label: string, print: (line: string) => void): LocalTime {
  const zone = name === '' ? undefined : localTime(name)
  if (!zone && name !== '') print(`${label}: the time zone ${name} is not known`)
  if (!zone)
    print(`${label}: times of the logs are read as ${ownZone()}, this machine's (see --timezone)`)
  return zone ?? localTime(ownZone()) ?? { toUtc: (wall) => wall }
}

async function findLogs(
  directory: ForeignDirectory,
  config: ZncBlock,
  users: readonly ZncBlock[],
): Promise<LogFile[]> {
  const known = new Map(
    users.map((user) => [user.name, networkBlocks(user).map(({ name }) => name)]),
  )
  const argument = (name: string) => {
    const user = users.find((each) => each.name === name)
    const modules = [...(user ? loadedModules(user) : []), ...loadedModules(config)]
    return modules.find((module) => module.name === 'log')?.argument ?? ''
  }
  const found: LogFile[] = []
  for (const place of logPlaces(known, argument)) {
    const paths = await directory.files(place.folder, MOST_FILES - found.length)
    found.push(...paths.flatMap((path) => matchLogFile(place, path, known) ?? []))
  }
  return found
}

function sayGlobal(config: ZncBlock, directory: ForeignDirectory, print: (line: string) => void) {
  const listeners = config.blocks.get('listener') ?? []
  for (const listener of listeners) {
    const port = setting(listener, 'port')
    print(
      `listener on port ${port}: not taken; to keep the port, set the bouncer's \`listen\` to it`,
    )
  }
  if (directory.size('moddata/savebuff') > 0) {
    print(
      'savebuff: its files are encrypted with a password and cannot be read; the log module has the same lines',
    )
  }
}
