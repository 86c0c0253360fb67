// A real snac 2.75 for tests: a private copy with its own data, on HTTPS behind the run's TLS front.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { snacFiles } from './snac-files.ts'
import { pace } from './snac-pace.ts'
import { type SnacHome, type SnacUser, snacUser } from './snac-user.ts'
import { makeTempData, removeTempData } from './temp-data.ts'
import type { TlsFront } from './tls-front.ts'
import { inTrixie, peerUser, trixieEnv } from './trixie.ts'
import { waitFor } from './wait-for.ts'

const maxLog = 1024 * 1024

/** What to start. */
export interface SnacOptions {
  front: TlsFront
  /** Its host name, such as `snac.test`. */
  host: string
  /** A path prefix such as `/fedi`; none when absent. */
  prefix?: string
  /** Users to make before it starts; one at least spares the first step a pause of 3 s. */
  users?: string[]
  /** Over what `snac init` writes to server.json and the tests' own choices below. */
  settings?: Record<string, unknown>
  /** False leaves snac its own pause of 3 s between looks at its queues, as a benchmark wants. */
  paced?: boolean
}

/** A running snac. */
export interface Snac extends SnacHome, AsyncDisposable {
  host: string
  /** Its data directory, as this process sees it. */
  directory: string
  /** The daemon's process id; undefined while stopped. */
  pid: number | undefined
  /** A user made by `users` or `addUser`; throws when there is none of that name. */
  user(name: string): SnacUser
  addUser(name: string): Promise<SnacUser>
  /** Runs `snac VERB DATA ARGS…` as snac's own user; returns what it printed on stdout. */
  cli(verb: string, ...args: string[]): Promise<string>
  /** The end of what the daemon wrote to stderr. */
  log(): string
  /** Refuses everything that comes from a host, by the command line; snac sends nothing. */
  blockInstance(host: string): Promise<string>
  unblockInstance(host: string): Promise<string>
  /** Ends the daemon; the data stays, and the front answers 502 for it. */
  stop(): Promise<void>
  /** Starts it again on the same data. */
  start(): Promise<void>
  /** Ends the daemon and deletes its data. */
  close(): Promise<void>
}

/** Verbose logs, pages never from a cache, and failed deliveries tried again at once, for long. */
const testSettings = {
  dbglevel: 1,
  disable_cache: true,
  disable_email_notifications: true,
  queue_retry_minutes: 0,
  queue_retry_max: 1000,
}

/** Makes and starts a snac; resolves when it answers. */
export async function startSnac(options: SnacOptions): Promise<Snac> {
  const { front, host, prefix = '', users = [], settings = {}, paced = true } = options
  const run = makeTempData('snac')
  const srv = join(run, 'srv')
  mkdirSync(srv)
  chownSync(srv, peerUser.uid, peerUser.gid)
  const directory = join(srv, 'data')
  const tree = { front, srv }
  const port = await freePort(front.address)
  const upstream = `http://${front.address}:${port}`

  const snac = (args: string[], input = '', env: Record<string, string> = {}) =>
    new Promise<string>((resolve, reject) => {
      const [file, line] = inTrixie(tree, '/usr/bin/snac', ...args)
      const child = execFile(file, line, { env: { ...trixieEnv, ...env } }, (error, out, err) =>
        error ? reject(new Error(`snac ${args.join(' ')}\n${out}${err}`)) : resolve(out),
      )
      child.stdin?.end(input)
    })
  const cli = (verb: string, ...args: string[]) => snac([verb, '/srv/data', ...args])

  // It asks for address, port, host, prefix and e-mail.
  await snac(['init', '/srv/data'], `${front.address}\n${port}\n${host}\n${prefix}\n\n`)
  const config = join(directory, 'server.json')
  const initial = JSON.parse(readFileSync(config, 'utf8'))
  writeFileSync(config, JSON.stringify({ ...initial, ...testSettings, ...settings }, null, 4))
  // With this directory there, snac files what failed a signature check in it.
  mkdirSync(join(directory, 'error'))
  chownSync(join(directory, 'error'), peerUser.uid, peerUser.gid)

  let child: ChildProcess | undefined
  let pacer: ReturnType<typeof pace> | undefined
  let log = ''
  const made = new Map<string, SnacUser>()
  const startPacer = () => {
    const [first] = made.keys()
    if (paced && first !== undefined) pacer ??= pace(join(directory, 'user', first, 'queue'), srv)
  }
  const endOfLog = () => `--- the end of snac's log (${host})\n${log.slice(-6_000)}`

  async function start(): Promise<void> {
    if (child !== undefined) return
    startPacer()
    const [file, args] = inTrixie(tree, '/usr/bin/snac', 'httpd', '/srv/data')
    const started = spawn(file, args, { env: trixieEnv, stdio: ['ignore', 'ignore', 'pipe'] })
    child = started
    started.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-maxLog)
    })
    await waitFor(
      async () => {
        if (started.exitCode !== null || started.signalCode !== null) return 'ended'
        return (await fetch(`${upstream}${prefix || '/'}`)).status > 0
      },
      { what: `snac (${host}) to answer`, context: endOfLog },
    )
    if (started.exitCode !== null) throw new Error(`snac did not start\n${endOfLog()}`)
    front.route(host, upstream)
  }

  async function stop(): Promise<void> {
    const ending = child
    child = undefined
    front.unroute(host)
    if (ending !== undefined && ending.exitCode === null && ending.signalCode === null) {
      const ended = new Promise((resolve) => ending.once('exit', resolve))
      ending.kill('SIGTERM')
      // It waits for what its threads are sending, and for its next look at the queues.
      const deadline = setTimeout(() => ending.kill('SIGKILL'), 8_000)
      await ended
      clearTimeout(deadline)
    }
    pacer?.stop()
    pacer = undefined
  }

  async function close(): Promise<void> {
    await stop()
    removeTempData(run)
  }

  const home: SnacHome = {
    upstream,
    url: `https://${host}${prefix}`,
    prefix,
    files: snacFiles(directory),
    cli,
    log: endOfLog,
  }
  async function addUser(name: string): Promise<SnacUser> {
    const said = await cli('adduser', name)
    const password = /password is (\S+)/.exec(said)?.[1]
    if (password === undefined) throw new Error(`snac adduser said: ${said}`)
    const user = snacUser(home, name, password)
    made.set(name, user)
    if (child !== undefined) startPacer()
    return user
  }

  try {
    for (const name of users) await addUser(name)
    await start()
  } catch (error) {
    await close()
    throw error
  }
  return {
    ...home,
    host,
    directory,
    get pid() {
      return child?.pid
    },
    user(name) {
      const user = made.get(name)
      if (user === undefined) throw new Error(`${host} has no user ${name}`)
      return user
    },
    addUser,
    blockInstance: (blocked) => cli('block', blocked),
    unblockInstance: (blocked) => cli('unblock', blocked),
    stop,
    start,
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function freePort(address: string): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  const bound = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (bound === null || typeof bound === 'string') throw new Error('no port')
  return bound.port
}
