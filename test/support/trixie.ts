// Runs a program of the trixie tree, as an unprivileged user, beside this process: by chroot in a
// private mount namespace, so that the shared tree stays as it is and no mount outlives the program.
// The spawned pid is the program's own, and it is killed when the thread that spawned it ends.
import { trixieTree } from './peers.ts'

/** The user that peers run as; Debian's nobody, in the tree and outside. */
export const peerUser = { uid: 65534, gid: 65534 } as const

// Arguments: tree, then pairs of file and place in the tree, then -- and the program.
const enter = `
tree=$1
shift
while [ "$1" != -- ]; do
  mount --bind "$1" "$tree$2"
  shift 2
done
shift
mount -t tmpfs tmpfs "$tree/dev/shm"
mount -t tmpfs tmpfs "$tree/tmp"
user="--reuid ${peerUser.uid} --regid ${peerUser.gid} --clear-groups"
exec chroot "$tree" setpriv $user --pdeathsig KILL -- "$@"`

/** Host names, resolver and authorities that a program in the tree gets instead of the machine's; a TlsFront has them. */
export interface Surroundings {
  hostsFile: string
  resolvFile: string
  ca: { file: string }
}

/** What a program in the tree gets to see. */
export interface TrixieOptions {
  /** Gives it the run's host names, no resolver, and the tests' CA as the only one it trusts. */
  front: Surroundings
  /** A directory of the run, which it sees as /srv. */
  srv: string
}

/** The command line that runs `program` of the tree; give it `trixieEnv` as its environment. */
export function inTrixie(
  { front, srv }: TrixieOptions,
  program: string,
  ...args: string[]
): [string, string[]] {
  const mounts = [
    [front.hostsFile, '/etc/hosts'],
    [front.resolvFile, '/etc/resolv.conf'],
    [front.ca.file, '/etc/ssl/certs/ca-certificates.crt'],
    [srv, '/srv'],
  ]
  const shell = ['sh', '-euc', enter, 'sh', trixieTree(), ...mounts.flat(), '--', program, ...args]
  return ['unshare', ['--mount', '--propagation', 'private', '--', ...shell]]
}

/** The whole environment of such a program: nothing of this machine's. */
export const trixieEnv = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C.UTF-8',
  HOME: '/tmp',
} as const
