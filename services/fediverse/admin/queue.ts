// `queue`: what is still to be delivered, and what could not take effect.

import { VerbError } from '../context.ts'
import type { Delivery } from '../store/queue.ts'
import { type Operation, type OperationParts, readArgs } from './operation.ts'

export const queue: Operation = {
  summary: 'Show the delivery queue, retry a host at once, or drop what waits for it.',
  usage: '[list [HOST] | retry [HOST] | drop HOST | failed]',
  help: `list    one line per host, or per delivery of one HOST
retry   attempt what waits now, of all hosts or one (the server must run)
drop    forget what waits for a HOST (the server must run)
failed  accepted activities whose effect failed for good, with the reason

Examples:
  fuchsbau fediverse queue
  fuchsbau fediverse queue list mastodon.example
  fuchsbau fediverse queue retry mastodon.example`,
  async run(parts, args) {
    const { positionals } = readArgs(args, {}, 0, 2)
    const [verb = 'list', host] = positionals
    const act = { list, retry, drop, failed }[verb]
    if (!act) throw new VerbError('Say list, retry, drop or failed; see --help.')
    return act(parts, host)
  },
}

async function list({ context, delivery }: OperationParts, host?: string): Promise<string[]> {
  const all: Iterable<Pick<Delivery, 'inbox' | 'attempts' | 'nextAt' | 'lastError'>> = delivery
    ? delivery.list(host)
    : context.store.queue.all()
  const byHost = new Map<string, { count: number; lines: string[]; lastError: string }>()
  for (const { inbox, attempts, nextAt, lastError = '' } of all) {
    const name = new URL(inbox).host
    if (host !== undefined && host !== name) continue
    const entry = byHost.get(name) ?? { count: 0, lines: [], lastError: '' }
    entry.count += 1
    entry.lastError = lastError || entry.lastError
    if (host)
      entry.lines.push(
        `${new Date(nextAt).toISOString()}  ${attempts} attempts  ${inbox}  ${lastError}`,
      )
    byHost.set(name, entry)
  }
  if (byHost.size === 0) return ['Nothing waits to be delivered.']
  return [...byHost].flatMap(([name, entry]) =>
    host
      ? entry.lines
      : [`${String(entry.count).padStart(6)}  ${name}  ${entry.lastError}`.trimEnd()],
  )
}

async function retry({ delivery }: OperationParts, host?: string): Promise<string[]> {
  if (!delivery) throw new VerbError('The server does not run: start it, it attempts what is due.')
  delivery.retryNow(host)
  return [host ? `Retrying ${host}.` : 'Retrying everything that waits.']
}

async function drop({ delivery }: OperationParts, host?: string): Promise<string[]> {
  if (!delivery) throw new VerbError('The server does not run: start it first.')
  if (!host) throw new VerbError('Name the host whose deliveries are to be dropped.')
  return [`Dropped ${delivery.drop({ host })} deliveries to ${host}.`]
}

async function failed({ context }: OperationParts): Promise<string[]> {
  const activities = context.store.accepted.failed()
  if (activities.length === 0) return ['No activity has failed for good.']
  return activities.map(({ id, lastError }) => `${id}  ${lastError ?? ''}`)
}
