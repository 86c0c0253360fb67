// Batches of a network. A labelled one answers a client; draft/multiline is one text; what is in a chathistory batch is of
// the past. All others are taken apart: their lines mean the same alone. https://ircv3.net/specs/extensions/batch
import type { Message } from '../irc/message.ts'
import type { Fill } from './backfill.ts'
import { storedFrom } from './on/privmsg.ts'
import { pastLine } from './past.ts'
import type { PendingRequests } from './pending.ts'
import type { MultilinePart, Requester } from './port.ts'
import type { Upstream } from './upstream.ts'

const MAX_OPEN = 100
/** Of a text of several lines; one that has more is taken apart. Networks allow 24 to 100 lines and 4 to 40 KB. */
const MAX_LINES = 200
const MAX_CHARACTERS = 128 * 1024
const HISTORY = new Set(['chathistory', 'znc.in/playback'])

interface Batch {
  type: string
  label: string | undefined
  isEmpty: boolean
  /** In a batch of the past, however deep. */
  isHistory: boolean
  /** Whose history was asked for. */
  fill: Fill | undefined
  /** It is the last page. */
  isLast: boolean
  text: OpenText | undefined
}

/** A draft/multiline batch whose lines are coming. */
interface OpenText {
  begin: Message
  time: number
  parts: { message: Message; isConcat: boolean }[]
  characters: number
}

export class Batches {
  readonly #open = new Map<string, Batch>()

  /** Whether one has begun whose end has not come. */
  get isOpen(): boolean {
    return this.#open.size > 0
  }

  /** Whose answer a line is, by its own label or that of its batch (nested ones too). */
  requesterOf({ tags }: Message, pending: PendingRequests): Requester | undefined {
    if (tags.size === 0) return
    const batch = this.#open.get(tags.get('batch') ?? '')
    if (batch) batch.isEmpty = false
    const label = tags.get('label') ?? batch?.label
    return label === undefined ? undefined : pending.labelled(label)
  }

  /** Whether a line is taken here: it is of the past, or part of a text. */
  take(upstream: Upstream, line: Message, time: number): boolean {
    const batch = this.#open.get(line.tags.get('batch') ?? '')
    if (!batch || line.command === 'BATCH') return false
    const { text } = batch
    if (text) return this.#collect(upstream, batch, text, line)
    if (!batch.isHistory) return false
    const { fill } = batch
    if (fill) {
      const past = pastLine(upstream, line, time, fill.target)
      upstream.backfill.took(fill, line, time, past ? [past] : [])
      return true
    }
    const stored = storedFrom(upstream, line, time)
    if (stored && stored.kind !== 'TAGMSG') upstream.port.remember([stored])
    return true
  }

  /** BATCH +reference type … */
  begin(upstream: Upstream, begin: Message, time: number): void {
    const { params, tags } = begin
    const [reference = '', type = '', target = ''] = params
    const [oldest] = this.#open.keys()
    if (this.#open.size >= MAX_OPEN && oldest !== undefined) this.#open.delete(oldest)
    const outer = this.#open.get(tags.get('batch') ?? '')
    const isText = type === 'draft/multiline' && params[2] !== undefined
    this.#open.set(reference.slice(1), {
      type,
      label: tags.get('label') ?? outer?.label,
      isEmpty: true,
      isHistory: HISTORY.has(type) || outer?.isHistory === true,
      fill: type === 'chathistory' ? upstream.backfill.of(target) : outer?.fill,
      isLast: tags.has('draft/chathistory-end'),
      text: isText ? { begin, time, parts: [], characters: 0 } : undefined,
    })
  }

  /** BATCH -reference. */
  end(upstream: Upstream, { params }: Message): void {
    const reference = (params[0] ?? '').slice(1)
    const batch = this.#open.get(reference)
    if (!batch) return
    this.#open.delete(reference)
    const { label, text, isEmpty } = batch
    if (text) this.#tell(upstream, batch, text)
    if (batch.fill && batch.type === 'chathistory') upstream.backfill.page(batch.fill, batch.isLast)
    const isAnswer =
      label !== undefined && (batch.type === 'labeled-response' || text !== undefined)
    if (isAnswer) upstream.pending.endLabelled(label, isEmpty)
  }

  #collect(upstream: Upstream, batch: Batch, text: OpenText, message: Message): boolean {
    text.characters += message.params[1]?.length ?? 0
    if (text.parts.length >= MAX_LINES || text.characters > MAX_CHARACTERS) {
      this.#tell(upstream, batch, text)
      batch.text = undefined
      return false
    }
    text.parts.push({ message, isConcat: message.tags.has('draft/multiline-concat') })
    return true
  }

  #tell(upstream: Upstream, batch: Batch, { begin, time, parts }: OpenText): void {
    const { isHistory, label, fill } = batch
    const [, , target = ''] = begin.params
    const lines: MultilinePart[] = []
    for (const { message, isConcat } of parts) {
      const tags = lines.length === 0 ? begin.tags : NO_MSGID
      const source = begin.source ?? message.source
      const one = { ...message, source, tags, params: [target, message.params[1] ?? ''] }
      const stored = storedFrom(upstream, one, time)
      if (stored) lines.push({ stored, isConcat })
    }
    const [first] = lines
    const past = lines.map(({ stored }) => stored)
    if (fill) upstream.backfill.took(fill, begin, time, past)
    else if (isHistory) upstream.port.remember(past)
    if (isHistory || !first) return
    const { source, isOwn } = first.stored
    const requester = isOwn && label !== undefined ? upstream.pending.labelled(label) : undefined
    const command = first.stored.kind
    upstream.port.multiline(
      { command, source, target, tags: begin.tags, lines },
      { time, requester },
    )
  }
}

const NO_MSGID: ReadonlyMap<string, string> = new Map()
