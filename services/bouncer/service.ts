// Runs the service: the store, the persons with their networks, the listeners. Wires and closes; decides nothing.
import { join } from 'node:path'
import { answerWhenStored } from '@fuchsbau/shared/answer-when-stored.ts'
import { openControl } from '@fuchsbau/shared/control.ts'
import { createHttp, listen } from '@fuchsbau/shared/http.ts'
import { openService, type RunningService, type ServeOptions } from '@fuchsbau/shared/service.ts'
import { providerOf } from '@fuchsbau/shared/settings.ts'
import { hashesOf } from './account/password.ts'
import { createTokenCheck } from './account/token.ts'
import { addressList } from './address-list.ts'
import { operate } from './admin/operate.ts'
import { Bouncer, limitsOf } from './bouncer.ts'
import { Admission } from './downstream/admission.ts'
import { startAutoDetach } from './downstream/auto-detach.ts'
import { startUploadExpiry } from './filehost/expiry.ts'
import { registerFilehost } from './filehost/routes.ts'
import { howToConnect } from './first-steps.ts'
import { addGauges } from './gauges.ts'
import { startRetention } from './history/retention.ts'
import manifest from './package.json' with { type: 'json' }
import { makeServerCertificate } from './self-signed.ts'
import { listenPlain, listenTls } from './server.ts'
import type { settings } from './settings.ts'
import {
  CertificateUnusable,
  certificateFromFiles,
  ownCertificate,
  type ServerCertificate,
} from './store/certificates.ts'
import { openStore, type Store } from './store/store.ts'
import { registerWeb } from './web/routes.ts'
import type { WebDeps } from './web/visit.ts'
import { serveWebSockets } from './web-socket.ts'

/** An upload that goes on may take so long. */
const UPLOAD_MS = 15 * 60_000
/** The networks have so long to take our QUIT. */
const QUIT_MS = 3_000

type Options = ServeOptions<typeof settings>

/** Starts to serve; resolves when it listens. */
export function serve(options: Options): Promise<RunningService> {
  return openService((opened) => open(options, opened))
}

async function open(options: Options, opened: AsyncDisposableStack) {
  const { config, clock, log, metrics, say } = options
  const { own } = config
  const directory = join(config.data, 'bouncer')
  const store = openStore({ directory, clock, log })
  opened.defer(() => store.close())
  const bouncer = makeBouncer(options, store)
  addGauges(bouncer)
  // First of all: a listener that fails must not take the password with it that was just shown.
  const isNew = await makeOwner(bouncer, own.owner, options.ownerPassword)
  const certificate = await openCertificate(options, directory)
  opened.defer(() => certificate.close())

  const admission = new Admission(own.maxStrangers)
  const proxies = addressList(own.proxies)
  const guarded = { admission, ...(proxies && { proxies }) }
  const secure = await listenTls(bouncer, own.listen, certificate, guarded)
  opened.defer(() => secure.close())
  const plain = own.plainListen && (await listenPlain(bouncer, own.plainListen, guarded))
  if (plain) opened.defer(() => plain.close())
  const app = createHttp({
    log,
    metrics,
    name: 'bouncer',
    trustProxy: config.trustProxy,
    limits: { uploadMs: UPLOAD_MS },
  })
  const trusted = addressList(config.trustProxy)
  serveWebSockets(bouncer, app.server, {
    origins: own.origins,
    admission,
    ...(trusted && { trusted }),
  })
  answerWhenStored(app, store)
  registerWeb(app, webDeps(options, bouncer, { address: secure.address, certificate }))
  const { uploadBytes: fileBytes, uploadQuota: quotaBytes } = own
  const { uploadsUrl } = bouncer
  if (uploadsUrl) registerFilehost(app, { bouncer, url: uploadsUrl, fileBytes, quotaBytes })
  const web = await listen(app, own.webListen)
  opened.defer(() => app.close())
  opened.defer(() => goodbye(bouncer, own.quitMessage))
  opened.defer(await openControl(directory, (verb, args) => operate(bouncer, verb, args)))
  bouncer.start()
  await bouncer.goneOn()
  opened.defer(startAutoDetach(bouncer))
  opened.defer(startSweeping(bouncer, own.retention))
  opened.defer(startUploadSweeping(bouncer, own.uploadRetention))

  log.info({ tls: secure.address, plain: plain?.address, web }, 'listening')
  const isOwn = own.certificate === undefined
  const told = {
    address: secure.address,
    owner: isNew ? own.owner : undefined,
    fingerprint: isOwn ? certificate.fingerprint : undefined,
  }
  for (const line of howToConnect(told)) say(line)
  return {
    url: own.webUrl,
    listening: secure.address,
    notReady: () => store.failure,
  }
}

