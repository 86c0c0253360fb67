// The tests' HTTPS: one TLS front on a loopback address of its own, port 443, that knows the tests'
// host names, hands each request to a plain HTTP upstream by its Host, and remembers it for assertions.
// Names resolve only for programs started through `command`, and in this process after `adopt`.
import dns from 'node:dns'
import { writeFileSync } from 'node:fs'
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http'
import { createServer } from 'node:https'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import tls from 'node:tls'
import type { Ca } from './ca.ts'
import { makeTempData, removeTempData } from './temp-data.ts'

const maxRemembered = 5_000
const maxRememberedBody = 256 * 1024

/** One request as it came to the front, and the status that went back. */
export interface SeenRequest {
  host: string
  method: string
  path: string
  headers: IncomingHttpHeaders
  /** At most 256 kB of it. */
  body: string
  /** 502 when the upstream did not answer; undefined while it has not. */
  status: number | undefined
}

/** A running front. */
export interface TlsFront extends AsyncDisposable {
  /** The loopback address that every name of this run resolves to. */
  address: string
  /** An /etc/hosts with every name of this run; rewritten in place by `route`. */
  hostsFile: string
  /** An empty /etc/resolv.conf, so that an unknown name never leaves the machine. */
  resolvFile: string
  ca: Ca
  /** The newest 5,000 requests, oldest first. */
  seen: SeenRequest[]
  /** Serves `host` from an upstream such as `http://127.0.0.1:3000`; returns `https://host`. */
  route(host: string, upstream: string): string
  /** Leaves the name and its certificate, but answers 502: a peer whose server is down. */
  unroute(host: string): void
  /**
   * A command line whose program sees the tests' names, and nothing but them, in a private
   * /etc/hosts; its pid is the one spawned, so that signals reach it. Needs root.
   */
  command(program: string, ...args: string[]): [string, string[]]
  /** What such a program needs in its environment to trust the tests' CA, when it is Node. */
  env: { NODE_EXTRA_CA_CERTS: string }
  /** Makes this process, with its fetch, resolve the names and trust the CA, until `close`. */
  adopt(): void
  close(): Promise<void>
}

// What comes after the two files is the program; unshare's mounts are private and end with it.
const withHosts = `
mount --bind "$1" /etc/hosts
if [ -e /etc/resolv.conf ]; then mount --bind "$2" /etc/resolv.conf; fi
shift 2
exec setpriv --pdeathsig KILL -- "$@"`

/** Starts a front on a random address in 127.0.0.0/8; port 443 needs root. */
export async function startTlsFront({ ca }: { ca: Ca }): Promise<TlsFront> {
  const directory = makeTempData('front')
  const hostsFile = join(directory, 'hosts')
  const resolvFile = join(directory, 'resolv.conf')
  writeFileSync(resolvFile, '')
  const upstreams = new Map<string, string | undefined>()
  const seen: SeenRequest[] = []

  const server = createServer({
    SNICallback(name, answer) {
      if (!upstreams.has(name)) return answer(new Error(`no such test host: ${name}`))
      ca.issue(name).then(
        (certificate) => answer(null, tls.createSecureContext(certificate)),
        (error) => answer(error),
      )
    },
  })
  server.on('request', (incoming, outgoing) => {
    const host = (incoming.headers.host ?? '').replace(/:\d+$/, '')
    const { method = 'GET', url: path = '/', headers } = incoming
    const entry: SeenRequest = { host, method, path, headers, body: '', status: undefined }
    seen.push(entry)
    if (seen.length > maxRemembered) seen.shift()
    forward(incoming, outgoing, upstreams.get(host), entry)
  })
  // A peer that hangs up in the middle is no failure of the test.
  server.on('tlsClientError', () => {})
  const address = await listenSomewhere(server)
  const writeHosts = () => {
    const names = [...upstreams.keys()].map((name) => `${address} ${name}\n`)
    writeFileSync(hostsFile, `127.0.0.1 localhost\n::1 localhost\n${names.join('')}`)
  }
  writeHosts()

  let restore = () => {}
  const close = async () => {
    restore()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    removeTempData(directory)
  }
  return {
    address,
    hostsFile,
    resolvFile,
    ca,
    seen,
    route(host, upstream) {
      const isNew = !upstreams.has(host)
      upstreams.set(host, upstream)
      // Bind-mounted where programs run, hence written in place: not while they read it, if it need not be.
      if (isNew) writeHosts()
      return `https://${host}`
    },
    unroute: (host) => void upstreams.set(host, undefined),
    command: (program, ...args) => {
      const shell = ['sh', '-euc', withHosts, 'sh', hostsFile, resolvFile, program, ...args]
      return ['unshare', ['--mount', '--propagation', 'private', '--', ...shell]]
    },
    env: { NODE_EXTRA_CA_CERTS: ca.file },
    adopt() {
      restore()
      restore = adoptNames((name) => (upstreams.has(name) ? address : undefined), ca.pem)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** An address of its own per run, so that two runs, or a web server at home, do not meet. */
async function listenSomewhere(server: ReturnType<typeof createServer>): Promise<string> {
  const byte = (low: number, high: number) => low + Math.floor(Math.random() * (high - low))
  for (let attempt = 1; ; attempt++) {
    const address = `127.${byte(16, 250)}.${byte(0, 256)}.${byte(1, 255)}`
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(443, address, () => {
          server.removeListener('error', reject)
          resolve()
        })
      })
      return address
    } catch (error) {
      if (attempt === 5) throw new Error(`cannot listen on port 443 of ${address}: ${error}`)
    }
  }
}

