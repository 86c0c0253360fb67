// Our side of SASL at a network. https://ircv3.net/specs/extensions/sasl-3.1
import type { NetworkRecord } from '../store/records.ts'

export interface SaslClient {
  /** Answers a challenge; undefined gives up. */
  next(challenge: string): string | undefined
  /** After success: why the server is not to be believed, if so (SCRAM proves the server, too). */
  verify(): string | undefined
}

/** The mechanism that the network is configured for; undefined: none, or it lacks what it takes. */
export function saslClient(record: NetworkRecord): SaslClient | undefined {
  const { saslMechanism, saslUser, saslPassword } = record
  switch (saslMechanism) {
    case 'PLAIN': // RFC 4616
      return { next: () => `\0${saslUser}\0${saslPassword}`, verify: () => undefined }
    case 'EXTERNAL': // RFC 4422, appendix A
      return { next: () => saslUser, verify: () => undefined }
    default:
      return
  }
}
