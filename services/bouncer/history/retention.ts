// How long lines are kept, and how much of them: by a rule of the conversation, else of its network, else of the whole
// bouncer. Once an hour what is beyond that is deleted, a little at a time.
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { startSweeps } from '@fuchsbau/shared/sweep.ts'
import type { Keep, Scope } from '../store/removal.ts'
import type { Store } from '../store/store.ts'

/** What is kept of a conversation, or of a network; absent: no limit of its own. */
export interface RetentionRule {
  days?: number
  megabytes?: number
}

const DAY_MS = 86_400_000
const MEGABYTE = 1_000_000

const property = ({ networkId, foldedTarget }: Scope) =>
  `retention/${networkId}${foldedTarget === undefined ? '' : `/${foldedTarget}`}`

/** The rule for a network, or for one of its conversations alone. Undefined when it has none. */
export function retentionRule(store: Store, scope: Scope): RetentionRule | undefined {
  const [days, megabytes] = (store.properties.get(property(scope)) ?? '').split(' ')
  const rule: RetentionRule = {}
  if (isAmount(days)) rule.days = Number(days)
  if (isAmount(megabytes)) rule.megabytes = Number(megabytes)
  return Object.keys(rule).length > 0 ? rule : undefined
}

/** Sets the rule, or takes it away. Numbers are positive. */
export function setRetentionRule(
  store: Store,
  scope: Scope,
  rule: RetentionRule | undefined,
): void {
  store.properties.set(property(scope), `${rule?.days ?? '-'} ${rule?.megabytes ?? '-'}`)
}

const isAmount = (text: string | undefined) => /^\d+(\.\d+)?$/.test(text ?? '')

export interface RetentionOptions {
  store: Store
  clock: Clock
  /** Row numbers of the networks of each person. */
  people(): Iterable<readonly number[]>
  /** Age of lines where no rule says otherwise. */
  defaultMs: number
  /** Lines of a person, at most, in all her networks; 0: any number. */
  quota: number
  /** When the store takes nothing. */
  onError(error: unknown): void
}

/** Sweeps each hour; returns how to stop that. */
export function startRetention(options: RetentionOptions): () => void {
  const { clock, onError } = options
  return startSweeps({ clock, onError, steps: () => removeExpired(options) })
}

/** Deletes what is beyond the rules, then what is beyond the quota; at most 125 lines a step. */
function* removeExpired(options: RetentionOptions): Generator<void> {
  const { store, quota } = options
  for (const networks of options.people()) {
    for (const networkId of networks) yield* trimNetwork(options, networkId)
    if (quota > 0) while (store.removal.trimAll(networks, quota) > 0) yield
  }
}

function* trimNetwork(
  { store, clock, defaultMs }: RetentionOptions,
  networkId: number,
): Generator<void> {
  const ofNetwork = retentionRule(store, { networkId })
  const age = ofNetwork?.days === undefined ? defaultMs : ofNetwork.days * DAY_MS
  const own = store.messages.sizes(networkId).flatMap(({ foldedTarget }) => {
    const rule = retentionRule(store, { networkId, foldedTarget })
    return rule ? [{ foldedTarget, rule }] : []
  })
  for (const { foldedTarget, rule } of own) {
    const days = rule.days === undefined ? age : rule.days * DAY_MS
    const keep = { after: clock.now() - days, ...bytesOf(rule) }
    yield* trim(store, { networkId, foldedTarget }, keep)
  }
  const isOwn = new Set(own.map(({ foldedTarget }) => foldedTarget))
  const after = clock.now() - age
  if (own.length === 0) yield* trim(store, { networkId }, { after, ...bytesOf(ofNetwork) })
  else {
    for (const { foldedTarget } of store.messages.sizes(networkId)) {
      if (!isOwn.has(foldedTarget)) yield* trim(store, { networkId, foldedTarget }, { after })
    }
    yield* trim(store, { networkId }, bytesOf(ofNetwork))
  }
}

const bytesOf = (rule: RetentionRule | undefined): Pick<Keep, 'bytes'> =>
  rule?.megabytes === undefined ? {} : { bytes: rule.megabytes * MEGABYTE }

function* trim(store: Store, scope: Scope, keep: Keep): Generator<void> {
  while (store.removal.trim(scope, keep) > 0) yield
}
