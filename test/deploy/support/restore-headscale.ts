// Headscale of the restore drill: people by its command line. It acknowledges what is not on the disk (its database is
// `synchronous = NORMAL`); the system brings it there half a minute later, and the drill sooner.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isListening } from '../../support/daemon.ts'
import { type Foreign, makeForeign } from './restore-foreign.ts'
import { PeopleLoad } from './restore-people.ts'
import type { Storage, Volume } from './restore-volume.ts'

const run = promisify(execFile)
const SYNCED_EVERY = 20

export class HeadscaleLoad extends PeopleLoad {
  readonly name = 'Headscale'
  protected readonly pod: Foreign
  protected readonly database: string
  readonly #config: string
  #known = ''
  #added = 0
  #synced = 0

  private constructor(volume: Volume, directory: string, port: number) {
    super(volume)
    this.database = join(volume.directory, 'headscale.db')
    this.#config = join(directory, 'config.json')
    this.pod = makeForeign({
      name: this.name,
      peer: 'headscale',
      directory,
      files: { 'config.json': configuration(directory, volume, port) },
      args: ['serve', '--config', this.#config],
      isReady: () => isListening(port),
    })
  }

  static async begin(storage: Storage, port: number): Promise<HeadscaleLoad> {
    const volume = await storage.volume('headscale-data')
    const load = new HeadscaleLoad(volume, storage.directory('headscale'), port)
    await load.start()
    // Its keys, too.
    await load.#sync()
    return load
  }

  override async start(): Promise<void> {
    await super.start()
    this.#known = ''
  }

  protected async add(name: string): Promise<string> {
    await this.#ask('users', 'create', name)
    this.#known = ''
    this.#added++
    if (this.#added % SYNCED_EVERY === 0) await this.#sync()
    return name
  }

  async has(name: string): Promise<boolean> {
    if (this.#known === '') this.#known = await this.#ask('users', 'list', '--output', 'json-line')
    return this.#known.includes(`"${name}"`)
  }

  protected async remove(name: string): Promise<void> {
    await this.#ask('users', 'destroy', '--name', name, '--force')
    this.#known = ''
  }

  protected override lasting(): number {
    return this.#synced
  }

  async #sync(): Promise<void> {
    const count = this.#added
    await run('sync', ['--file-system', ...this.volumes.map(({ directory }) => directory)])
    this.#synced = count
  }

  async #ask(...words: string[]): Promise<string> {
    const [file, line] = this.pod.command(...words, '--config', this.#config)
    return (await run(file, line, { env: this.pod.env })).stdout
  }
}

/** As in deploy/base/headscale, but without the internet and Pocket ID. */
function configuration(directory: string, volume: Volume, port: number): string {
  return JSON.stringify({
    server_url: `http://127.0.0.1:${port}`,
    listen_addr: `127.0.0.1:${port}`,
    metrics_listen_addr: '127.0.0.1:0',
    grpc_listen_addr: '127.0.0.1:0',
    unix_socket: join(directory, 'headscale.sock'),
    disable_check_updates: true,
    noise: { private_key_path: join(volume.directory, 'noise_private.key') },
    database: {
      type: 'sqlite',
      sqlite: { path: join(volume.directory, 'headscale.db'), write_ahead_log: true },
    },
    prefixes: { v4: '100.64.0.0/10', v6: 'fd7a:115c:a1e0::/48' },
    derp: {
      server: {
        enabled: true,
        region_id: 999,
        region_code: 'drill',
        region_name: 'drill',
        stun_listen_addr: '127.0.0.1:0',
        private_key_path: join(volume.directory, 'derp_private.key'),
      },
      urls: [],
    },
    dns: { magic_dns: false, base_domain: 'drill.test', override_local_dns: false },
    log: { level: 'warn' },
  })
}
