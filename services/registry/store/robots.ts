// Robots.
import { Rows } from '@fuchsbau/shared/database/columns.ts'
import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import type { RobotRecord } from './records.ts'

/** Robots, by name. */
export class Robots {
  readonly #rows: Rows<RobotRecord>
  readonly #byId
  readonly #byName
  readonly #all

  constructor(turn: Turn) {
    this.#rows = new Rows<RobotRecord>(turn, 'robots', {
      name: 'plain',
      about: 'plain',
      isEnabled: 'flag',
      createdAt: 'plain',
      createdBy: 'plain',
    })
    this.#byId = this.#rows.find<[number]>('id = ?')
    this.#byName = this.#rows.find<[string]>('name = ?')
    this.#all = this.#rows.find<[]>('true ORDER BY name')
  }

  get(id: number): RobotRecord | undefined {
    return this.#byId(id)[0]
  }

  named(name: string): RobotRecord | undefined {
    return this.#byName(name)[0]
  }

  list(): RobotRecord[] {
    return this.#all()
  }

  /** Undefined when the name is taken. */
  add(robot: Omit<RobotRecord, 'id'>): RobotRecord | undefined {
    return this.named(robot.name) ? undefined : this.#rows.add(robot)
  }

  put(robot: RobotRecord): void {
    this.#rows.put(robot)
  }

  /** With its tokens. */
  remove(id: number): boolean {
    return this.#rows.remove(id)
  }
}
