// Runs the service: the store, the upstream, the listener. Wires and closes; decides nothing.
import { join } from 'node:path'
import { answerWhenStored } from '@fuchsbau/shared/answer-when-stored.ts'
import { openControl } from '@fuchsbau/shared/control.ts'
import { createHttp, listen } from '@fuchsbau/shared/http.ts'
import { hashPassword } from '@fuchsbau/shared/password.ts'
import { createSerial } from '@fuchsbau/shared/serial.ts'
import { openService, type RunningService, type ServeOptions } from '@fuchsbau/shared/service.ts'
import { providerOf } from '@fuchsbau/shared/settings.ts'
import { createThrottle } from '@fuchsbau/shared/throttle.ts'
import { operate } from './admin/operate.ts'
import { refuseBadUrl, refuseUnknown, registerRegistry } from './app.ts'
import { startAuditRetention } from './audit-retention.ts'
import { startEvaluation } from './evaluation/server.ts'
import manifest from './package.json' with { type: 'json' }
import { ManifestCache } from './pass/manifest-cache.ts'
import { Upstream } from './pass/upstream.ts'
import { PolicyHolder } from './policy-holder.ts'
import type { Registry } from './registry.ts'
import type { settings } from './settings.ts'
import { openStore, type Store } from './store/store.ts'
import { readTrustedKeys } from './store/trusted-keys.ts'
import { KeyRing } from './token/key-ring.ts'
import { startRotation } from './token/rotation.ts'
import { grants, TokenVerifier } from './token/verify.ts'
import { registerWeb } from './web/routes.ts'

type Options = ServeOptions<typeof settings>

/** A layer may take so long to arrive, as long as some of it keeps coming. */
const UPLOAD_MS = 7 * 86_400_000
/** A token for many repositories is long. */
const HEADER_BYTES = 32 * 1024
const MIB = 1024 * 1024

/** Starts to serve; resolves when it listens. */
export function serve(options: Options): Promise<RunningService> {
  return openService((opened) => open(options, opened))
}

async function open(options: Options, opened: AsyncDisposableStack) {
  const { config, clock, log, metrics } = options
  const { own } = config
  const directory = join(config.data, 'registry')
  const store = openStore({ directory, clock, log })
  opened.defer(() => store.close())
  await makeOwner(options, store)
  const registry = await makeRegistry(options, store, directory, opened)
  registry.policy.start()
  opened.defer(() => registry.policy.close())
  const reload = () => registry.policy.reload()
  process.on('SIGHUP', reload)
  opened.defer(() => void process.off('SIGHUP', reload))
  opened.defer(startAuditRetention(registry, own.auditRetention))
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
  registerWeb(app, {
    registry,
    software: { name: 'fuchsbau', version: manifest.version },
    oidc: providerOf(config),
    maxAgeMs: own.maxAccessTokenAge,
  })
  const listening = await listen(app, own.listen)
  opened.defer(() => app.close())
  opened.defer(startRotation(registry))
  const { policy, issue } = registry
  const on = { store, clock, policy, keys: issue.keys, maxAgeMs: own.maxAccessTokenAge }
  opened.defer(await openControl(directory, (verb, args) => operate(on, verb, args)))
  log.info({ listening, isEvaluation: registry.isEvaluation }, 'listening')
  return { url: own.url, listening, notReady: () => store.failure }
}

async function makeRegistry(
  { config, log, clock, metrics }: Options,
  store: Store,
  directory: string,
  opened: AsyncDisposableStack,
): Promise<Registry> {
  const { own } = config
  const policy = new PolicyHolder({ file: own.policy, adminGroup: own.adminGroup, clock, log })
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
    opened.defer(() => evaluation.close())
    upstreamUrl = evaluation.url
    log.warn('no upstream is configured: images are kept in the evaluation storage')
  }
  const manifests = new ManifestCache(clock)
  const upstream = new Upstream({ url: upstreamUrl, onChanged: () => manifests.changed() })
  opened.defer(() => upstream.close())
  return {
    store,
    clock,
    log,
    metrics,
    throttle: createThrottle(clock),
    policy,
    issue: { keys, issuer: own.url, service: host, lifetimeMs: own.tokenLifetime },
    verifier,
    upstream,
    manifests,
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
