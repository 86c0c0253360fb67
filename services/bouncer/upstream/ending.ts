// Why a connection to a network ended, in words for a person, and what that means for the next one.

/**
 * `unreachable`: no connection came to be. `certificate`: it is not trusted. `refused`: it ended before 001. `throttled`
 * and `banned`: the network said so. `upgrade`: STS, to be made anew with TLS. `lost`: any other, after 001.
 */
export type EndingKind =
  | 'unreachable'
  | 'certificate'
  | 'refused'
  | 'throttled'
  | 'banned'
  | 'upgrade'
  | 'lost'

export interface Ending {
  reason: string
  kind: EndingKind
}

const BANNED =
  /\b[kgzdq]-?:?lined?\b|\bbanned\b|\bbans?\b|\bblacklist|\bdnsbl\b|\bakill|\bautokill|not welcome|not authori[sz]ed/i
const THROTTLED =
  /throttl|too (?:fast|many)|reconnect(?:ing|ed)? too|try again later|excess flood|no more connections|connection limit/i

/** What the last words of a network mean: ERROR's text, or 465's. */
export function kindOfError(text: string): EndingKind | undefined {
  if (THROTTLED.test(text)) return 'throttled'
  return BANNED.test(text) ? 'banned' : undefined
}

/** A failure of the socket that is told as it is. */
export class ConnectionRefused extends Error {
  override name = 'ConnectionRefused'
  readonly kind: EndingKind

  constructor(reason: string, kind: EndingKind) {
    super(reason)
    this.kind = kind
  }
}
