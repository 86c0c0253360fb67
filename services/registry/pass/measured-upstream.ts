// The upstream, and how it does: how long it takes to answer, and how often it fails.
import type { Metrics } from '@fuchsbau/shared/metrics.ts'
import { ClientGone, UpstreamFailure } from './failure.ts'
import {
  Upstream,
  type UpstreamAnswer,
  type UpstreamOptions,
  type UpstreamRequest,
} from './upstream.ts'

const SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60]

export class MeasuredUpstream extends Upstream {
  readonly #seconds
  readonly #failures

  constructor(options: UpstreamOptions, metrics: Metrics) {
    super(options)
    const failures = (reason: string) =>
      metrics.counter(
        'fuchsbau_registry_upstream_failures_total',
        'Requests that the upstream did not answer, or not as it should.',
        { reason },
      )
    this.#failures = {
      unreachable: failures('unreachable'),
      status: failures('status'),
      unauthorized: failures('unauthorized'),
    }
    this.#seconds = metrics.histogram(
      'fuchsbau_registry_upstream_seconds',
      'Time from a request to the upstream to the head of its answer.',
      SECONDS,
    )
  }

  override async request(request: UpstreamRequest): Promise<UpstreamAnswer> {
    const began = performance.now()
    try {
      const answer = await super.request(request)
      this.#seconds.observe((performance.now() - began) / 1000)
      const { status } = answer
      if (status >= 500) this.#failures.status.inc()
      else if (status === 401 || status === 403) this.#failures.unauthorized.inc()
      return answer
    } catch (error) {
      const isTheirs = error instanceof UpstreamFailure && !(error instanceof ClientGone)
      if (isTheirs) this.#failures.unreachable.inc()
      throw error
    }
  }
}
