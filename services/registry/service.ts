// Runs the service: the store, the upstream, the listener. Wires and closes; decides nothing.
import { join } from 'node:path'
import { answerWhenStored } from '@fuchsbau/shared/answer-when-stored.ts'
import { serveControl } from '@fuchsbau/shared/control.ts'
import { controlSocket, removeStaleSocket } from '@fuchsbau/shared/control-socket.ts'
import { createHttp, listen } from '@fuchsbau/shared/http.ts'
import { hashPassword } from '@fuchsbau/shared/password.ts'
import { createSerial } from '@fuchsbau/shared/serial.ts'
import type { RunningService, ServeOptions } from '@fuchsbau/shared/service.ts'
import { createThrottle } from '@fuchsbau/shared/throttle.ts'
import { ToldUses } from './account/note-login.ts'
import { operate } from './admin/operate.ts'
import { refuseBadUrl, refuseUnknown, registerRegistry } from './app.ts'
import { startAuditRetention } from './audit-retention.ts'
import { Counts } from './counts.ts'
import { startEvaluation } from './evaluation/server.ts'
import { addGauges } from './gauges.ts'
import manifest from './package.json' with { type: 'json' }
import { MeasuredUpstream } from './pass/measured-upstream.ts'
import { PolicyHolder } from './policy-holder.ts'
import type { Registry } from './registry.ts'
import type { settings } from './settings.ts'
import { openStore, type Store } from './store/store.ts'
import { readTrustedKeys } from './store/trusted-keys.ts'
import { KeyRing } from './token/key-ring.ts'
import { startRotation } from './token/rotation.ts'
import { grants, TokenVerifier } from './token/verify.ts'
import { registerWeb } from './web/routes.ts'
import { Announcer } from './webhook/announcer.ts'

type Options = ServeOptions<typeof settings>

/** A layer may take so long to arrive, as long as some of it keeps coming. */
const UPLOAD_MS = 7 * 86_400_000
/** A token for many repositories is long. */
const HEADER_BYTES = 32 * 1024
const MIB = 1024 * 1024

/** Starts to serve; resolves when it listens. */
export async function serve(options: Options): Promise<RunningService> {
  const { config, clock, log } = options
  const directory = join(config.data, 'registry')
  const store = openStore({ directory, clock, log })
  const closers: (() => Promise<void> | void)[] = [() => store.close()]
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    return await serveStore(options, { store, directory, closers, close })
  } catch (error) {
    await close()
    throw error
  }
}

interface Parts {
  store: Store
  directory: string
  /** What has been opened, in order. */
  closers: (() => Promise<void> | void)[]
  close(): Promise<void>
}

async function serveStore(
  options: Options,
  { store, directory, closers, close }: Parts,
): Promise<RunningService> {
  const { config, log, metrics } = options
  const { own } = config
  await makeOwner(options, store)
  const registry = await makeRegistry(options, store, directory, closers)
  addGauges(registry)
  const { policy, webhooks } = registry
  policy.start()
  closers.push(() => policy.close())
  webhooks.start()
  closers.push(() => webhooks.close())
  const reload = () => {
    policy.reload()
    webhooks.reload()
  }
  process.on('SIGHUP', reload)
  closers.push(() => void process.off('SIGHUP', reload))
  closers.push(startAuditRetention(registry, own.auditRetention))
  const app = createHttp({
    log,
    metrics,
    name: 'registry',
    trustProxy: config.trustProxy,
    notFound: refuseUnknown,
    badUrl: refuseBadUrl,
    limits: { uploadMs: UPLOAD_MS, headerBytes: HEADER_BYTES, paramLength: 1024 },
  })
  answerWhenStored(app, store)
  registerRegistry(app, registry)
  const { issuer, clientId, clientSecret } = config.oidc
  registerWeb(app, {
    registry,
    software: { name: 'fuchsbau', version: manifest.version },
    oidc:
      issuer !== undefined && clientId !== undefined
        ? { issuer, clientId, clientSecret }
        : undefined,
    maxAgeMs: own.maxAccessTokenAge,
  })
  const listening = await listen(app, own.listen)
  closers.push(() => app.close())
  closers.push(startRotation(registry))
  closers.push(await openControl(options, registry, directory))
  log.info({ listening, isEvaluation: registry.isEvaluation }, 'listening')
  return { url: own.url, listening, notReady: () => store.failure, close }
}

