// The restore drill: the three services under load, each on a volume of its own; a snapshot of each volume, as a power cut
// would leave it; a backup of that as VolSync makes it; kill -9, the volumes lost, restored, the services started. Nothing
// that was acknowledged before the snapshot may be missing.
import { mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePorts } from '../support/daemon.ts'
import { requirePeer } from '../support/peers.ts'
import { waitFor } from '../support/wait-for.ts'
import { BouncerLoad } from './support/restore-bouncer.ts'
import { FediverseLoad } from './support/restore-fediverse.ts'
import type { Load } from './support/restore-load.ts'
import { makeRepository, type Repository } from './support/restore-mover.ts'
import { RegistryLoad } from './support/restore-registry.ts'
import { requireVolumes, type Storage, startStorage } from './support/restore-volume.ts'

const isPossible = requirePeer('restic18') && requireVolumes()

interface Drilled {
  name: string
  load: Load
  repository: Repository
  /** Of the backup. */
  id: string
}

describe.skipIf(!isPossible)('the restore drill', () => {
  let storage: Storage
  const loads: { name: string; load: Load }[] = []
  const drilled: Drilled[] = []

  beforeAll(async () => {
    storage = await startStorage()
    await startLoads(storage, loads)
    const works = loads.map(({ load }) => load.work())
    // Told when they are waited for.
    for (const work of works) work.catch(() => {})
    await Promise.race([
      Promise.all(works),
      waitFor(() => loads.every(({ load }) => load.hasWorked()), {
        what: 'enough to lose',
        timeoutMs: 120_000,
        context: () =>
          loads.map(({ name, load }) => `${name}: ${JSON.stringify(load.numbers())}`).join(),
      }),
    ])
    const cache = storage.directory('cache')
    const empty = storage.directory('empty')
    for (const { name, load } of loads) {
      load.remember()
      const snapshot = await load.pod.volume.snapshot()
      const repository = await makeRepository(storage.directory(`${name}-restic`), { cache, empty })
      const id = await repository.backup(snapshot.directory)
      await snapshot.remove()
      drilled.push({ name, load, repository, id })
    }
    for (const { load } of loads) load.stop()
    for (const { load } of loads) await load.pod.kill()
    await Promise.all(works)
    for (const { name, load } of loads) console.log(`${name}: ${JSON.stringify(load.numbers())}`)
  }, 300_000)

  afterAll(async () => {
    for (const { load } of loads) await load[Symbol.asyncDispose]()
    await storage?.[Symbol.asyncDispose]()
  })

  test.for(['fediverse', 'bouncer', 'registry'])('%s: a lost volume', async (name) => {
    const { load, repository, id } = find(drilled, name)
    await load.pod.volume.replace()
    await repository.check()
    await repository.restore(id, load.pod.volume.directory, { isDeleting: true })
    expect(await load.pod.run('config', 'check')).toMatchObject({ code: 0 })
    await load.pod.start()
    expect(await load.missing()).toEqual([])
    await load.pod.stop()
    expect(await load.pod.run(name, 'fsck')).toMatchObject({ code: 0 })
  })
})

/** Starts them one by one, and adds each to the list as it is started. */
async function startLoads(storage: Storage, loads: { name: string; load: Load }[]): Promise<void> {
  const [fediverse = 0, bouncer = 0, port = 0] = await freePorts(3)
  const program = storage.directory('program')
  const place = async (name: string) => ({ program, volume: await storage.volume(name) })
  const add = (name: string, load: Load) => loads.push({ name, load })
  add('fediverse', await FediverseLoad.start(await place('fediverse-data'), fediverse))
  add('bouncer', await BouncerLoad.start(await place('bouncer-data'), bouncer))
  add('registry', await RegistryLoad.start(await place('registry-data'), { port }))
}

function find(drilled: readonly Drilled[], name: string): Drilled {
  const found = drilled.find((each) => each.name === name)
  if (!found) throw new Error(`${name} was not backed up`)
  return found
}
