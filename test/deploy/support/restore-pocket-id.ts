// Pocket ID of the restore drill: people are added to it.
import { join } from 'node:path'
import { checkDatabase } from '@fuchsbau/shared/database/open.ts'
import { isListening } from '../../support/daemon.ts'
import { type Foreign, makeForeign } from './restore-foreign.ts'
import { type Load, type Missing, repeat } from './restore-load.ts'
import type { Ended } from './restore-pod.ts'
import type { Storage, Volume } from './restore-volume.ts'

const API_KEY = 'the key of the drill, for its API'

export class PocketIdLoad implements Load {
  readonly name = 'Pocket ID'
  readonly volumes: Volume[]
  readonly #pod: Foreign
  readonly #url: string
  readonly #people: string[] = []
  #before: string[] = []
  #isStopped = false

  private constructor(volume: Volume, directory: string, port: number) {
    this.volumes = [volume]
    this.#url = `http://localhost:${port}`
    this.#pod = makeForeign({
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
        DB_CONNECTION_STRING: join(volume.directory, 'pocket-id.db'),
        UPLOAD_PATH: join(volume.directory, 'uploads'),
        ANALYTICS_DISABLED: 'true',
        VERSION_CHECK_DISABLED: 'true',
      },
      args: [],
      isReady: async () => (await isListening(port)) && (await fetch(`${this.#url}/healthz`)).ok,
    })
  }

  static async start(storage: Storage, port: number): Promise<PocketIdLoad> {
    const volume = await storage.volume('pocket-id-data')
    const load = new PocketIdLoad(volume, storage.directory('pocket-id'), port)
    await load.start()
    return load
  }

  start(): Promise<void> {
    return this.#pod.start()
  }

  stop(): Promise<void> {
    return this.#pod.stop()
  }

  kill(): Promise<void> {
    return this.#pod.kill()
  }

  /** It has none; SQLite's. Its database bears no mark. */
  async check(): Promise<Ended> {
    const schema = { name: 'pocket-id', applicationId: 0, steps: [], pragmas: [] }
    const problems = this.volumes.flatMap(({ directory }) => checkDatabase(directory, schema))
    return { code: problems.length === 0 ? 0 : 1, output: problems.join('\n') }
  }

  async work(): Promise<void> {
    await repeat(
      () => this.#isStopped,
      async () => void this.#people.push(await this.#add(`person${this.#people.length}`)),
    )
  }

  hasWorked(): boolean {
    return this.#people.length >= 30
  }

  end(): void {
    this.#isStopped = true
  }

  remember(): void {
    this.#before = [...this.#people]
  }

  numbers() {
    const people = this.#before.length
    return { people, 'people after the snapshot': this.#people.length - people }
  }

  async missing(): Promise<Missing> {
    const missing: string[] = []
    for (const id of this.#before) if (!(await this.has(id))) missing.push(`person: ${id}`)
    return missing
  }

  addMore(): Promise<string> {
    return this.#add('late')
  }

  async has(id: string): Promise<boolean> {
    return (await this.#call('GET', `users/${id}`)).ok
  }

  async lose(): Promise<void> {
    await this.#call('DELETE', `users/${this.#before[0]}`)
  }

  fileToDamage(): string {
    return this.#pod.env['DB_CONNECTION_STRING'] ?? ''
  }

  async [Symbol.asyncDispose]() {
    this.end()
    await this.kill()
  }

  async #add(username: string): Promise<string> {
    const names = { username, firstName: username, displayName: username }
    const response = await this.#call('POST', 'users', { ...names, email: `${username}@id.test` })
    const { id } = (await response.json()) as { id?: string }
    if (!response.ok || id === undefined) throw new Error(`Pocket ID answered ${response.status}`)
    return id
  }

  async #call(method: string, path: string, body?: object): Promise<Response> {
    return await fetch(`${this.#url}/api/${path}`, {
      method,
      headers: { 'x-api-key': API_KEY, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
  }
}
