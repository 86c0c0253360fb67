// Why a request came to no answer.

/** The upstream cannot be reached, or broke off; or nobody is there any more who would take its answer. */
export class UpstreamFailure extends Error {
  override name = 'UpstreamFailure'
}

export class ClientGone extends UpstreamFailure {
  override name = 'ClientGone'

  constructor() {
    super('the client is gone')
  }
}
