// The restore drill: the services under load, each on a volume of its own; a snapshot of each volume, as a power cut would
// leave it; a backup of that as VolSync makes it; kill -9, the volumes lost, restored, the services started. Nothing that was
// acknowledged before the snapshot may be missing. Then back to the same backup within a volume that has more by now.
import { statSync, truncateSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePorts } from '../support/daemon.ts'
import { requirePeer } from '../support/peers.ts'
import { waitFor } from '../support/wait-for.ts'
import { BouncerLoad } from './support/restore-bouncer.ts'
import { FediverseLoad } from './support/restore-fediverse.ts'
import { HeadscaleLoad } from './support/restore-headscale.ts'
import type { Load } from './support/restore-load.ts'
import { makeRepository, type Repository } from './support/restore-mover.ts'
import { PocketIdLoad } from './support/restore-pocket-id.ts'
import { RegistryLoad } from './support/restore-registry.ts'
import {
  requireVolumes,
  type Storage,
  startStorage,
  type Volume,
} from './support/restore-volume.ts'
import { ZotLoad } from './support/restore-zot.ts'

const isPossible = requirePeer('restic18') && requireVolumes()

type Start = (storage: Storage, port: number, another: number) => Promise<Load>

const starts: Record<string, Start | false> = {
  fediverse: async (storage, port) =>
    await FediverseLoad.start(await place(storage, 'fediverse'), port),
  bouncer: async (storage, port) => await BouncerLoad.start(await place(storage, 'bouncer'), port),
  async registry(storage, port) {
    const load = new RegistryLoad(await place(storage, 'registry'), { port })
    await load.prepare()
    return load
  },
  'registry and Zot':
    requirePeer('zot') &&
    ((storage, port, another) => ZotLoad.startWithZot(storage, [port, another])),
  'Pocket ID': requirePeer('pocketId') && ((storage, port) => PocketIdLoad.begin(storage, port)),
  Headscale: requirePeer('headscale') && ((storage, port) => HeadscaleLoad.begin(storage, port)),
}
const names = Object.keys(starts).filter((name) => starts[name])

const place = async (storage: Storage, name: string) => ({
  program: storage.directory(`${name}-program`),
  volume: await storage.volume(`${name}-data`),
})

interface Backup {
  volume: Volume
  repository: Repository
  id: string
}

describe.skipIf(!isPossible)('the restore drill', () => {
  let storage: Storage
  const loads = new Map<string, Load>()
  const backups = new Map<string, Backup[]>()

  beforeAll(async () => {
    storage = await startStorage()
    for (const name of names) {
      const start = starts[name]
      const [port = 0, another = 0] = await freePorts(2)
      if (start) loads.set(name, await start(storage, port, another))
    }
    const all = [...loads.values()]
    const works = Promise.all(all.map((load) => load.work()))
    await Promise.race([works, enough(all)])
    for (const [name, load] of loads) backups.set(name, await backUp(storage, load))
    for (const load of all) load.end()
    for (const load of all) await load.kill()
    await works
    for (const [name, load] of loads) console.log(`${name}: ${JSON.stringify(load.numbers())}`)
  }, 300_000)

  afterAll(async () => {
    for (const load of loads.values()) await load[Symbol.asyncDispose]()
    await storage?.[Symbol.asyncDispose]()
  })

  const of = (name: string): [Load, Backup[]] => {
    const [load, backup] = [loads.get(name), backups.get(name)]
    if (!load || !backup) throw new Error(`${name} was not backed up`)
    return [load, backup]
  }

  describe.each(names)('%s', (name) => {
    test('a volume that was lost: nothing is missing', async () => {
      const [load, backup] = of(name)
      for (const { volume } of backup) await volume.replace()
      await restore(backup)
      await load.start()
      expect(await load.missing()).toEqual([])
      await load.stop()
      const { code, output } = await load.check()
      expect(code, output).toBe(0)
    })

    test('back to the backup, in a volume that has more by now: nothing is missing, nothing is left', async () => {
      const [load, backup] = of(name)
      await load.start()
      const later = await load.addMore()
      expect(await load.has(later)).toBe(true)
      await load.kill()
      await restore(backup)
      await load.start()
      expect(await load.missing()).toEqual([])
      expect(await load.has(later)).toBe(false)
      await load.stop()
      const { code, output } = await load.check()
      expect(code, output).toBe(0)
    })

    test('the drill sees what is missing, and the check what is damaged', async () => {
      const [load] = of(name)
      await load.start()
      await load.lose()
      expect(await load.missing()).not.toEqual([])
      await load.stop()
      const file = load.fileToDamage()
      truncateSync(file, statSync(file).size / 2)
      const { code, output } = await load.check()
      expect(code, output).toBe(1)
    })
  })
})

async function enough(loads: readonly Load[]): Promise<void> {
  await waitFor(() => loads.every((load) => load.hasWorked()), {
    what: 'enough to lose',
    timeoutMs: 120_000,
    context: () => loads.map((load) => `${load.name}: ${load.hasWorked()}`).join(),
  })
}

/** What VolSync does: of each volume a snapshot, and of that a backup, to a repository of its own. */
async function backUp(storage: Storage, load: Load): Promise<Backup[]> {
  load.remember()
  const backups: Backup[] = []
  for (const volume of load.volumes) {
    const snapshot = await volume.snapshot()
    const repository = await makeRepository(storage, `${volume.name}-restic`)
    const id = await repository.backup(snapshot.directory)
    await snapshot.remove()
    backups.push({ volume, repository, id })
  }
  return backups
}

async function restore(backups: readonly Backup[]): Promise<void> {
  for (const { volume, repository, id } of backups) {
    await repository.check()
    await repository.restore(id, volume.directory)
  }
}
