// One host that we deliver to, and its lanes. A lane is one inbox: its deliveries go out one after another, in the
// order they were queued; lanes of one host run side by side. What must not hold up a lane gets a lane of its own.

import type { Delivery } from '../store/queue.ts'
import type { Due } from './agenda.ts'
import type { Circuit } from './circuit.ts'

/** A delivery with what the engine adds to its file. */
export interface QueuedDelivery extends Delivery {
  /** The peer keeps failing at this one while it answers: those behind it no longer wait for it. */
  isAside?: true
  /** Failures of the host in a row, this one included, when the last attempt failed. */
  hostFailures?: number
}

export interface Lane extends Due {
  readonly host: Host
  /** Its name among the lanes of the host: the inbox, and more where a delivery has a lane of its own. */
  readonly key: string
  readonly inbox: string
  /** Oldest first; the first one is under way while the lane is `busy`. */
  readonly deliveries: QueuedDelivery[]
  /** `ready` lanes are in their host's list of that name, `waiting` ones in the agenda; `empty` ones are forgotten. */
  state: 'empty' | 'waiting' | 'ready' | 'busy'
  /** The last delivery was refused for good after retries: the next ones get one attempt each. */
  isRefusing: boolean
}

export class Host implements Due {
  readonly name: string
  readonly circuit: Circuit
  readonly lanes = new Map<string, Lane>()
  /** Lanes that could start, whose turn it is first; forgotten ones among them are passed over. */
  readonly ready: Lane[] = []
  inFlight = 0
  /** When it last showed life by itself and was believed, ms. */
  lifeSignAt = Number.NEGATIVE_INFINITY
  dueAt: number | undefined

  constructor(name: string, circuit: Circuit) {
    this.name = name
    this.circuit = circuit
  }

  /** Puts a delivery at the end of its lane, which is made when it is missing. */
  push(delivery: QueuedDelivery): Lane {
    const key = laneKey(delivery)
    const lane = this.lanes.get(key)
    if (lane) {
      lane.deliveries.push(delivery)
      return lane
    }
    const made: Lane = {
      host: this,
      key,
      inbox: delivery.inbox,
      deliveries: [delivery],
      state: 'empty',
      isRefusing: false,
      dueAt: undefined,
    }
    this.lanes.set(key, made)
    return made
  }

  /** Deliveries that are not under way. */
  waiting(): number {
    let count = -this.inFlight
    for (const lane of this.lanes.values()) count += lane.deliveries.length
    return count
  }
}

export const laneKey = (delivery: QueuedDelivery) =>
  delivery.isAside ? `${delivery.inbox} ${delivery.name}` : delivery.inbox

/** Whether a lane has this delivery already. Names sort by time, so that only a late one is looked for. */
export function hasDelivery(lane: Lane, { name }: Delivery): boolean {
  const last = lane.deliveries.at(-1)
  return (
    last !== undefined && name <= last.name && lane.deliveries.some((other) => other.name === name)
  )
}
