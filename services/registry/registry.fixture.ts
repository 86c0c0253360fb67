// The registry's routes in the test's own process: a store in a temp directory, the default policy, an upstream that the test
// steers, and deadlines as short as the test wants.
import { systemClock } from '@fuchsbau/shared/clock.ts'
import { createHttp, type HttpLimits, listen } from '@fuchsbau/shared/http.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import { createSerial } from '@fuchsbau/shared/serial.ts'
import { createThrottle } from '@fuchsbau/shared/throttle.ts'
import { person } from '../../test/support/registry-process.ts'
import { makeTempData, removeTempData } from '../../test/support/temp-data.ts'
import { unlimited } from './account/caller.ts'
import { ToldUses } from './account/note-login.ts'
import { Recheck } from './account/recheck.ts'
import { registerRegistry } from './app.ts'
import { auditedFixture } from './audited.fixture.ts'
import { DevicePolls } from './login/device-polls.ts'
import { IssuerKeys } from './login/issuer-keys.ts'
import { FairShare } from './pass/fair-share.ts'
import { ManifestCache } from './pass/manifest-cache.ts'
import { Upstream } from './pass/upstream.ts'
import { PolicyHolder } from './policy-holder.ts'
import type { Registry } from './registry.ts'
import { Seal } from './store/seal.ts'
import { openStore } from './store/store.ts'
import { issueToken } from './token/issue.ts'
import { KeyRing } from './token/key-ring.ts'
import { TokenVerifier } from './token/verify.ts'

export interface RegistryFixture extends AsyncDisposable {
  url: string
  registry: Registry
  /** A short token of the owner for everything in the repository `a`. */
  token: string
}

export interface FixtureOptions {
  upstream: string
  silenceMs: number
  limits: Partial<HttpLimits>
}

const URL = 'http://registry.test'
const HOST = 'registry.test'

export async function startRegistryFixture({
  upstream,
  silenceMs,
  limits,
}: FixtureOptions): Promise<RegistryFixture> {
  const directory = makeTempData('registry')
  const [clock, log, metrics] = [systemClock(), silentLog(), createMetrics()]
  const store = openStore({ directory, clock, log })
  const keys = await KeyRing.open(directory, clock)
  const base = auditedFixture({ store, clock, log, metrics })
  const recheck = new Recheck(base, {
    party: undefined,
    seal: Seal.open(directory),
    everyMs: 86_400_000,
    maxLoginAgeMs: 86_400_000,
  })
  const registry: Registry = {
    ...base,
    party: undefined,
    recheck,
    toldUses: new ToldUses(),
    throttle: createThrottle(clock),
    policy: new PolicyHolder({ file: undefined, adminGroup: 'admins', clock, log }),
    issue: { keys, issuer: URL, service: HOST, lifetimeMs: 3_600_000 },
    verifier: new TokenVerifier(keys, URL, HOST),
    upstream: new Upstream({ url: upstream, silenceMs }),
    upstreamTakesTokens: true,
    upstreamCredential: undefined,
    url: URL,
    host: HOST,
    contact: 'whoever runs this registry',
    isEvaluation: false,
    trustedKeys: [],
    idTokens: { keys: new IssuerKeys({ clock, log }), refusals: createThrottle(clock) },
    devicePolls: new DevicePolls(clock),
    maxTokenAgeMs: 86_400_000,
    manifests: new ManifestCache(clock),
    places: new FairShare(256),
    changes: createSerial({ limit: 100 }),
    maxManifestBytes: 1_000_000,
  }
  const you = store.people.add({ ...person('you'), issuer: '', sub: '', isOwner: true })
  if (!you) throw new Error('there is an owner already')
  const app = createHttp({ log, metrics, name: 'registry', limits })
  registerRegistry(app, registry)
  const actions = ['pull', 'push', 'delete']
  const owner = unlimited({ kind: 'person', person: you }, 'password')
  const access = [{ type: 'repository', name: 'a', actions }]
  const { token } = await issueToken(registry.issue, owner, access, clock.now())
  return {
    url: await listen(app, { host: '127.0.0.1', port: 0 }),
    registry,
    token,
    async [Symbol.asyncDispose]() {
      registry.upstream.close()
      await app.close()
      store.close()
      removeTempData(directory)
    },
  }
}
