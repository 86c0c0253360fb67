// Volumes as a cluster has them: ext4 on a block device, of which an instant can be had while somebody writes. The device is
// a file on XFS, and the instant a clone of that file. What ext4 has not sent to its disk is not in it, as in a snapshot of
// Ceph or after a power cut: a service that acknowledges before it has synced is found out.
import { execFile, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { requirePeer } from '../../support/peers.ts'
import { makeTempData, removeTempData } from '../../support/temp-data.ts'

/** The user of all our pods, and of the movers of their volumes. */
export const podUser = 65532

const run = promisify(execFile)

export interface Storage extends AsyncDisposable {
  /** A new volume. Everybody may pass through to it. */
  volume(name: string): Promise<Volume>
  /** An empty directory that the pods' user may write to. */
  directory(name: string): string
}

export interface Volume {
  readonly name: string
  /** Where it is mounted. */
  readonly directory: string
  /** An instant of it, mounted as a volume of its own. */
  snapshot(): Promise<Volume>
  /** It is lost; there is an empty one of the same name. */
  replace(): Promise<void>
  /** Unmounts it and forgets it. */
  remove(): Promise<void>
}

/** Whether volumes can be had here; see `requirePeer` for what happens when not. */
export function requireVolumes(): boolean {
  if (!requirePeer('xfs')) return false
  if (process.getuid?.() === 0 && existsSync('/dev/loop-control')) return true
  const reason = 'Volumes are loop devices: run the test as root, where /dev/loop-control is.'
  if (process.env.INTEROP_OPTIONAL !== '1') throw new Error(reason)
  console.log(`skipped: ${reason}`)
  return false
}

/** Makes a place for volumes. */
export async function startStorage(): Promise<Storage> {
  const top = makeTempData('storage')
  chmodSync(top, 0o755)
  const pool = join(top, 'pool')
  mkdirSync(pool)
  const disk = sparseFile(join(top, 'disk'), '4G')
  await run('mkfs.xfs', ['-q', '-m', 'reflink=1', disk])
  const unmountPool = await mount(disk, pool)
  const volumes = new Set<Volume>()
  const atExit = () => {
    for (const { directory } of volumes) spawnSync('umount', ['--lazy', directory])
    spawnSync('umount', ['--lazy', pool])
  }
  // Before the listener that deletes temp directories.
  process.prependListener('exit', atExit)

  const open = async (name: string, first: string): Promise<Volume> => {
    const directory = join(top, name)
    let image = first
    mkdirSync(directory)
    let unmount = await mount(image, directory)
    let count = 0
    const volume: Volume = {
      name,
      directory,
      async snapshot() {
        const copy = `${name}-${++count}`
        await run('cp', ['--reflink=always', image, join(pool, copy)])
        return await open(copy, join(pool, copy))
      },
      async replace() {
        await unmount()
        rmSync(image)
        // Never the same file: whoever runs in a copy of our mounts may still have it.
        image = sparseFile(join(pool, `${name}-${++count}`), '512M')
        await format(image)
        unmount = await mount(image, directory)
        await hand(directory)
      },
      async remove() {
        await unmount()
        rmSync(image)
        rmSync(directory, { recursive: true })
        volumes.delete(volume)
      },
    }
    volumes.add(volume)
    return volume
  }
  return {
    async volume(name) {
      const image = sparseFile(join(pool, name), '512M')
      await format(image)
      const volume = await open(name, image)
      await hand(volume.directory)
      return volume
    },
    directory(name) {
      const path = join(top, name)
      mkdirSync(path)
      spawnSync('chown', [`${podUser}:${podUser}`, path])
      return path
    },
    async [Symbol.asyncDispose]() {
      for (const volume of volumes) await volume.remove()
      await unmountPool()
      process.off('exit', atExit)
      removeTempData(top)
    },
  }
}

function sparseFile(path: string, size: '4G' | '512M'): string {
  writeFileSync(path, '')
  truncateSync(path, { '4G': 4, '512M': 0.5 }[size] * 2 ** 30)
  return path
}

const format = (image: string) => run('mkfs.ext4', ['-q', '-F', image])

/** What kubelet does to a new volume for `fsGroup`. */
async function hand(directory: string): Promise<void> {
  await run('chown', ['-R', `:${podUser}`, directory])
  await run('chmod', ['-R', 'g+rwXs', directory])
}

/** Mounts an image; returns how to unmount it. */
async function mount(image: string, directory: string): Promise<() => Promise<void>> {
  await run('mount', ['-o', 'loop', image, directory])
  // Lazily where a failed test has left somebody in it.
  return () =>
    run('umount', [directory]).then(
      () => undefined,
      () => void spawnSync('umount', ['--lazy', directory]),
    )
}
