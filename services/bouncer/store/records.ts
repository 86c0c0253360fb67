// What the database holds, as the rest of the service sees it. Times are ms since 1970; ids are row numbers.

/** A person. Names compare without case (ASCII). */
export interface UserRecord {
  id: number
  name: string
  /** argon2id in PHC form, or what an import brought (`znc-sha256$…`), replaced at the next login; empty: no password. */
  password: string
  isAdmin: boolean
  isEnabled: boolean
  /** Defaults for her networks. */
  nick: string
  realname: string
  /** Address that her upstream connections come from; empty: the system chooses. */
  bindAddress: string
  createdAt: number
  /** Issuer and subject at the identity provider, `ISS SUB`; empty: none. */
  subject: string
}

/** Verifier of one password for SCRAM-SHA-256 (RFC 5802, 3): without the password. Base64. */
export interface ScramVerifier {
  salt: string
  iterations: number
  storedKey: string
  serverKey: string
}

/** A password for one program. */
export interface AppPassword {
  id: number
  userId: number
  label: string
  /** SHA-256 of the password, which has 160 random bits. Hex. */
  hash: string
  scram: ScramVerifier
  createdAt: number
  lastUsedAt?: number
  lastUsedFrom?: string
}

export type SaslMechanism = '' | 'PLAIN' | 'EXTERNAL' | 'SCRAM-SHA-256'

/** A network that the bouncer is connected to for a person. */
export interface NetworkRecord {
  id: number
  userId: number
  /** Unique among her networks, without case. */
  name: string
  isEnabled: boolean
  host: string
  port: number
  /** `plain` only when asked for. */
  transport: 'tls' | 'plain'
  /** Pinned SHA-256 or SHA-512 of the server's certificate, hex; empty: verified against the system's authorities. */
  fingerprint: string
  /** `host:port` or `user:password@host:port` of a SOCKS5 proxy; empty: none. */
  socks: string
  /** Server password. */
  serverPassword: string
  nick: string
  alternateNicks: string[]
  username: string
  realname: string
  saslMechanism: SaslMechanism
  saslUser: string
  saslPassword: string
  /** Client certificate and key, PEM; empty: none. */
  certificate: string
  privateKey: string
  /** Password for NickServ where the network has no SASL; empty: none. */
  nickservPassword: string
  /** Raw lines, sent after registration. */
  connectCommands: string[]
  /** What bytes that are not UTF-8 are read as, and what is sent when it is not `utf-8`. */
  encoding: string
  /** Whether away is set when the last client leaves. */
  isAutoAway: boolean
  /** Casemapping last seen there, so that names fold alike while it is away. */
  casemapping: string
}

/** A network that nothing is said of but where it is and who she is there. */
export const NETWORK_DEFAULTS: Omit<
  NetworkRecord,
  'id' | 'userId' | 'name' | 'host' | 'port' | 'nick' | 'realname'
> = {
  isEnabled: true,
  transport: 'tls',
  fingerprint: '',
  socks: '',
  serverPassword: '',
  alternateNicks: [],
  username: '',
  saslMechanism: '',
  saslUser: '',
  saslPassword: '',
  certificate: '',
  privateKey: '',
  nickservPassword: '',
  connectCommands: [],
  encoding: 'utf-8',
  isAutoAway: true,
  casemapping: 'rfc1459',
}

/** A channel that she is in, or was when the connection ended: joined again at the next. */
export interface ChannelRecord {
  id: number
  networkId: number
  name: string
  key: string
  isDetached: boolean
  /** What re-attaches it, and what is relayed as a notice while it is detached. */
  reattachOn: 'message' | 'highlight' | 'none'
  relayDetached: 'message' | 'highlight' | 'none'
  /** Detached after so long without a message to or from a client, ms; 0: never. */
  detachAfterMs: number
}

/** A kind of stored line. New ones go to the end: the position is stored. */
export const MESSAGE_KINDS = [
  'PRIVMSG',
  'NOTICE',
  'TAGMSG',
  'JOIN',
  'PART',
  'QUIT',
  'NICK',
  'KICK',
  'MODE',
  'TOPIC',
  'REDACT',
  /** The connection to the network was lost or came back: the gap is visible. */
  'GAP',
] as const
export type MessageKind = (typeof MESSAGE_KINDS)[number]

/** A line to store. */
export interface NewMessage {
  networkId: number
  /** Channel or nick as the conversation is called. */
  target: string
  /** The same, folded with the network's casemapping. */
  foldedTarget: string
  time: number
  kind: MessageKind
  /** `nick!user@host` of who caused it. */
  source: string
  /** Parameters behind the target, space-joined as on the wire, the last one without colon; text of a PRIVMSG. */
  text: string
  /** Tags worth keeping: account, client tags (`+…`). */
  tags?: Readonly<Record<string, string>>
  /** Of the network; absent: ours is made from the id. */
  msgid?: string
  /** Whether a client of this person wrote it. */
  isOwn: boolean
}

/** A stored line. Ordered by (time, id). */
export interface StoredMessage extends NewMessage {
  id: number
  msgid: string
}
