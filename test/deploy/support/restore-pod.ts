// A service as its pod runs it: as the pods' user, on a volume, with nothing of this machine's environment. It can be killed,
// and started again on what is in the volume then.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { askControl } from '@fuchsbau/shared/control.ts'
import { PASSWORD, type Ready, serviceProcess } from '../../support/service-process.ts'
import { podUser, type Volume } from './restore-volume.ts'

/** How a program ended. */
export interface Ended {
  code: number
  output: string
}

export interface Pod {
  readonly volume: Volume
  /** Directory of the service in the volume. */
  readonly directory: string
  ready(): Ready
  log(): string
  start(): Promise<void>
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>
  /** Asks the running service; rejects with what it says when it refuses. */
  operate(verb: string, ...args: string[]): Promise<string[]>
  /** Runs `fuchsbau …` in such a pod; resolves to how it ended. */
  run(...words: string[]): Promise<Ended>
  /** What it says to its configuration and its data while it is stopped; the first complaint, if there is one. */
  check(): Promise<Ended>
}

// Arguments: the repository, a place that everybody can reach to see it at, the user, and the words.
const enter = `
mount --bind "$1" "$2"
program=$2
user=$3
shift 3
exec setpriv --reuid "$user" --regid "$user" --clear-groups --pdeathsig KILL -- \
  "$program/node_modules/node/bin/node" "$program/fuchsbau.js" "$@"`

const repository = join(import.meta.dirname, '../../..')

export interface PodOptions {
  service: string
  volume: Volume
  /** An empty directory that everybody can reach. */
  program: string
  env: Record<string, string>
}

/** A pod that is not started yet. */
export function makePod({ service, volume, program, env: own }: PodOptions): Pod {
  const env = {
    PATH: '/usr/bin:/bin',
    FUCHSBAU_DATA: volume.directory,
    FUCHSBAU_MANAGEMENT_LISTEN: '127.0.0.1:0',
    FUCHSBAU_OWNER_PASSWORD: PASSWORD,
    ...own,
  }
  const command = (...words: string[]) => {
    const line = ['sh', '-euc', enter, 'sh', repository, program, String(podUser), ...words]
    return ['unshare', ['--mount', '--propagation', 'private', '--', ...line]] as const
  }
  const child = serviceProcess(command(service, 'serve'), { env, readyMs: 60_000 })
  const directory = join(volume.directory, service)
  let ready: Ready | undefined
  const run = (...words: string[]) =>
    new Promise<Ended>((resolve) => {
      execFile(...command(...words), { env, maxBuffer: 16 * 2 ** 20 }, (error, out, err) =>
        resolve({ code: error ? Number(error.code) : 0, output: `${out}${err}` }),
      )
    })
  return {
    volume,
    directory,
    ready() {
      if (!ready) throw new Error(`${service} was never ready`)
      return ready
    },
    log: child.log,
    async start() {
      ready = await child.start()
    },
    stop: () => child.end('SIGTERM'),
    kill: () => child.end('SIGKILL'),
    async operate(verb, ...args) {
      const { ok, lines } = await askControl(join(directory, 'control.sock'), verb, args)
      if (!ok) throw new Error(`${service} ${verb}: ${lines.join('\n')}`)
      return lines
    },
    run,
    async check() {
      const configuration = await run('config', 'check')
      return configuration.code === 0 ? await run(service, 'fsck') : configuration
    },
  }
}
