// What VolSync's mover does with a volume and its repository: the same restic, with the same words, as the same user.
// https://github.com/backube/volsync/blob/main/mover-restic/entry.sh
import { execFile, spawnSync } from 'node:child_process'
import { programInside } from '../../support/daemon.ts'
import { trixieTree } from '../../support/peers.ts'
import { trixieEnv } from '../../support/trixie.ts'
import { podUser, type Storage } from './restore-volume.ts'

export interface Repository {
  /** All of a directory, as the pods' user or another one; resolves to the id of the backup. */
  backup(directory: string, user?: number): Promise<string>
  /** A backup to a directory; what is not in it goes (enableFileDeletion). */
  restore(id: string, directory: string): Promise<void>
  /** Reads all of the repository. */
  check(): Promise<void>
}

// Arguments: tree, volume, repository, cache, user, and the words. The volume is /srv/data; VolSync has it at /data.
const enter = `
tree=$1
mount -t tmpfs tmpfs "$tree/tmp"
mount -t tmpfs tmpfs "$tree/srv"
for place in data repository cache; do
  shift
  mkdir "$tree/srv/$place"
  mount --bind "$1" "$tree/srv/$place"
done
user=$2
shift 2
exec chroot "$tree" setpriv --reuid "$user" --regid "$user" --clear-groups --pdeathsig KILL -- sh -c 'cd /srv/data && exec "$@"' sh "$@"`

const HOST = ['--host', 'volsync']
/** As in deploy/base/backup. */
const KEEP = ['--keep-daily', '14', '--keep-weekly', '8', '--keep-monthly', '12']

/** Makes a repository. */
export async function makeRepository(storage: Storage, name: string): Promise<Repository> {
  const place = storage.directory(name)
  const cache = storage.directory(`${name}-cache`)
  const empty = storage.directory(`${name}-empty`)
  const resticAs = (user: number, directory: string, ...words: string[]) => {
    const mounts = [directory, place, cache]
    const line = ['sh', trixieTree(), ...mounts, String(user), programInside('restic18')]
    return run([
      '--mount',
      '--propagation',
      'private',
      '--',
      'sh',
      '-euc',
      enter,
      ...line,
      ...words,
    ])
  }
  const restic = (directory: string, ...words: string[]) => resticAs(podUser, directory, ...words)
  await restic(empty, 'init')
  return {
    async backup(directory, user = podUser) {
      const lines = await resticAs(
        user,
        directory,
        'backup',
        '--json',
        ...HOST,
        '--exclude=lost+found',
        '.',
      )
      // In a bucket nobody owns anything.
      if (user !== podUser) spawnSync('chown', ['-R', `${podUser}:${podUser}`, place, cache])
      await restic(empty, 'forget', ...HOST, ...KEEP)
      await restic(empty, 'prune')
      const { snapshot_id: id } = JSON.parse(lines.trimEnd().split('\n').at(-1) ?? '') as {
        snapshot_id: string
      }
      return id
    },
    async restore(id, directory) {
      const options = ['--include-xattr', 'user.*', '--delete']
      await restic(directory, 'restore', id, '-t', '.', ...HOST, ...options)
    },
    async check() {
      await restic(empty, 'check', '--read-data')
    },
  }
}

function run(words: string[]): Promise<string> {
  const env = {
    ...trixieEnv,
    RESTIC_REPOSITORY: '/srv/repository',
    RESTIC_PASSWORD: 'secret',
    RESTIC_CACHE_DIR: '/srv/cache',
  }
  return new Promise((resolve, reject) => {
    execFile('unshare', words, { env, maxBuffer: 64 * 2 ** 20 }, (error, out, err) =>
      error ? reject(new Error(`${error.message}\n${out}${err}`)) : resolve(out),
    )
  })
}
