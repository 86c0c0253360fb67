// Runs the programs of the registry tests, wherever they come from, on one directory of their own: as nobody, with
// no host name but localhost, no CA but the tests', and nothing of this machine's settings and logins.
import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import type { Ca } from './ca.ts'
import { makePeerHome, type PeerHome, programInside } from './daemon.ts'
import { type Peer, programOf, whereIs } from './peers.ts'
import { peerUser } from './trixie.ts'

/** A peer that runs in such a home. */
export type RegistryPeer = Extract<
  Peer,
  | 'buildah'
  | 'cosign'
  | 'cosign2'
  | 'crane'
  | 'docker'
  | 'docker-registry'
  | 'oci-conformance'
  | 'oras'
  | 'regctl'
  | 'skopeo'
>

/** How a program is run to its end. */
export interface RunOptions {
  input?: string
  env?: Record<string, string>
  /** SIGKILL then; 60 s when absent. */
  timeoutMs?: number
}

/** The directory, and the programs on it; relative paths start there. */
export interface RegistryHome {
  /** As this process sees it. */
  directory: string
  /** Writes a file that the programs may read and change. */
  write(path: string, text: string | Buffer): void
  mkdir(path: string): void
  /** Resolves to stdout (at most 16 MiB), rejects with a message that has all output. */
  run(peer: RegistryPeer, args: readonly string[], options?: RunOptions): Promise<string>
  /** For `startDaemon`: the program is named by its peer. */
  asPeerHome(peer: RegistryPeer): PeerHome
  remove(): void
}

// Arguments: an empty resolver, a directory of programs and the place to see it, the user (or nothing: root stays
// root), and the program. What lies in root's own home is not to be reached as nobody but by such a mount.
const enter = `
if [ -e /etc/resolv.conf ]; then mount --bind "$1" /etc/resolv.conf; fi
if [ -n "$2" ]; then mount --bind "$2" "$3"; fi
user=$4
shift 4
exec setpriv $user --pdeathsig KILL -- "$@"`
const asNobody = `--reuid ${peerUser.uid} --regid ${peerUser.gid} --clear-groups`

/** Makes a home; the CA is trusted by all programs. */
export function makeRegistryHome(ca?: Ca): RegistryHome {
  // Any peer of the tree: makes a directory that is seen as /srv there.
  const home = makePeerHome('cosign2', ca)
  const { directory } = home
  for (const path of ['bin', 'run', 'tmp', 'no-certificates']) home.mkdir(path)
  home.write('resolv.conf', '')
  home.write('ca.pem', ca?.pem ?? '')

  const command = (peer: RegistryPeer, args: readonly string[]): [string, string[]] => {
    if (whereIs(peer) === 'trixie') {
      // chroot starts in the root directory.
      const inSrv = ['-c', 'cd /srv && exec "$@"', 'sh', programInside(peer), ...args]
      return home.command('/bin/sh', ...inSrv)
    }
    const isBuilt = whereIs(peer) === 'go'
    const places = isBuilt ? [dirname(programOf(peer)), join(directory, 'bin')] : ['', '']
    const program = isBuilt ? join(directory, 'bin', peer) : programOf(peer)
    // Rootless, buildah wants a range of user ids of its own, which nobody has not.
    const user = peer === 'buildah' ? '' : asNobody
    const line = [join(directory, 'resolv.conf'), ...places, user, program, ...args]
    return [
      'unshare',
      ['--mount', '--propagation', 'private', '--', 'sh', '-euc', enter, 'sh', ...line],
    ]
  }

  const envOf = (peer: RegistryPeer) => {
    const inside = whereIs(peer) === 'trixie' ? home.inside : directory
    // What root writes nobody may not read.
    const own = peer === 'buildah' ? join(directory, 'buildah') : inside
    return {
      PATH: home.env.PATH ?? '',
      LC_ALL: 'C.UTF-8',
      HOME: own,
      TMPDIR: join(inside, 'tmp'),
      DOCKER_CONFIG: join(own, '.docker'),
      XDG_CONFIG_HOME: join(own, '.config'),
      XDG_CACHE_HOME: join(own, '.cache'),
      XDG_DATA_HOME: join(own, '.local', 'share'),
      XDG_RUNTIME_DIR: join(own, 'run'),
      // Go's.
      SSL_CERT_FILE: join(inside, 'ca.pem'),
      SSL_CERT_DIR: join(inside, 'no-certificates'),
      // No engine, wherever one may run.
      DOCKER_HOST: `unix://${join(inside, 'run', 'no-engine.sock')}`,
    }
  }

  return {
    directory,
    write: (path, text) => void home.write(path, text),
    mkdir: (path) => void home.mkdir(path),
    run(peer, args, { input = '', env = {}, timeoutMs = 60_000 } = {}) {
      const [file, line] = command(peer, args)
      const options = {
        env: { ...envOf(peer), ...env },
        cwd: directory,
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: 16 * 1024 * 1024,
      } as const
      return new Promise((resolve, reject) => {
        const child = execFile(file, line, options, (error, out, err) => {
          if (error === null) return resolve(out)
          const why = error.killed ? `ended after ${timeoutMs / 1000} s` : `exit ${error.code}`
          reject(new Error(`${peer} ${args.join(' ')}: ${why}\n${out}${err}`))
        })
        // A program may end without reading.
        child.stdin?.on('error', () => {})
        child.stdin?.end(input)
      })
    },
    asPeerHome: (peer) => ({
      ...home,
      inside: directory,
      env: envOf(peer),
      command: (_program, ...args) => command(peer, args),
    }),
    remove: home.remove,
  }
}
