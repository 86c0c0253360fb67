// One client's connection to the fake network: bytes to lines and back, with what its capabilities let through.
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { formatTags } from '../irc-line.ts'
import { lineReader } from '../irc-transport.ts'
import type { ScramServer } from '../scram.ts'
import type { FakeUser, World } from './world.ts'

/** Tags of a line to a client, before its capabilities have picked those that it takes. */
export type Tags = Readonly<Record<string, string | undefined>>

/** A client as the server sees it. */
export interface FakeConnection {
  readonly socket: Socket
  /** Its identity; the nick is '*' before it has one. */
  readonly user: FakeUser
  /** The name that was sent to the server in TLS; '' without. */
  readonly servername: string
  /** SHA-256 of its certificate, hex; '' for none. */
  readonly fingerprint: string
  readonly caps: Set<string>
  /** Of CAP LS; 0 before. */
  capVersion: number
  isNegotiating: boolean
  isRegistered: boolean
  isClosed: boolean
  password: string
  /** SASL in progress. */
  sasl: { mechanism: string; payload: string; scram?: ScramServer } | undefined
  /** Nicks that it MONITORs, by folded nick. */
  readonly monitored: Map<string, string>
  /** When its last lines came, for the flood limit. */
  recent: number[]
  /** Sends one line with the tags that it takes. A label in progress collects it. */
  tell(line: string | Buffer, tags?: Tags): void
  /** Sends `:SERVER NUMERIC NICK …`. */
  numeric(code: string, ...params: string[]): void
  /** A line as `tell` would send it, with its end. */
  format(line: string, tags?: Tags): string
  /** Everything that `handle` tells it carries the label (https://ircv3.net/specs/extensions/labeled-response). */
  labelled(label: string, handle: () => void): void
  /** ERROR, and the end of the connection. */
  end(reason: string): void
}

/** Wraps a socket that was accepted. */
export function makeConnection(
  world: World,
  socket: Socket,
  onLine: (bytes: Buffer) => void,
): FakeConnection {
  let collected: { line: string; tags: Tags }[] | undefined
  const caps = new Set<string>()
  const user: FakeUser = {
    nick: '*',
    user: '',
    host: socket.remoteAddress?.replace('::ffff:', '') ?? 'localhost',
    realname: '',
    account: '',
    away: '',
    modes: '',
    connection: undefined,
  }
  const secured = socket instanceof TLSSocket ? socket : undefined
  const certificate = secured?.getPeerCertificate().raw

  const connection: FakeConnection = {
    socket,
    user,
    servername: typeof secured?.servername === 'string' ? secured.servername : '',
    fingerprint: certificate ? createHash('sha256').update(certificate).digest('hex') : '',
    caps,
    capVersion: 0,
    isNegotiating: false,
    isRegistered: false,
    isClosed: false,
    password: '',
    sasl: undefined,
    monitored: new Map(),
    recent: [],
    tell(line, tags = {}) {
      if (connection.isClosed) return
      if (typeof line !== 'string') socket.write(line)
      else if (collected) collected.push({ line, tags })
      else socket.write(connection.format(line, tags))
    },
    numeric(code, ...params) {
      const [last = '', ...rest] = params.toReversed()
      const words = [`:${world.settings.name}`, code, user.nick, ...rest.toReversed(), `:${last}`]
      connection.tell(words.join(' '))
    },
    format: (line, tags = {}) => `${formatTags(pickTags(caps, tags))}${line}\r\n`,
    labelled(label, handle) {
      collected = []
      handle()
      const told = collected
      collected = undefined
      sendLabelled(world, connection, label, told)
    },
    end(reason) {
      if (connection.isClosed) return
      collected = undefined
      connection.tell(`ERROR :${reason}`)
      connection.isClosed = true
      socket.end()
      // A client that does not close its side is not waited for.
      setTimeout(() => socket.destroy(), 200).unref()
    },
  }
  user.connection = connection
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', lineReader(onLine))
  return connection
}

function sendLabelled(
  { settings, count }: World,
  connection: FakeConnection,
  label: string,
  told: { line: string; tags: Tags }[],
): void {
  const [only] = told
  if (only === undefined) {
    connection.tell(`:${settings.name} ACK`, { label })
    return
  }
  if (told.length === 1) {
    connection.tell(only.line, { ...only.tags, label })
    return
  }
  const batch = `label${count}`
  connection.tell(`:${settings.name} BATCH +${batch} labeled-response`, { label })
  for (const { line, tags } of told) {
    connection.tell(line, /^(:\S+ )?BATCH /.test(line) || tags['batch'] ? tags : { ...tags, batch })
  }
  connection.tell(`:${settings.name} BATCH -${batch}`)
}

/** The tags that a client takes (https://ircv3.net/specs/extensions/message-tags). */
function pickTags(caps: ReadonlySet<string>, tags: Tags): Record<string, string | undefined> {
  const needs: Readonly<Record<string, string>> = {
    time: 'server-time',
    account: 'account-tag',
    batch: 'batch',
    label: 'labeled-response',
  }
  const picked = Object.entries(tags).filter(([key, value]) => {
    const cap = needs[key] ?? 'message-tags'
    return value !== undefined && caps.has(cap)
  })
  return Object.fromEntries(picked)
}
