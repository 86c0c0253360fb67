// Batches of a network: which client a labelled one answers. Other batches are taken apart: their lines mean the same
// alone. https://ircv3.net/specs/extensions/batch
import type { Message } from '../irc/message.ts'
import type { PendingRequests } from './pending.ts'
import type { Requester } from './port.ts'

const MAX_OPEN = 100

interface Batch {
  type: string
  label: string | undefined
  isEmpty: boolean
}

export class Batches {
  readonly #open = new Map<string, Batch>()

  /** The type of the batch that a line belongs to, if any. */
  typeOf({ tags }: Message): string | undefined {
    const reference = tags.get('batch')
    return reference === undefined ? undefined : this.#open.get(reference)?.type
  }

  /** Whose answer a line is, by its own label or that of its batch (nested ones too). */
  requesterOf({ tags }: Message, pending: PendingRequests): Requester | undefined {
    if (tags.size === 0) return
    const batch = this.#open.get(tags.get('batch') ?? '')
    if (batch) batch.isEmpty = false
    const label = tags.get('label') ?? batch?.label
    return label === undefined ? undefined : pending.labelled(label)
  }

  /** BATCH +reference type … */
  begin({ params, tags }: Message): void {
    const [reference = '', type = ''] = params
    if (this.#open.size >= MAX_OPEN) this.#open.clear()
    const outer = this.#open.get(tags.get('batch') ?? '')
    const label = tags.get('label') ?? outer?.label
    this.#open.set(reference.slice(1), { type, label, isEmpty: true })
  }

  /** BATCH -reference; returns what it was. */
  end({ params }: Message): Batch | undefined {
    const reference = (params[0] ?? '').slice(1)
    const batch = this.#open.get(reference)
    this.#open.delete(reference)
    return batch
  }
}
