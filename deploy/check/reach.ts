// How the checks reach servers: names, connections and requests, each at most 10 s, each answer at most 256 KiB. Nothing is sent that
// is secret, so that one who answers in another's place learns nothing.
import * as dns from 'node:dns/promises'
import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import * as net from 'node:net'
import { isIP, type Socket } from 'node:net'
import * as tls from 'node:tls'
import type { Area } from './finding.ts'
import { reasonOfName, type Trouble, troubleOf } from './trouble.ts'

export interface Answer {
  ok: true
  status: number
  /** By their names in small letters. */
  headers: Readonly<Record<string, string>>
  body: string
}

export type Found = { ok: true; addresses: string[]; isTold: boolean } | Trouble

/** `NAME[:PORT]=ADDRESS[:PORT]` of the command line. `*` is every name. */
export interface Rule {
  name: string
  port: number | undefined
  address: string
  toPort: number | undefined
}

export interface ReachOptions {
  rules: readonly Rule[]
  /** The DNS server to ask; undefined: as this machine does. */
  resolver: string | undefined
  /** More authorities, PEM. */
  authorities: readonly string[]
  /** What is looked at: a failure of these is not told twice. */
  areas: ReadonlySet<Area>
  /** Ends everything. */
  signal: AbortSignal
}

export interface OpenOptions {
  isTls: boolean
  /** One of those of the name; the first that answers when absent. */
  address?: string
}

const STEP_MS = 10_000
const MAX_BYTES = 256 * 1024
const MAX_ADDRESSES = 4

export class Reach {
  readonly #options: ReachOptions
  /** Those of one name and one port before others. */
  readonly #rules: readonly Rule[]
  readonly #found = new Map<string, Promise<Found>>()
  readonly #authorities: string[]

  constructor(options: ReachOptions) {
    this.#options = options
    const { authorities, rules } = options
    const width = ({ name, port }: Rule) => Number(name === '*') + 2 * Number(port === undefined)
    this.#rules = rules.toSorted((a, b) => width(a) - width(b))
    this.#authorities = [...tls.getCACertificates('default'), ...authorities]
  }

  /** Whether the area is among those that are looked at. */
  looksAt(area: Area): boolean {
    return this.#options.areas.has(area)
  }

  /** Whether a public resolver was named. */
  get hasResolver(): boolean {
    return this.#options.resolver !== undefined
  }

  /** The addresses of a name, at most 4, those of IPv4 first. */
  find(name: string): Promise<Found> {
    const known = this.#found.get(name) ?? this.#find(name)
    this.#found.set(name, known)
    return known
  }

