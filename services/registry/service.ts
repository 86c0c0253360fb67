// Runs the service: the store, the upstream, the listener. Wires and closes; decides nothing.
import { join } from 'node:path'
import { answerWhenStored } from '@fuchsbau/shared/answer-when-stored.ts'
import { openControl } from '@fuchsbau/shared/control.ts'
import { createHttp, listen } from '@fuchsbau/shared/http.ts'
import { hashPassword } from '@fuchsbau/shared/password.ts'
import { openService, type RunningService, type ServeOptions } from '@fuchsbau/shared/service.ts'
import { startRecheckSweep } from './account/recheck-sweep.ts'
import { operate } from './admin/operate.ts'
import { refuseBadUrl, refuseUnknown, registerRegistry } from './app.ts'
import { startAuditRetention } from './audit-retention.ts'
import { addGauges } from './gauges.ts'
import { makeRegistry } from './make-registry.ts'
import manifest from './package.json' with { type: 'json' }
import type { Registry } from './registry.ts'
import type { settings } from './settings.ts'
import { openStore, type Store } from './store/store.ts'
import { startRotation } from './token/rotation.ts'
import { registerWeb } from './web/routes.ts'

type Options = ServeOptions<typeof settings>

/** A layer may take so long to arrive, as long as some of it keeps coming. */
const UPLOAD_MS = 7 * 86_400_000
/** A token for many repositories is long. */
const HEADER_BYTES = 32 * 1024

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
  addGauges(registry)
  watchFiles(registry, opened)
  opened.defer(startAuditRetention(registry, own.auditRetention))
  opened.defer(startRecheckSweep(registry))
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
  registerWeb(app, { registry, software: { name: 'fuchsbau', version: manifest.version } })
  const listening = await listen(app, own.listen)
  opened.defer(() => app.close())
  opened.defer(startRotation(registry))
  const { policy, webhooks, counts, auditLog, issue, maxTokenAgeMs: maxAgeMs } = registry
  const on = { store, clock, log, auditLog, counts, policy, keys: issue.keys, webhooks, maxAgeMs }
  opened.defer(await openControl(directory, (verb, args) => operate(on, verb, args)))
  log.info({ listening, isEvaluation: registry.isEvaluation }, 'listening')
  return { url: own.url, listening, notReady: () => store.failure }
}

/** What the operator changes while we run. */
function watchFiles({ policy, webhooks }: Registry, opened: AsyncDisposableStack): void {
  policy.start()
  opened.defer(() => policy.close())
  webhooks.start()
  opened.defer(() => webhooks.close())
  const reload = () => {
    policy.reload()
    webhooks.reload()
  }
  process.on('SIGHUP', reload)
  opened.defer(() => void process.off('SIGHUP', reload))
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
