// Makes the registry out of the settings: the policy, the keys, the upstream, and whatever handlers need.
import { join } from 'node:path'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { type Log, unredacted } from '@fuchsbau/shared/log.ts'
import { createRelyingParty, type RelyingParty } from '@fuchsbau/shared/login/oidc.ts'
import { createSerial } from '@fuchsbau/shared/serial.ts'
import type { ServeOptions } from '@fuchsbau/shared/service.ts'
import { providerOf } from '@fuchsbau/shared/settings.ts'
import { createThrottle } from '@fuchsbau/shared/throttle.ts'
import { ToldUses } from './account/note-login.ts'
import { Recheck } from './account/recheck.ts'
import { Counts } from './counts.ts'
import { startEvaluation } from './evaluation/server.ts'
import { DevicePolls } from './login/device-polls.ts'
import { IssuerKeys } from './login/issuer-keys.ts'
import { FairShare } from './pass/fair-share.ts'
import { ManifestCache } from './pass/manifest-cache.ts'
import { MeasuredUpstream } from './pass/measured-upstream.ts'
import { MAX_CONNECTIONS } from './pass/upstream.ts'
import { PolicyHolder } from './policy-holder.ts'
import type { Registry } from './registry.ts'
import type { settings } from './settings.ts'
import { hasPublicKey } from './store/keys.ts'
import { Seal } from './store/seal.ts'
import type { Store } from './store/store.ts'
import { readTrustedKeys } from './store/trusted-keys.ts'
import { KeyRing } from './token/key-ring.ts'
import { grants, TokenVerifier } from './token/verify.ts'
import { Announcer } from './webhook/announcer.ts'

type Options = ServeOptions<typeof settings>

const MIB = 1024 * 1024

/** Opens the parts of the registry; `opened` closes them. */
export async function makeRegistry(
  { config, log, clock, metrics }: Options,
  store: Store,
  directory: string,
  opened: AsyncDisposableStack,
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
  const keys = await openKeys(directory, clock, log)
  const { host } = new URL(own.url)
  const verifier = new TokenVerifier(keys, own.url, host)
  const auditLog = unredacted(log)
  const base = { store, clock, log, auditLog, metrics, counts: new Counts(metrics), webhooks }
  const manifests = new ManifestCache(clock)
  const onChanged = () => manifests.changed()
  const url = own.upstream ?? (await openEvaluation(base, verifier, directory, opened))
  const upstream = new MeasuredUpstream({ url, onChanged }, metrics)
  opened.defer(() => upstream.close())
  const party = makeParty(config, base)
  const recheck = new Recheck(base, {
    party,
    seal: Seal.open(directory),
    everyMs: own.recheck,
    maxLoginAgeMs: own.maxLoginAge,
  })
  opened.defer(() => recheck.close())
  return {
    ...base,
    party,
    recheck,
    toldUses: new ToldUses(),
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
    contact: own.contact,
    trustedKeys: readTrustedKeys(own.trustedKeys),
    idTokens: { keys: new IssuerKeys({ clock, log }), refusals: createThrottle(clock) },
    devicePolls: new DevicePolls(clock),
    maxTokenAgeMs: own.maxAccessTokenAge,
    places: new FairShare(MAX_CONNECTIONS),
    changes: createSerial({ limit: 500 }),
    maxManifestBytes: own.maxManifest * MIB,
  }
}

/** Not asked for anything before somebody logs in: it may be down now. */
function makeParty(
  config: Options['config'],
  { clock, log }: Pick<Registry, 'clock' | 'log'>,
): RelyingParty | undefined {
  const provider = providerOf(config)
  const redirectUri = `${config.own.url}/login/oidc/back`
  return provider && createRelyingParty({ ...provider, redirectUri, isOffline: true, clock, log })
}

function credentialOf(user: string | undefined, password: string | undefined): string | undefined {
  if (user === undefined || password === undefined) return
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

async function openKeys(directory: string, clock: Clock, log: Log): Promise<KeyRing> {
  const hadKey = hasPublicKey(directory)
  const keys = await KeyRing.open(directory, clock)
  if (hadKey && keys.isNew) {
    log.warn('keys.json was not there: give the upstream the new token-key.pem, and restart it')
  }
  return keys
}

/** The built-in upstream; returns its address. It verifies our tokens as another one would. */
async function openEvaluation(
  { clock, log }: Pick<Registry, 'clock' | 'log'>,
  verifier: TokenVerifier,
  directory: string,
  opened: AsyncDisposableStack,
): Promise<string> {
  const authorize = async (
    header: string | undefined,
    { repository, action }: { repository: string | undefined; action: string },
  ) => {
    const token = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1] ?? ''
    const claims = await verifier.verify(token, clock.now())
    return claims !== undefined && grants(claims, repository ?? '', action)
  }
  const images = join(directory, 'evaluation')
  const evaluation = await startEvaluation({ directory: images, log, clock, authorize })
  opened.defer(() => evaluation.close())
  log.warn('no upstream is configured: images are kept in the evaluation storage')
  return evaluation.url
}
