// Texts of several lines that a client says as a batch: collected whole, then sent on as one, where the network has it.
// https://ircv3.net/specs/extensions/multiline
import { type Message, message, withTags } from '../irc/message.ts'
import { utf8Length } from '../irc/split.ts'
import { SERVICE_NICK } from '../service/names.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { onSay } from './command/say.ts'
import type { Downstream } from './downstream.ts'

const TYPE = 'draft/multiline'
const CONCAT = 'draft/multiline-concat'
/** Whatever the network takes. */
const MOST = { bytes: 40_000, lines: 100 }

interface Open {
  reference: string
  target: string
  begin: Message
  lines: Message[]
  bytes: number
  /** What is wrong with it: code, context and text of the FAIL at its end. */
  failure: string[] | undefined
}

/** One at a time for each client. */
const open = new WeakMap<Downstream, Open>()

/** Takes a line that begins, ends or belongs to a batch of the client; false when it is none. */
export function takeBatch(downstream: Downstream, line: Message): boolean {
  const { isDone } = downstream.registration
  if (line.command === 'BATCH' && isDone) {
    const [reference = ''] = line.params
    if (reference.startsWith('+')) begin(downstream, line)
    else end(downstream, reference.slice(1))
    return true
  }
  const batch = open.get(downstream)
  if (!batch || line.tags.get('batch') !== batch.reference) return false
  collect(downstream, batch, line)
  return true
}

function begin(downstream: Downstream, line: Message): void {
  const [reference = '', type, target = ''] = line.params
  const before = open.get(downstream)
  const failure = before
    ? ['MULTILINE_INVALID', 'One batch at a time']
    : type !== TYPE || target === '' || target.includes(',')
      ? ['MULTILINE_INVALID', 'BATCH +reference draft/multiline target']
      : undefined
  open.set(downstream, {
    reference: reference.slice(1, 100),
    target,
    begin: line,
    lines: [],
    bytes: 0,
    failure,
  })
}

function collect(downstream: Downstream, batch: Open, line: Message): void {
  const [target = '', text = ''] = line.params
  const limits = limitsOf(downstream.network?.upstream)
  batch.bytes += utf8Length(text) + (line.tags.has(CONCAT) || batch.lines.length === 0 ? 0 : 1)
  if (line.command !== 'PRIVMSG' && line.command !== 'NOTICE') {
    batch.failure ??= ['MULTILINE_INVALID', 'A batch has lines of PRIVMSG only']
  } else if (target !== batch.target) {
    batch.failure ??= [
      'MULTILINE_INVALID_TARGET',
      batch.target,
      target.slice(0, 100) || '*',
      'All lines have one target',
    ]
  } else if (batch.bytes > limits.bytes) {
    batch.failure ??= ['MULTILINE_MAX_BYTES', String(limits.bytes), 'The text is too long']
  } else if (batch.lines.length >= limits.lines) {
    batch.failure ??= ['MULTILINE_MAX_LINES', String(limits.lines), 'The text has too many lines']
  }
  if (!batch.failure) batch.lines.push(line)
}

function end(downstream: Downstream, reference: string): void {
  const batch = open.get(downstream)
  open.delete(downstream)
  downstream.labels.collect(batch?.begin.tags.get('label'), () => {
    if (!batch || batch.reference !== reference || batch.lines.length === 0) {
      const [code = 'MULTILINE_INVALID', ...rest] = batch?.failure ?? []
      downstream.fail('BATCH', code, ...(rest.length > 0 ? rest : ['There is no such batch']))
    } else if (batch.failure) {
      const [code = '', ...rest] = batch.failure
      downstream.fail('BATCH', code, ...rest)
    } else say(downstream, batch)
  })
}

/** What the network takes: `max-bytes=4096,max-lines=24`. */
function limitsOf(upstream: Upstream | undefined): typeof MOST {
  const value = upstream?.registration.available.get(TYPE) ?? ''
  const read = (key: string, most: number) => {
    const given = Number(new RegExp(`(?:^|,)${key}=(\\d+)`).exec(value)?.[1] ?? most)
    return Math.min(given, most)
  }
  return { bytes: read('max-bytes', MOST.bytes), lines: read('max-lines', MOST.lines) }
}

/** Whether a text is for the bouncer itself, and not to be seen by the network: there may be a password in it. */
const isOurs = (target: string) =>
  target.startsWith('*') || target.toLowerCase() === SERVICE_NICK.toLowerCase()

function say(downstream: Downstream, { target, begin, lines }: Open): void {
  if (isOurs(target)) {
    for (const line of lines) onSay(downstream, line)
    return
  }
  const { network } = downstream
  const upstream = network?.upstream
  if (!network || !upstream?.isReady) {
    downstream.numeric('401', target, 'You are not connected: nothing was sent')
    return
  }
  if (!upstream.caps.has(TYPE)) {
    downstream.fail('BATCH', 'MULTILINE_INVALID', `${network.record.name} takes single lines only`)
    return
  }
  const tags = new Map([...begin.tags].filter(([key]) => key.startsWith('+')))
  const reference = downstream.labels.nextReference()
  const requester = downstream.labels.requester()
  const hasEcho = upstream.caps.has('echo-message')
  const first = withTags(message('BATCH', `+${reference}`, TYPE, target), tags)
  if (!upstream.send(first, hasEcho ? { requester } : {})) {
    requester.end(false)
    downstream.numeric('263', 'BATCH', 'Too much waits to be sent: try again in a while')
    return
  }
  for (const { command, params, tags: own } of lines) {
    const concat: [string, string][] = own.has(CONCAT) ? [[CONCAT, '']] : []
    const part = message(command, target, params[1] ?? '')
    upstream.send(withTags(part, new Map([['batch', reference], ...concat])))
  }
  upstream.send(message('BATCH', `-${reference}`))
  if (hasEcho) return
  const time = upstream.time.now()
  const { source } = upstream
  const [{ command } = begin] = lines
  const kind = command === 'NOTICE' ? 'NOTICE' : 'PRIVMSG'
  const parts = lines.map(({ params, tags: own }) => ({
    stored: { kind, target, source, text: params[1] ?? '', time, isOwn: true } as const,
    isConcat: own.has(CONCAT),
  }))
  network.multiline({ command: kind, source, target, tags, lines: parts }, { time, requester })
  requester.end(false)
}