function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  upstream: string | undefined,
  entry: SeenRequest,
): void {
  incoming.on('data', (chunk: Buffer) => {
    if (entry.body.length < maxRememberedBody) entry.body += chunk.toString('utf8')
  })
  const refuse = () => {
    entry.status = 502
    if (outgoing.headersSent) outgoing.destroy()
    else outgoing.writeHead(502, { 'content-type': 'text/plain' }).end('no upstream\n')
  }
  if (upstream === undefined) {
    incoming.resume()
    refuse()
    return
  }
  const headers = {
    ...incoming.headers,
    'x-forwarded-for': incoming.socket.remoteAddress ?? '',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': entry.host,
  }
  const { hostname, port } = new URL(upstream)
  const { method, path } = entry
  const passed = request({ hostname, port, method, path, headers, agent: false }, (response) => {
    entry.status = response.statusCode
    outgoing.writeHead(response.statusCode ?? 502, response.headers)
    response.pipe(outgoing)
    response.on('error', () => outgoing.destroy())
  })
  passed.on('error', refuse)
  outgoing.on('close', () => passed.destroy())
  incoming.pipe(passed)
}

/** Patches look-ups of this process (fetch and https go through dns.lookup) and its trust. */
function adoptNames(addressOf: (name: string) => string | undefined, caPem: string): () => void {
  const { lookup } = dns
  const lookupPromise = dns.promises.lookup
  const trusted = tls.getCACertificates('default')

  dns.lookup = Object.assign((name: string, ...rest: unknown[]) => {
    const address = addressOf(name)
    const callback = rest.at(-1) as (...args: unknown[]) => void
    if (address === undefined) return Reflect.apply(lookup, dns, [name, ...rest])
    const options = rest[0]
    const isAll = typeof options === 'object' && options !== null && 'all' in options && options.all
    process.nextTick(() =>
      isAll ? callback(null, [{ address, family: 4 }]) : callback(null, address, 4),
    )
  }, lookup) as typeof lookup
  dns.promises.lookup = (async (name: string, options?: dns.LookupOptions) => {
    const address = addressOf(name)
    if (address === undefined) return lookupPromise(name, options ?? {})
    return options?.all ? [{ address, family: 4 }] : { address, family: 4 }
  }) as typeof lookupPromise
  tls.setDefaultCACertificates([...trusted, caPem])
  syncBuiltinESMExports()

  return () => {
    dns.lookup = lookup
    dns.promises.lookup = lookupPromise
    tls.setDefaultCACertificates(trusted)
    syncBuiltinESMExports()
  }
}
