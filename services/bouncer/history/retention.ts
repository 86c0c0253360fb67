// How long lines are kept, and how much of them: by a rule of the conversation, else of its network, else of the whole
// bouncer. Once an hour what is beyond that is deleted, a little at a time.
import type { Clock, Timer } from '@fuchsbau/shared/clock.ts'
import type { Keep, Scope } from '../store/removal.ts'
import type { Store } from '../store/store.ts'

/** What is kept of a conversation, or of a network; absent: no limit of its own. */
export interface RetentionRule {
  days?: number
  megabytes?: number
}

const SWEEP_EVERY_MS = 3_600_000
const FIRST_SWEEP_MS = 60_000
const PAUSE_MS = 20
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
  /** Row numbers of all networks. */
  networks(): Iterable<number>
  /** Age of lines where no rule says otherwise. */
  defaultMs: number
  /** When the store takes nothing. */
  onError(error: unknown): void
}

/** Sweeps each hour; returns how to stop that. */
export function startRetention(options: RetentionOptions): () => void {
  const { clock } = options
  let timer: Timer
  const sweep = () => {
    const steps = removeExpired(options)
    const step = () => {
      let isDone = true
      try {
        isDone = steps.next().done === true
      } catch (error) {
        options.onError(error)
      }
      timer = isDone ? clock.after(SWEEP_EVERY_MS, sweep) : clock.after(PAUSE_MS, step)
    }
    step()
  }
  timer = clock.after(FIRST_SWEEP_MS, sweep)
  return () => timer.cancel()
}

/** Deletes what is beyond the rules, at most 125 lines a step. */
export function* removeExpired({
  store,
  clock,
  networks,
  defaultMs,
}: RetentionOptions): Generator<void> {
  for (const networkId of networks()) {
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
}

const bytesOf = (rule: RetentionRule | undefined): Pick<Keep, 'bytes'> =>
  rule?.megabytes === undefined ? {} : { bytes: rule.megabytes * MEGABYTE }

function* trim(store: Store, scope: Scope, keep: Keep): Generator<void> {
  while (store.removal.trim(scope, keep) > 0) yield
}
