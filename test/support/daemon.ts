// Runs a real program for tests, from this machine or from the trixie tree, as an unprivileged user on a directory of
// its own: started, watched until it answers, its output kept, ended by its pid.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import type { Ca } from './ca.ts'
import { type Peer, programOf, whereIs } from './peers.ts'
import { makeTempData, removeTempData } from './temp-data.ts'
import { inTrixie, peerUser, trixieEnv } from './trixie.ts'
import { waitFor } from './wait-for.ts'

const maxLog = 1024 * 1024

/** A directory of a peer's own, and how its programs are run on it. */
export interface PeerHome {
  /** As this process sees it. */
  directory: string
  /** As the peer's programs see it; for their configuration. */
  inside: string
  /** Writes a file below it that the peer may read and change; returns the path that the peer sees. */
  write(path: string, text: string | Buffer): string
  /** Makes a directory below it that the peer may write to; returns the path that the peer sees. */
  mkdir(path: string): string
  /** The command line that runs a program of the peer's as its user; the spawned pid is the program's own. */
  command(program: string, ...args: string[]): [string, string[]]
  /** The environment of such programs. */
  env: Record<string, string>
  /** Runs a program to its end; resolves to its output, rejects with it. */
  run(program: string, args: readonly string[], input?: string): Promise<string>
  remove(): void
}

/** Makes a home. In the tree, the peer trusts only this CA and knows only `localhost`. */
export function makePeerHome(peer: Peer, ca?: Ca): PeerHome {
  const top = makeTempData(peer)
  const directory = join(top, 'srv')
  const isTrixie = whereIs(peer) === 'trixie'
  const inside = isTrixie ? '/srv' : directory
  const hostsFile = join(top, 'hosts')
  const resolvFile = join(top, 'resolv.conf')
  const noCa = join(top, 'no-ca.pem')
  writeFileSync(hostsFile, '127.0.0.1 localhost\n')
  for (const file of [resolvFile, noCa]) writeFileSync(file, '')
  const own = (path: string) => chownSync(path, peerUser.uid, peerUser.gid)
  // mkdtemp lets only its maker in.
  own(top)
  mkdirSync(directory)
  own(directory)
  const mkdir = (path: string) => {
    const made = join(directory, path)
    mkdirSync(made, { recursive: true })
    own(made)
    return join(inside, path)
  }
  const front = { hostsFile, resolvFile, ca: { file: ca?.file ?? noCa } }
  const user = ['--reuid', String(peerUser.uid), '--regid', String(peerUser.gid), '--clear-groups']
  const command: PeerHome['command'] = (program, ...args) =>
    isTrixie
      ? inTrixie({ front, srv: directory }, program, ...args)
      : ['setpriv', [...user, '--pdeathsig', 'KILL', '--', program, ...args]]
  const env = { ...trixieEnv, HOME: inside, TERM: 'screen-256color' }
  return {
    directory,
    inside,
    write(path, text) {
      mkdir(dirname(path))
      writeFileSync(join(directory, path), text, { mode: 0o600 })
      own(join(directory, path))
      return join(inside, path)
    },
    mkdir,
    command,
    env,
    run(program, args, input = '') {
      const [file, line] = command(program, ...args)
      return new Promise((resolve, reject) => {
        const child = execFile(file, line, { env, cwd: directory }, (error, out, err) =>
          error ? reject(new Error(`${program} ${args.join(' ')}\n${out}${err}`)) : resolve(out),
        )
        child.stdin?.end(input)
      })
    },
    remove: () => removeTempData(top),
  }
}

/** The program of a peer as `PeerHome.command` takes it. */
export function programInside(peer: Peer): string {
  const program = programOf(peer)
  return whereIs(peer) === 'trixie' ? program.replace(/^.*(?=\/usr\/s?bin\/)/, '') : program
}

/** A program that runs until it is stopped. */
export interface Daemon extends AsyncDisposable {
  /** Undefined while stopped. */
  readonly pid: number | undefined
  /** The end of what it wrote. */
  log(): string
  /** Starts it again on the same directory; resolves when it answers. */
  start(): Promise<void>
  /** SIGTERM, and SIGKILL after 8 s. */
  stop(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  /** A signal such as SIGHUP, SIGSTOP and SIGCONT. */
  signal(name: NodeJS.Signals): void
  /** Ends it and deletes its directory. */
  close(): Promise<void>
}

/** What to run. */
export interface DaemonOptions {
  name: string
  home: Pick<PeerHome, 'directory' | 'env' | 'command' | 'remove'>
  program: string
  args: readonly string[]
  /** Whether it can be used; may throw until then. */
  isReady: () => Promise<boolean>
}

/** Starts a program; resolves when it is ready, rejects with its log when it ends before. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { name, home, program, args, isReady } = options
  let child: ChildProcess | undefined
  let log = ''
  const endOfLog = () => `--- the end of the log of ${name}\n${log.slice(-6_000)}`

  async function start(): Promise<void> {
    if (child !== undefined) return
    const [file, line] = home.command(program, ...args)
    const started = spawn(file, line, {
      env: home.env,
      cwd: home.directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child = started
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        log = (log + text).slice(-maxLog)
      })
    }
    const hasEnded = () => started.exitCode !== null || started.signalCode !== null
    await waitFor(async () => hasEnded() || (await isReady()), {
      what: `${name} to be ready`,
      timeoutMs: 30_000,
      context: endOfLog,
    })
    if (hasEnded()) throw new Error(`${name} did not start\n${endOfLog()}`)
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child
    child = undefined
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return
    const ended = once(ending, 'exit')
    ending.kill(signal)
    const deadline = setTimeout(() => ending.kill('SIGKILL'), 8_000)
    await ended
    clearTimeout(deadline)
  }

  async function close(): Promise<void> {
    await end('SIGKILL')
    home.remove()
  }

  try {
    await start()
  } catch (error) {
    await close()
    throw error
  }
  return {
    get pid() {
      return child?.pid
    },
    log: endOfLog,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    signal(signal) {
      child?.kill(signal)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** So many free TCP ports of 127.0.0.1, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  const ports: number[] = []
  for (const server of servers) {
    if (!server.listening) await once(server, 'listening')
    const address = server.address()
    if (address !== null && typeof address === 'object') ports.push(address.port)
  }
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))))
  return ports
}

/** Whether something accepts connections on a port of 127.0.0.1. */
export async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } finally {
    socket.destroy()
  }
}
