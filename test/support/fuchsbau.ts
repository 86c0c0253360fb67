// The real program as a child process: `fuchsbau fediverse serve` on a temp directory and a free port, its command
// line, its log; started again on the same data, or killed.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeTempData, removeTempData } from './temp-data.ts'
import type { TlsFront } from './tls-front.ts'
import { waitFor } from './wait-for.ts'

const root = join(import.meta.dirname, '../..')
const launcher = join(root, 'fuchsbau.js')

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

/** The log line that says where it listens. */
interface Ready {
  management: string
  services: { fediverse: { listening: string } }
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
  const password = 'correct horse battery staple'
  const port = await freePort()
  const url = `${front ? `https://${host}` : `http://127.0.0.1:${port}`}${path}`
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    FUCHSBAU_DATA: data,
    FUCHSBAU_FEDIVERSE_LISTEN: `127.0.0.1:${port}`,
    FUCHSBAU_FEDIVERSE_URL: url,
    FUCHSBAU_MANAGEMENT_LISTEN: '127.0.0.1:0',
    FUCHSBAU_OWNER_PASSWORD: password,
    FUCHSBAU_ALLOW_PRIVATE_ADDRESS: 'true',
    ...front?.env,
    ...options.env,
  }
  let child: ChildProcess | undefined
  let output = ''

  const server: Fuchsbau = {
    url,
    data,
    password,
    listening: '',
    management: '',
    pid: () => child?.pid ?? 0,
    log: () => output,
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
        throw new Error(`fuchsbau fediverse ${args.join(' ')}: ${stdout}${stderr}\n${output}`)
      }
    },
    async start() {
      const words = [program, 'fediverse', 'serve'] as const
      const [file, args] = front
        ? front.command(process.execPath, ...words)
        : [process.execPath, [...words]]
      const starting = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
      child = starting
      const killWithUs = () => starting.kill('SIGKILL')
      process.once('exit', killWithUs)
      starting.once('exit', () => process.off('exit', killWithUs))
      let fresh = ''
      const collect = (chunk: Buffer) => {
        fresh += chunk
        output += chunk
      }
      starting.stdout.on('data', collect)
      starting.stderr.on('data', collect)
      const ready = await waitFor(
        () => {
          if (starting.exitCode !== null)
            throw new Error(`fuchsbau ended with ${starting.exitCode}:\n${output}`)
          const line = fresh
            .split('\n')
            .find((text) => text.includes('"msg":"ready"') && text.endsWith('}'))
          return line ? (JSON.parse(line) as Ready) : undefined
        },
        { what: 'fuchsbau to be ready', context: () => output },
      )
      server.listening = ready.services.fediverse.listening
      server.management = ready.management
      front?.route(host, server.listening)
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async [Symbol.asyncDispose]() {
      await end('SIGKILL')
      if (!options.data) await removeTempData(data)
    },
  }

  async function end(signal: NodeJS.Signals) {
    const ending = child
    child = undefined
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return
    const exited = once(ending, 'exit')
    ending.kill(signal)
    await exited
  }

  await server.start()
  return server
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  const port = typeof address === 'object' && address ? address.port : 0
  probe.close()
  await once(probe, 'close')
  return port
}
