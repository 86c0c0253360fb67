// A bouncer that is measured: ours, ZNC or soju, with so many people on the fake network, all in the same channels.
import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { startBouncer } from '../../test/support/bouncer-process.ts'
import { createCa } from '../../test/support/ca.ts'
import { startSoju } from '../../test/support/soju.ts'
import { startZnc } from '../../test/support/znc.ts'
import { LoadClient, type Login } from './bouncer-client.ts'

/** Lines that ZNC keeps for a channel: all of them. */
const BUFFER = 200_000
const password = 'den'

export interface SubjectOptions {
  /** The fake network's. */
  port: number
  people: number
  channels: readonly string[]
  /** Of ours: the command that is run. */
  program?: string
  nodeOptions?: readonly string[]
}

export interface Subject extends AsyncDisposable {
  name: string
  port: number
  pid(): number
  /** How a person's client logs in; `u0` is the first person. */
  login(person: string, client: string): Login
  /** Bytes that its data takes on the disk. */
  dataBytes(): number
  /** Ends it in order, and starts it again. */
  restart(): Promise<void>
  log(): string
}

export const personOf = (index: number) => `u${index}`

export async function startOurs(options: SubjectOptions): Promise<Subject> {
  const { port, channels, program, nodeOptions } = options
  const people = names(options).map((name) => ({ name, port, channels }))
  const bouncer = await startBouncer({
    people,
    ...(program && { program }),
    ...(nodeOptions && { nodeOptions }),
  })
  return {
    name: 'Fuchsbau',
    port: bouncer.port,
    pid: bouncer.pid,
    login: (person, client) => ({ ...bouncer.login(person, client), nick: person }),
    dataBytes: () => sizeOf(bouncer.directory),
    async restart() {
      await bouncer.stop()
      await bouncer.start()
    },
    log: bouncer.log,
    async [Symbol.asyncDispose]() {
      if (nodeOptions?.length) await bouncer.stop() // a profile is written in the end
      await bouncer[Symbol.asyncDispose]()
    },
  }
}

/** With a buffer that holds all lines, in memory; with its `log` module when what it keeps on the disk is measured. */
export async function startZncSubject(
  options: SubjectOptions,
  { hasLog = false } = {},
): Promise<Subject> {
  const { port, channels } = options
  const ca = await createCa()
  const users = names(options).map((name) => ({
    name,
    password,
    networks: [{ name: 'den', port, channels }],
    bufferSize: BUFFER,
    modules: hasLog ? ['log'] : [],
  }))
  const znc = await startZnc({ ca, users })
  return {
    name: 'ZNC 1.9.1',
    port: znc.port,
    pid: () => znc.pid ?? 0,
    login: (person) => ({ pass: `${person}/den:${password}`, user: person, nick: person }),
    dataBytes: () => sizeOf(znc.directory),
    async restart() {
      await znc.stop()
      await znc.start()
    },
    log: znc.log,
    async [Symbol.asyncDispose]() {
      await znc.close()
      await ca.close()
    },
  }
}

export async function startSojuSubject(options: SubjectOptions): Promise<Subject> {
  const { port, channels } = options
  const ca = await createCa()
  const soju = await startSoju({ ca })
  for (const name of names(options)) {
    await soju.addUser(name, password)
    await soju.addNetwork(name, { name: 'den', port, nick: name })
  }
  const login = (person: string, client: string) => ({
    pass: password,
    user: `${person}/den@${client}`,
    nick: person,
  })
  // It joins what a client has joined.
  for (const name of names(options)) {
    const client = new LoadClient(soju.port)
    await client.login(login(name, 'first'), [])
    client.send(`JOIN ${channels.join(',')}`)
    await client.until(new RegExp(` 366 \\S+ ${channels.at(-1)} `))
    await client.quit()
  }
  const directory = dirname(soju.database)
  return {
    name: 'soju 0.9',
    port: soju.port,
    pid: () => soju.pid ?? 0,
    login,
    dataBytes: () => sizeOf(directory),
    async restart() {
      await soju.stop()
      await soju.start()
    },
    log: soju.log,
    async [Symbol.asyncDispose]() {
      await soju.close()
      await ca.close()
    },
  }
}

/** The command of ours: the bundle, or the source. */
export const programOf = (isSource: boolean) =>
  join(import.meta.dirname, '../..', isSource ? 'fuchsbau.js' : 'dist/bouncer.mjs')

const names = ({ people }: SubjectOptions) => Array.from({ length: people }, (_, i) => personOf(i))

function sizeOf(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => statSync(join(parentPath, name)).size)
    .reduce((sum, size) => sum + size, 0)
}
