// IRC clients on 6697 of the external Gateway: a real bouncer behind the real Envoy, both ways to end TLS.
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { type BouncerProcess, openBouncerStore, startBouncer } from '../support/bouncer-process.ts'
import { freePorts } from '../support/daemon.ts'
import { connect } from '../support/irc-client.ts'
import { PASSWORD } from '../support/service-process.ts'
import { complaints } from './support/edge.ts'
import { external, hasEdgePeers, makeEdge, values } from './support/edge-scene.ts'

const isHere = hasEdgePeers()
const { DOMAIN = '' } = values

/** A bouncer behind the Envoy of the external Gateway, as `components` have it. */
async function startIrc(components: Record<string, string> = {}) {
  const host = `irc.${DOMAIN}`
  const edge = await makeEdge(components)
  const { certFile, keyFile } = await edge.ca.issue(host)
  const [port = 0] = await freePorts(1)
  const bouncer = await startBouncer({
    people: [],
    env: {
      FUCHSBAU_BOUNCER_LISTEN: `127.0.0.1:${port}`,
      FUCHSBAU_BOUNCER_PLAIN_LISTEN: '',
      FUCHSBAU_BOUNCER_HOSTNAME: host,
      FUCHSBAU_BOUNCER_CERTIFICATE: certFile,
      FUCHSBAU_BOUNCER_CERTIFICATE_KEY: keyFile,
      FUCHSBAU_BOUNCER_PROXIES: '127.0.0.1',
    },
  })
  const envoy = await edge.start(external, { 'bouncer/bouncer:6697': port })
  return {
    host,
    bouncer,
    envoy,
    edge,
    async [Symbol.asyncDispose]() {
      await envoy[Symbol.asyncDispose]()
      await bouncer[Symbol.asyncDispose]()
      await edge[Symbol.asyncDispose]()
    },
  }
}

/** Who logged in, from where and how, newest first. */
async function auditOf(bouncer: BouncerProcess) {
  await bouncer.stop()
  const store = openBouncerStore(bouncer)
  const entries = store.audit.list(10)
  store.close()
  return entries.map(({ account, address, method }) => `${account} ${address} ${method}`)
}

describe.skipIf(!isHere)('IRC on 6697', () => {
  test('ends TLS in the bouncer, which sees client certificates and addresses', async () => {
    await using irc = await startIrc()
    const { host, bouncer, envoy, edge } = irc
    const card = await edge.ca.issue('you')
    const tls = { ca: edge.ca.pem, servername: host, cert: card.cert, key: card.key }
    const at = { port: envoy.port(6697), tls }
    await using first = await connect({ ...at, localAddress: '127.0.0.77' })
    await first.register({ nick: 'you', user: 'you', pass: PASSWORD })
    const { fingerprint256 } = new X509Certificate(card.cert)
    first.send(`PRIVMSG BouncerServ :certificate add ${fingerprint256}`)
    await first.sync()
    await using second = await connect({ ...at, localAddress: '127.0.0.78' })
    const { account } = await second.register({ nick: 'you2', sasl: { mechanism: 'EXTERNAL' } })
    expect(account).toBe('you')
    await second.close()
    expect(await auditOf(bouncer)).toEqual(['you 127.0.0.78 SASL EXTERNAL', 'you 127.0.0.77 PASS'])
  })

  test('ends TLS at the Gateway with tls-at-gateway, and is encrypted on the way to the bouncer', async () => {
    await using irc = await startIrc({
      'infra-edge-config': 'tls-at-gateway/gateway',
      bouncer: 'tls-at-gateway/bouncer',
    })
    const { host, bouncer, envoy, edge } = irc
    expect(complaints(edge.objects, edge.translation)).toEqual([])
    const port = envoy.port(6697)
    const tls = { ca: edge.ca.pem, servername: host }
    await using client = await connect({ port, tls, localAddress: '127.0.0.79' })
    await client.register({ nick: 'you', user: 'you', pass: PASSWORD })

    // The Gateway's own certificate, also for clients that send no name.
    const socket = connectTls({ port, ca: edge.ca.pem, checkServerIdentity: () => undefined })
    await once(socket, 'secureConnect')
    expect(socket.getPeerCertificate().subjectaltname).toBe(`DNS:*.${DOMAIN}`)
    socket.destroy()
    expect(await heardInPlainText(port)).not.toMatch(/001|NOTICE|CAP/)
    expect(await auditOf(bouncer)).toEqual(['you 127.0.0.79 PASS'])
  })
})

/** What a client hears that knows no TLS, until the connection ends. */
async function heardInPlainText(port: number): Promise<string> {
  const socket = connectTcp(port, '127.0.0.1')
  socket.write('NICK you\r\nUSER you 0 * :you\r\n')
  let heard = ''
  socket.on('data', (bytes) => {
    heard += bytes.toString('latin1')
  })
  await once(socket, 'close')
  return heard
}