  async #find(name: string): Promise<Found> {
    const { resolver } = this.#options
    const told = this.#rules.filter((rule) => rule.name === name || rule.name === '*')
    const whole = told.find(({ port }) => port === undefined)
    if (whole) return { ok: true, addresses: [whole.address], isTold: true }
    try {
      const all = await within(resolver === undefined ? lookUp(name) : askServer(name, resolver))
      const addresses = all.slice(0, MAX_ADDRESSES)
      if (addresses.length > 0) return { ok: true, addresses, isTold: false }
      return { ok: false, kind: 'name', reason: 'has no address' }
    } catch (error) {
      const [first] = told
      if (first) return { ok: true, addresses: [first.address], isTold: true }
      return { ok: false, kind: 'name', reason: reasonOfName(error) }
    }
  }

  /** Opens a connection. With TLS, the certificate is not judged: see `authorizationError` of the socket. */
  async open(name: string, port: number, { isTls, address }: OpenOptions): Promise<Opened> {
    const found = await this.find(name)
    if (!found.ok) return found
    let trouble: Trouble = { ok: false, kind: 'connection', reason: 'has no address' }
    for (const each of address === undefined ? found.addresses : [address]) {
      const place = this.#place(name, port, each)
      try {
        const socket = isTls
          ? await this.#openTls(name, place)
          : await connected(net.connect(place), 'connect', this.#signal())
        return { ok: true, socket }
      } catch (error) {
        trouble = troubleOf(error)
      }
    }
    return trouble
  }

  async #openTls(name: string, place: Place): Promise<tls.TLSSocket> {
    const socket = tls.connect({
      ...place,
      ...(isIP(name) === 0 && { servername: name }),
      ca: this.#authorities,
      rejectUnauthorized: false,
      // Judged by who opens it: some want the certificate of another name.
      checkServerIdentity: () => undefined,
    })
    return await connected(socket, 'secureConnect', this.#signal())
  }

  /** One request by GET, not redirected. Certificates count here only where no other line tells of them. */
  async get(url: string, headers: Record<string, string> = {}): Promise<Answer | Trouble> {
    const { hostname } = new URL(url)
    const found = await this.find(hostname)
    if (!found.ok) return found
    let trouble: Trouble = { ok: false, kind: 'connection', reason: 'has no address' }
    for (const address of found.addresses) {
      try {
        return await this.#get(new URL(url), address, headers)
      } catch (error) {
        trouble = troubleOf(error)
      }
    }
    return trouble
  }

  #get(url: URL, address: string, headers: Record<string, string>): Promise<Answer> {
    const { protocol, hostname, host, pathname, search } = url
    const isTls = protocol === 'https:'
    const port = Number(url.port) || (isTls ? 443 : 80)
    const options = {
      ...this.#place(hostname, port, address),
      path: `${pathname}${search}`,
      headers: { host, 'user-agent': 'fuchsbau deploy check', ...headers },
      agent: false,
      signal: this.#signal(),
      ca: this.#authorities,
      rejectUnauthorized: !this.looksAt('tls'),
      ...(isIP(hostname) === 0 && { servername: hostname }),
    }
    return new Promise((resolve, reject) => {
      const request = (isTls ? requestTls : requestPlain)(options)
      request.once('error', reject)
      request.once('response', (response) => {
        const parts: Buffer[] = []
        let size = 0
        response.on('data', (part: Buffer) => {
          size += part.length
          if (size <= MAX_BYTES) parts.push(part)
          else request.destroy(new Error('answers without end'))
        })
        response.once('error', reject)
        response.once('end', () =>
          resolve({
            ok: true,
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(
              Object.entries(response.headers).map(([key, value]) => [key, String(value)]),
            ),
            body: Buffer.concat(parts).toString('utf8'),
          }),
        )
      })
      request.end()
    })
  }

  #place(name: string, port: number, address: string): Place {
    const rule = this.#rules.find(
      (each) =>
        (each.name === name || each.name === '*') &&
        (each.port === undefined || each.port === port),
    )
    return { host: rule?.address ?? address, port: rule?.toPort ?? port }
  }

  #signal(): AbortSignal {
    return AbortSignal.any([this.#options.signal, AbortSignal.timeout(STEP_MS)])
  }
}

export type Opened = { ok: true; socket: Socket } | Trouble
type Place = { host: string; port: number }

/** Reads a rule; undefined: it is none. */
export function readRule(text: string): Rule | undefined {
  const [, name = '', port, address = '', toPort] =
    /^([\w.*-]+)(?::(\d{1,5}))?=(\[[\da-f:]+\]|[\d.]+)(?::(\d{1,5}))?$/i.exec(text) ?? []
  const plain = address.replaceAll(/[[\]]/g, '')
  if (name === '' || isIP(plain) === 0) return
  return { name, address: plain, port: numberOf(port), toPort: numberOf(toPort) }
}

/** Whether DNS can be asked there: an address, with a port or without. */
export function isResolver(text: string): boolean {
  try {
    new dns.Resolver().setServers([text])
    return true
  } catch {
    return false
  }
}

const numberOf = (text: string | undefined) => (text === undefined ? undefined : Number(text))

/** As programs of this machine do: /etc/hosts, and its resolvers. */
async function lookUp(name: string): Promise<string[]> {
  const all = await dns.lookup(name, { all: true, order: 'ipv4first' })
  return all.map(({ address }) => address)
}

async function askServer(name: string, server: string): Promise<string[]> {
  const resolver = new dns.Resolver({ timeout: 3_000, tries: 2 })
  resolver.setServers([server])
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  const addresses = answers.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
  const [first] = answers
  if (addresses.length === 0 && first.status === 'rejected') throw first.reason
  return addresses
}

/** getaddrinfo cannot be interrupted. */
async function within<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(Object.assign(new Error(), { code: 'ETIMEOUT' })), STEP_MS)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}

/** Resolves with the socket when it is connected. It is destroyed when the signal comes, also later. */
function connected<S extends Socket>(
  socket: S,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<S> {
  const stop = () => socket.destroy(signal.reason as Error)
  signal.addEventListener('abort', stop, { once: true })
  socket.once('close', () => signal.removeEventListener('abort', stop))
  return new Promise((resolve, reject) => {
    // Stays: what breaks later is seen by its close.
    socket.on('error', reject)
    socket.once('close', () => reject(Object.assign(new Error(), { code: 'ECONNRESET' })))
    socket.once(event, () => resolve(socket))
  })
}