/** What the pages are told of the rest. */
function webDeps(
  { config }: Options,
  bouncer: Bouncer,
  { address, certificate }: { address: string; certificate: ServerCertificate },
): WebDeps {
  const { own } = config
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? []
  const isMade = own.certificate === undefined
  const name = isMade ? host : own.hostname
  return {
    bouncer,
    url: own.webUrl,
    software: { name: 'fuchsbau', version: manifest.version },
    oidc: providerOf(config),
    linkByUserName: own.linkByUserName,
    connection: () => ({
      host: isAny(name) ? new URL(own.webUrl).hostname : name,
      port: Number(port),
      fingerprint: isMade ? certificate.fingerprint.replaceAll(':', '').toLowerCase() : undefined,
    }),
    retentionMs: own.retention,
    uploadRetentionMs: own.uploadRetention,
  }
}

function makeBouncer({ config, log, clock, metrics }: Options, store: Store): Bouncer {
  const { own } = config
  const limits = limitsOf(own)
  const provider = providerOf(config)
  const usernameClaim = own.linkByUserName ? provider?.claims.username : undefined
  const tokens = provider && createTokenCheck({ ...provider, usernameClaim, clock, log })
  const isPublic = own.webUrl.startsWith('https:')
  return new Bouncer({
    store,
    clock,
    log,
    metrics,
    serverName: own.hostname,
    limits,
    tokens,
    holder:
      own.holder === undefined
        ? undefined
        : {
            path: own.holder,
            keepMs: own.holdFor,
            quitMessage: own.quitMessage,
          },
    uploadsUrl: own.uploadQuota > 0 ? `${own.webUrl.replace(/\/$/, '')}/uploads` : undefined,
    answersCtcp: own.ctcpAnswers,
    push: {
      subject: isPublic ? own.webUrl : `mailto:irc@${own.hostname}`,
      allowPrivateAddress: own.pushToPrivateAddresses,
    },
  })
}

/** The operator's, or one that is made here. */
async function openCertificate(
  { config, log, clock }: Options,
  directory: string,
): Promise<ServerCertificate> {
  const { certificate, certificateKey: key, hostname, listen: at } = config.own
  if ((certificate === undefined) !== (key === undefined)) {
    throw new CertificateUnusable(
      'bouncer.certificate and bouncer.certificate_key are only useful together: set both.',
    )
  }
  if (certificate !== undefined && key !== undefined) {
    return certificateFromFiles({ certificate, key }, clock, log)
  }
  const others = ['localhost', '127.0.0.1', '::1', at.host].filter((name) => !isAny(name))
  const names = [...new Set([hostname, ...others])] as [string, ...string[]]
  return await ownCertificate(directory, names, { clock, log, make: makeServerCertificate })
}

const isAny = (host: string) => host === '0.0.0.0' || host === '::'

/** The owner's account at the first start; returns whether its password was made just now. */
async function makeOwner(
  bouncer: Bouncer,
  name: string,
  ownerPassword: Options['ownerPassword'],
): Promise<boolean> {
  const { store, users, clock } = bouncer
  if (users.size > 0) return false
  const { password, isMade } = ownerPassword()
  const record = store.users.add({
    name,
    password: '',
    isAdmin: true,
    isEnabled: true,
    nick: name,
    realname: name,
    bindAddress: '',
    createdAt: clock.now(),
    subject: '',
  })
  if (!record) throw new Error(`the user ${name} could not be made`)
  const { hash, scram } = await hashesOf(store, record, password)
  const owner = { ...record, password: hash }
  store.users.put(owner)
  store.credentials.setScram(record.id, scram)
  store.commitTurn()
  bouncer.adopt(owner)
  return isMade
}

/** Deletes lines that are older than they are kept, or too many. */
function startSweeping(
  { store, clock, log, users, limits }: Bouncer,
  defaultMs: number,
): () => void {
  return startRetention({
    store,
    clock,
    people: () => [...users.values()].map(({ networks }) => [...networks.keys()]),
    defaultMs,
    quota: limits.lines,
    onError: (error) => log.error({ error }, 'old lines could not be deleted'),
  })
}

/** Deletes uploads that are older than they are kept. */
function startUploadSweeping({ store, clock, log }: Bouncer, keptMs: number): () => void {
  const onError = (error: unknown) => log.error({ error }, 'old uploads could not be deleted')
  return startUploadExpiry({ store, clock, keptMs, onError })
}

/** Hands over what the holder keeps, tells clients and the other networks, and waits a little until the networks have heard it. */
async function goodbye(bouncer: Bouncer, quitMessage: string): Promise<void> {
  const { clock, users } = bouncer
  const kept = await bouncer.handOver()
  await bouncer.close(quitMessage, kept > 0 ? 'The bouncer restarts: come back' : quitMessage)
  const isConnected = () =>
    [...users.values()].some((user) =>
      [...user.networks.values()].some(({ upstream }) => upstream !== undefined),
    )
  const until = clock.now() + QUIT_MS
  while (isConnected() && clock.now() < until) {
    await new Promise<void>((resolve) => clock.after(20, resolve))
  }
}
