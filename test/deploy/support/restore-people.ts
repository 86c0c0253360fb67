// What the restore drill does with others' programs: people are added, and looked for afterwards. Their data is a SQLite
// database.
import { basename, dirname } from 'node:path'
import { checkDatabase } from '@fuchsbau/shared/database/open.ts'
import type { Foreign } from './restore-foreign.ts'
import { type Load, type Missing, repeat } from './restore-load.ts'
import type { Ended } from './restore-pod.ts'
import type { Volume } from './restore-volume.ts'

export abstract class PeopleLoad implements Load {
  abstract readonly name: string
  readonly volumes: Volume[]
  protected abstract readonly pod: Foreign
  /** With the end `.db`. */
  protected abstract readonly database: string
  readonly #people: string[] = []
  #before: string[] = []
  #isStopped = false

  protected constructor(volume: Volume) {
    this.volumes = [volume]
  }

  /** Resolves to what `has` and `remove` call her. */
  protected abstract add(name: string): Promise<string>
  abstract has(person: string): Promise<boolean>
  protected abstract remove(person: string): Promise<void>

  /** How many of those that were added must be in a snapshot that is taken now. */
  protected lasting(added: number): number {
    return added
  }

  start(): Promise<void> {
    return this.pod.start()
  }

  stop(): Promise<void> {
    return this.pod.stop()
  }

  kill(): Promise<void> {
    return this.pod.kill()
  }

  /** They have none; SQLite's. Their databases bear no mark. */
  async check(): Promise<Ended> {
    const name = basename(this.database, '.db')
    const schema = { name, applicationId: 0, steps: [], pragmas: [] }
    const problems = checkDatabase(dirname(this.database), schema)
    return { code: problems.length === 0 ? 0 : 1, output: problems.join('\n') }
  }

  async work(): Promise<void> {
    await repeat(
      () => this.#isStopped,
      async () => void this.#people.push(await this.add(`person${this.#people.length}`)),
    )
  }

  hasWorked(): boolean {
    return this.lasting(this.#people.length) >= 30
  }

  end(): void {
    this.#isStopped = true
  }

  remember(): void {
    this.#before = this.#people.slice(0, this.lasting(this.#people.length))
  }

  numbers() {
    const people = this.#before.length
    return { people, 'people after the snapshot': this.#people.length - people }
  }

  async missing(): Promise<Missing> {
    const missing: string[] = []
    for (const person of this.#before)
      if (!(await this.has(person))) missing.push(`person: ${person}`)
    return missing
  }

  addMore(): Promise<string> {
    return this.add('late')
  }

  async lose(): Promise<void> {
    await this.remove(this.#before[0] ?? '')
  }

  fileToDamage(): string {
    return this.database
  }

  async [Symbol.asyncDispose]() {
    this.end()
    await this.kill()
  }
}