async function makeRegistry(
  { config, log, clock, metrics }: Options,
  store: Store,
  directory: string,
  closers: Parts['closers'],
): Promise<Registry> {
  const { own } = config
  const { policy: file, adminGroup } = own
  const policy = new PolicyHolder({ file, adminGroup, clock, log, metrics })
  const webhooks = new Announcer({
    file: own.webhooks,
    url: own.url,
    store,
    clock,
    log,
    metrics,
    random: Math.random,
  })
  const keys = await KeyRing.open(directory, clock)
  const { host } = new URL(own.url)
  const verifier = new TokenVerifier(keys, own.url, host)
  const authorize = async (
    header: string | undefined,
    { repository, action }: { repository: string | undefined; action: string },
  ) => {
    const token = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1] ?? ''
    const claims = await verifier.verify(token, clock.now())
    return claims !== undefined && grants(claims, repository ?? '', action)
  }
  let upstreamUrl = own.upstream
  if (upstreamUrl === undefined) {
    const evaluation = await startEvaluation({
      directory: join(directory, 'evaluation'),
      log,
      clock,
      authorize,
    })
    closers.push(() => evaluation.close())
    upstreamUrl = evaluation.url
    log.warn('no upstream is configured: images are kept in the evaluation storage')
  }
  const upstream = new MeasuredUpstream({ url: upstreamUrl }, metrics)
  closers.push(() => upstream.close())
  return {
    store,
    clock,
    log,
    metrics,
    counts: new Counts(metrics),
    toldUses: new ToldUses(),
    throttle: createThrottle(clock),
    policy,
    webhooks,
    issue: { keys, issuer: own.url, service: host, lifetimeMs: own.tokenLifetime },
    verifier,
    upstream,
    upstreamTakesTokens: own.upstream === undefined || own.upstreamBearer,
    upstreamCredential: credentialOf(own.upstreamUser, own.upstreamPassword),
    url: own.url,
    host,
    isEvaluation: own.upstream === undefined,
    trustedKeys: readTrustedKeys(own.trustedKeys),
    tagChanges: createSerial({ limit: 100 }),
    maxManifestBytes: own.maxManifest * MIB,
  }
}

/** The command line's way to this server; returns how to end it. */
async function openControl(
  { config }: Options,
  { store, clock, policy, webhooks, issue }: Registry,
  directory: string,
): Promise<() => Promise<void>> {
  removeStaleSocket(directory)
  const socket = controlSocket(directory)
  const { maxAccessTokenAge: maxAgeMs } = config.own
  const on = { store, clock, policy, keys: issue.keys, webhooks, maxAgeMs }
  const control = await serveControl(socket.path, (verb, args) => operate(on, verb, args))
  return async () => {
    await control.close()
    socket.close()
  }
}

function credentialOf(user: string | undefined, password: string | undefined): string | undefined {
  if (user === undefined || password === undefined) return
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/** The owner's account at the first start. */
async function makeOwner({ config, clock, ownerPassword }: Options, store: Store): Promise<void> {
  if (store.people.list().length > 0) return
  const { password } = ownerPassword()
  store.people.add({
    name: config.own.owner,
    issuer: '',
    sub: '',
    groups: [],
    isOwner: true,
    isEnabled: true,
    isGone: false,
    password: await hashPassword(password),
    refreshToken: '',
    createdAt: clock.now(),
    checkedAt: clock.now(),
  })
  store.commitTurn()
}
