// Pocket ID of the restore drill.
import { join } from 'node:path'
import { isListening } from '../../support/daemon.ts'
import { waitFor } from '../../support/wait-for.ts'
import { type Foreign, makeForeign } from './restore-foreign.ts'
import { PeopleLoad } from './restore-people.ts'
import type { Storage, Volume } from './restore-volume.ts'

const API_KEY = 'the key of the drill, for its API'

export class PocketIdLoad extends PeopleLoad {
  readonly name = 'Pocket ID'
  protected readonly pod: Foreign
  protected readonly database: string
  readonly #url: string

  private constructor(volume: Volume, directory: string, port: number) {
    super(volume)
    this.#url = `http://localhost:${port}`
    this.database = join(volume.directory, 'pocket-id.db')
    this.pod = makeForeign({
      name: this.name,
      peer: 'pocketId',
      directory,
      // As in deploy/base/pocket-id.
      env: {
        APP_URL: this.#url,
        HOST: '127.0.0.1',
        PORT: String(port),
        ENCRYPTION_KEY: 'a key of 32 characters, or more..',
        STATIC_API_KEY: API_KEY,
        DB_CONNECTION_STRING: this.database,
        UPLOAD_PATH: join(volume.directory, 'uploads'),
        ANALYTICS_DISABLED: 'true',
        VERSION_CHECK_DISABLED: 'true',
      },
      args: [],
      isReady: async () => (await isListening(port)) && (await fetch(`${this.#url}/healthz`)).ok,
    })
  }

  static async begin(storage: Storage, port: number): Promise<PocketIdLoad> {
    const volume = await storage.volume('pocket-id-data')
    const load = new PocketIdLoad(volume, storage.directory('pocket-id'), port)
    await load.start()
    return load
  }

  /** As kubelet does, again and again: it takes the one that was killed for living until its last word is old. */
  override async start(): Promise<void> {
    await waitFor(
      async () => {
        await this.kill()
        await super.start()
        return true
      },
      { what: 'Pocket ID to start', timeoutMs: 120_000, everyMs: 1000 },
    )
  }

  protected async add(username: string): Promise<string> {
    const names = { username, firstName: username, displayName: username }
    const response = await this.#call('POST', 'users', { ...names, email: `${username}@id.test` })
    const { id } = (await response.json()) as { id?: string }
    if (!response.ok || id === undefined) throw new Error(`Pocket ID answered ${response.status}`)
    return id
  }

  async has(id: string): Promise<boolean> {
    return (await this.#call('GET', `users/${id}`)).ok
  }

  protected async remove(id: string): Promise<void> {
    await this.#call('DELETE', `users/${id}`)
  }

  async #call(method: string, path: string, body?: object): Promise<Response> {
    return await fetch(`${this.#url}/api/${path}`, {
      method,
      headers: { 'x-api-key': API_KEY, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
  }
}
