// A home of a program of the cache, which may lie where only root may look: its folder is mounted into the home.
import { execFile } from 'node:child_process'
import { basename, dirname } from 'node:path'
import { promisify } from 'node:util'
import { makePeerHome, type PeerHome } from '../../support/daemon.ts'
import { type Peer, programOf } from '../../support/peers.ts'
import { peerUser } from '../../support/trixie.ts'

const asPeer = `--reuid ${peerUser.uid} --regid ${peerUser.gid} --clear-groups --pdeathsig KILL`
const enter = `mount --bind "$1" "$2"; bin=$2; shift 2; program=$bin/$1; shift; exec setpriv ${asPeer} -- "$program" "$@"`

/** Its programs are those beside the peer's own. `netns`: a network namespace that they run in. */
export function makeBuiltHome(peer: Peer, netns?: string): PeerHome {
  const home = makePeerHome(peer)
  const bin = home.mkdir('bin')
  const command: PeerHome['command'] = (program, ...args) => {
    const words = ['sh', '-euc', enter, 'sh', dirname(programOf(peer)), bin, basename(program)]
    const line = ['--mount', '--propagation', 'private', '--', ...words, ...args]
    return netns === undefined
      ? ['unshare', line]
      : ['ip', ['netns', 'exec', netns, 'unshare', ...line]]
  }
  return withCommand(home, command)
}

/** The same home, its programs run by another command line. */
export function withCommand(home: PeerHome, command: PeerHome['command']): PeerHome {
  return {
    ...home,
    command,
    async run(program, args) {
      const [file, line] = command(program, ...args)
      const { stdout } = await promisify(execFile)(file, line, {
        env: home.env,
        cwd: home.directory,
      })
      return stdout
    },
  }
}
