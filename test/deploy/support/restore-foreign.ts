// A program of others as its pod runs it: as the pods' user, with a directory for its files.
import { chownSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Daemon, programInside, startDaemon } from '../../support/daemon.ts'
import { podUser } from './restore-volume.ts'

export interface ForeignOptions {
  name: string
  peer: 'zot' | 'pocketId' | 'headscale'
  /** Of the pods' user. */
  directory: string
  files?: Record<string, string>
  env?: Record<string, string>
  args: string[]
  /** The pods' user when absent. */
  uid?: number
  isReady(): Promise<boolean>
}

export interface Foreign {
  readonly directory: string
  readonly env: Record<string, string>
  /** The command line of the program with other words. */
  command(...args: string[]): [string, string[]]
  start(): Promise<void>
  /** SIGTERM. */
  stop(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
}

/** One that is not started yet. */
export function makeForeign(options: ForeignOptions): Foreign {
  const { name, peer, directory, files = {}, args, uid = podUser, isReady } = options
  for (const [file, text] of Object.entries(files)) {
    writeFileSync(join(directory, file), text)
    chownSync(join(directory, file), podUser, podUser)
  }
  const env = { PATH: '/usr/bin:/bin', HOME: directory, TMPDIR: directory, ...options.env }
  const user = ['--reuid', String(uid), '--regid', String(uid), '--clear-groups']
  const line = (program: string, ...words: string[]): [string, string[]] => [
    'setpriv',
    [...user, '--pdeathsig', 'KILL', '--', program, ...words],
  ]
  const home = { directory, env, command: line, remove: () => {} }
  let daemon: Daemon | undefined
  return {
    directory,
    env,
    command: (...words) => line(programInside(peer), ...words),
    async start() {
      if (daemon) return await daemon.start()
      daemon = await startDaemon({ name, home, program: programInside(peer), args, isReady })
    },
    stop: async () => await daemon?.stop(),
    kill: async () => await daemon?.kill(),
  }
}
