// The real program as a child process: `fuchsbau fediverse serve` on a temp directory and a free port, its command
// line, its log; started again on the same data, or killed.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { freePorts } from './daemon.ts'
import { launcher, PASSWORD, serviceProcess } from './service-process.ts'
import { makeTempData, removeTempData } from './temp-data.ts'
import type { TlsFront } from './tls-front.ts'

export interface FuchsbauOptions {
  /** Behind this front under `https://HOST`; without one it is reached by http on 127.0.0.1. */
  front?: TlsFront
  host?: string
  /** Below this path of the public address, such as `/social`. */
  path?: string
  /** Further settings. */
  env?: Record<string, string>
  /** An existing data directory; it is kept then. */
  data?: string
  /** The command to run; `fuchsbau.js` unless told otherwise. */
  program?: string
}

/** A running server, or a stopped one that can be started again. */
export interface Fuchsbau extends AsyncDisposable {
  /** Public base. */
  readonly url: string
  /** Where it listens. */
  listening: string
  management: string
  readonly data: string
  readonly password: string
  pid(): number
  log(): string
  /** Runs a verb of the service; resolves to its lines, rejects with what it said when it fails. */
  cli(...args: string[]): Promise<string[]>
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>
  start(): Promise<void>
}

/** Starts the server with the owner `you` and waits until it is ready. */
export async function startFuchsbau(options: FuchsbauOptions = {}): Promise<Fuchsbau> {
  const { front, host = 'fuchs.test', path = '', program = launcher } = options
  const data = options.data ?? (await makeTempData('fuchsbau'))
  const [port = 0] = await freePorts(1)
  const url = `${front ? `https://${host}` : `http://127.0.0.1:${port}`}${path}`
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    FUCHSBAU_DATA: data,
    FUCHSBAU_FEDIVERSE_LISTEN: `127.0.0.1:${port}`,
    FUCHSBAU_FEDIVERSE_URL: url,
    FUCHSBAU_MANAGEMENT_LISTEN: '127.0.0.1:0',
    FUCHSBAU_OWNER_PASSWORD: PASSWORD,
    FUCHSBAU_ALLOW_PRIVATE_ADDRESS: 'true',
    ...front?.env,
    ...options.env,
  }
  const words = [program, 'fediverse', 'serve'] as const
  const child = serviceProcess(
    front ? front.command(process.execPath, ...words) : [process.execPath, words],
    { env },
  )

  const server: Fuchsbau = {
    url,
    data,
    password: PASSWORD,
    listening: '',
    management: '',
    pid: child.pid,
    log: child.log,
    async cli(...args) {
      try {
        const { stdout } = await promisify(execFile)(
          process.execPath,
          [program, 'fediverse', ...args],
          { env },
        )
        return stdout.trimEnd().split('\n')
      } catch (error) {
        const { stdout, stderr } = error as { stdout: string; stderr: string }
        throw new Error(`fuchsbau fediverse ${args.join(' ')}: ${stdout}${stderr}\n${child.log()}`)
      }
    },
    async start() {
      const ready = await child.start()
      server.listening = ready.services['fediverse']?.listening ?? ''
      server.management = ready.management
      front?.route(host, server.listening)
    },
    stop: () => child.end('SIGTERM'),
    kill: () => child.end('SIGKILL'),
    async [Symbol.asyncDispose]() {
      await child.end('SIGKILL')
      if (!options.data) await removeTempData(data)
    },
  }

  await server.start()
  return server
}
