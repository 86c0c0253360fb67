// From one key to the next: the new one signs as soon as the upstream accepts it, so that its operator only has to give it the
// new file and restart it, in that order and at any time.
import { ANONYMOUS } from '../account/caller.ts'
import { UpstreamFailure } from '../pass/failure.ts'
import type { Registry } from '../registry.ts'
import { accessOf } from '../scope.ts'
import { issueToken } from './issue.ts'

const LOOK_EVERY_MS = 5_000
/** A key that signs no more is kept so long: for tokens that are valid still, and for uploads that have begun. */
const RETIRED_MS = 86_400_000

/** Looks from time to time, while there is a next key; returns how to stop. */
export function startRotation(registry: Registry): () => void {
  const { clock, log } = registry
  let isStopped = false
  const look = async () => {
    try {
      await step(registry)
    } catch (error) {
      log.error({ err: error }, 'the keys could not be changed')
    }
    if (!isStopped) timer = clock.after(LOOK_EVERY_MS, () => void look())
  }
  let timer = clock.after(LOOK_EVERY_MS, () => void look())
  return () => {
    isStopped = true
    timer.cancel()
  }
}

async function step(registry: Registry): Promise<void> {
  const { issue, clock, log } = registry
  const { keys } = issue
  await keys.forget(clock.now() - RETIRED_MS)
  const { next } = keys
  if (!next || !(await isAccepted(registry))) return
  await keys.activate()
  log.info({ kid: next.kid }, 'tokens are signed by the new key')
}

/** Whether the upstream lets in who comes by the next key. One that takes no tokens does not care. */
async function isAccepted({ issue, upstream, upstreamTakesTokens, clock }: Registry) {
  if (!upstreamTakesTokens) return true
  const access = accessOf([{ type: 'catalog' }])
  const { token } = await issueToken(issue, ANONYMOUS, access, clock.now(), issue.keys.next)
  try {
    const headers = { authorization: `Bearer ${token}` }
    const answer = await upstream.request({ method: 'GET', path: '/v2/', headers })
    answer.discard()
    return answer.status === 200
  } catch (error) {
    if (error instanceof UpstreamFailure) return false
    throw error
  }
}
